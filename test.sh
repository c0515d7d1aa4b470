#!/usr/bin/env bash
# Sets everything up in .venv-test and passes the tests; options go to pytest (./test.sh -k wyoming).
set -euo pipefail
cd "$(dirname "$0")"
. scripts/venv.sh

ensure_venv .venv-test --editable '.[preview,espeak,japanese]' --group test --group lint
exec .venv-test/bin/python -m pytest "$@"
