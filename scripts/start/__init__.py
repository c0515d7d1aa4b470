"""What start.sh does once there is a Python: look at the machine, install, fetch a model, become the daemon.

The standard library alone: nothing is installed when this runs.

__main__      the order of it
options       what was asked for, on the command line and in .env
machine       what this machine has: cards, room on the disk, free ports
installation  what goes into .venv, and whether it is there already
files         .env and config.toml, written where there are none
"""
