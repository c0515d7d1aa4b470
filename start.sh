#!/usr/bin/env bash
# Sets everything up in .venv and runs the daemon; ./start.sh --help lists the options.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/venv.sh

python=$(find_python)
exec "$python" -m scripts.start "$@"
