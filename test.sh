#!/usr/bin/env bash
# Sets everything up in .venv-test and passes the tests; options go to pytest (./test.sh -k wyoming).
set -euo pipefail
cd "$(dirname "$0")"
. scripts/venv.sh

# TORCH names another build: a version, a wheel or a URL.
ensure_venv .venv-test "${TORCH:-torch==2.13.0}" --editable '.[preview,espeak,japanese,gpu,cpu]' --group test --group lint
# The page's tests have packages of their own; without npm they are skipped.
if command -v npm >/dev/null && [ tests/web/package-lock.json -nt tests/web/node_modules/.package-lock.json ]; then
  npm ci --prefix tests/web --no-audit --no-fund --silent || echo "npm ci failed in tests/web: the page is not tested" >&2
fi
# JOBS processes, by default one more than there are cores, for many tests wait, and four at most; tests of one file stay
# together.
cores=$(getconf _NPROCESSORS_ONLN)
exec .venv-test/bin/python -m pytest -n "${JOBS:-$((cores < 3 ? cores + 1 : 4))}" --dist loadfile --no-loadscope-reorder "$@"
