ADDRESS = "10.9.8.7"
"""Of the machine of test_foreign_pages."""
