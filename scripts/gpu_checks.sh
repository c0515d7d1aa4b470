#!/bin/sh
# What holds on an NVIDIA card, check by check, PASSED or FAILED: graphs and kernels against plain PyTorch and float64,
# no allocation and no wait in a step, seeds, sleep.
set -e
cd "$(dirname "$0")/.."
"${PYTHON:-python3}" -m pytest --verbose --tb short --confcutdir tests/kernels tests/kernels
exec "${PYTHON:-python3}" -m pytest --verbose --tb short -m gpu --confcutdir tests/gpu tests/gpu "$@"
