"""How long tests wait, in one place: for the slowest machine at its busiest. No test that passes takes that long."""

import os

SLOWNESS = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""How many others share a core: everything may take as many times as long. Where it starts is soon enough: tests begin
then, and what makes a machine busy was there before."""

PATIENCE_S = float(os.environ.get("PATIENCE_S", 100.0 * SLOWNESS))
"""It turns a hang into a failure. The variable is for who looks for hangs: tests/hostile/mutants.py."""

TEST_S = 3 * PATIENCE_S
"""A whole test, for pytest-timeout."""
