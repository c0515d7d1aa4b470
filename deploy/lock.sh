#!/usr/bin/env bash
# Renews the exact versions that go into the images, with hashes, for Python 3.11 and newer, amd64 and arm64 alike. Needs uv and a package index.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  local name=$1
  shift
  uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    --no-annotate --constraint deploy/locks/constraints.txt --output-file "deploy/locks/$name.txt" "$@"
}
lock cpu --extra preview --extra espeak --extra japanese
lock gpu --extra preview --extra espeak --extra japanese --extra gpu
