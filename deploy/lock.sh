#!/usr/bin/env bash
# Renews the exact versions that go into the images, with hashes, for Python 3.11 and newer, amd64 and arm64 alike. Needs uv and a package index.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"
}
lock() {
  local name=$1
  shift
  compile pyproject.toml --constraint deploy/locks/constraints.txt --output-file "deploy/locks/$name.txt" "$@"
}
lock gpu --extra preview --extra espeak --extra japanese --extra tls --extra gpu
# PyTorch for a CPU comes from an index of its own (Dockerfile), without what its CUDA build needs.
left_out=()
while read -r package; do left_out+=(--no-emit-package "$package"); done \
  < <(grep -oE '^(torch|triton|(nvidia|cuda)-[a-z0-9-]+)==' deploy/locks/gpu.txt | tr -d = | sort -u)
lock cpu --extra preview --extra espeak --extra japanese --extra tls --extra cpu "${left_out[@]}"
# What makes the wheel.
sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml | compile - --output-file deploy/locks/build.txt
