#!/usr/bin/env bash
# Sets everything up in .venv-test and passes the tests; options go to pytest (./test.sh -k wyoming).
set -euo pipefail
cd "$(dirname "$0")"
. scripts/venv.sh

# TORCH names another build: a version, a wheel or a URL.
ensure_venv .venv-test ${TORCH:-torch==2.13.0} --editable '.[preview,espeak,japanese,gpu]' --group test --group lint
exec .venv-test/bin/python -m pytest "$@"
