#!/usr/bin/env bash
# A release, here or on a build machine: deploy/release.sh [--publish]
# Tests, asks whether anything that the images install is known to be vulnerable, builds wheel and source distribution, lists
# what the images install (CycloneDX), checks and signs all of it; with --publish they and the images go out. Needs build,
# cyclonedx-bom, pip-audit, twine and sigstore (pip install build cyclonedx-bom pip-audit twine sigstore), for the images docker
# with buildx.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' qwen3tts_daemon/__init__.py)
image=ghcr.io/qwen3tts-daemon/qwen3tts-daemon

[ -z "$(git status --porcelain)" ] || { echo "commit first: what is released is what is committed" >&2; exit 1; }
grep -q "^## \[$version\]" CHANGELOG.md || { echo "CHANGELOG.md has no section [$version]" >&2; exit 1; }
.ci/run
# Ends the release if there is an advisory. One that does not touch us is named here with its reason: --ignore-vuln ID
for lock in cpu gpu build; do
  python3 -m pip_audit --strict --disable-pip --require-hashes -r "deploy/locks/$lock.txt"
done
rm -rf dist
python3 -m pip install --quiet --no-deps --require-hashes -r deploy/locks/build.txt
python3 -m build --no-isolation
python3 -m twine check --strict dist/*
for target in cpu gpu; do
  python3 -m deploy.sbom "$target" "dist/qwen3tts-daemon-$version-$target.cdx.json"
done
python3 -m sigstore sign dist/*.whl dist/*.tar.gz dist/*.cdx.json
if [ "${1:-}" != --publish ]; then
  echo "dist/ holds $version, checked and signed; --publish sends it out"
  exit
fi
git tag --sign "v$version" --message "$version"
git push origin "v$version"
python3 -m twine upload dist/*.whl dist/*.tar.gz
for target in cpu gpu; do
  docker buildx build --platform linux/amd64,linux/arm64 --target "$target" --sbom=true --provenance=true \
    --label "org.opencontainers.image.version=$version" --tag "$image:$target" --tag "$image:$target-$version" --push .
done
