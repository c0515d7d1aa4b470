"""How long tests wait, in one place: for the slowest machine at its busiest. No test that passes takes that long."""

PATIENCE_S = 100.0
"""It turns a hang into a failure; less than pytest's own limit."""
