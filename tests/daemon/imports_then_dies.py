"""Ends the process that imports it: so a test sees that it was imported."""

import os

os._exit(3)
