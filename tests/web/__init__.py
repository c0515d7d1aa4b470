ADDRESS = "10.9.8.7"
"""Of this machine, in the network namespace of test_foreign_pages."""
