#!/usr/bin/env bash
# Sets everything up in .venv and runs the daemon; options go to the daemon (./start.sh --http.port 9000).
#   --no-gpl       leave out espeak-ng (GPL-3.0): no German, Spanish, French, Italian, Portuguese, Russian preview voice
#   --no-japanese  leave out the Japanese dictionaries (340 MB)
#   --no-gpu       leave out PyTorch (some GB), which is installed where an NVIDIA card and a checkpoint in models/ are
set -euo pipefail
cd "$(dirname "$0")"
. scripts/venv.sh

extras=preview,espeak,japanese
if [ -e /dev/nvidiactl ] && compgen -G "models/*/config.json" >/dev/null; then
  extras=$extras,gpu
fi
arguments=()
for argument in "$@"; do
  case "$argument" in
    --no-gpl) extras=${extras/,espeak/} ;;
    --no-japanese) extras=${extras/,japanese/} ;;
    --no-gpu) extras=${extras/,gpu/} ;;
    *) arguments+=("$argument") ;;
  esac
done

case "$extras" in
  *espeak*) echo "Installing with espeak-ng and phonemizer-fork (GPL-3.0); ./start.sh --no-gpl leaves them out." ;;
esac
ensure_venv .venv --editable ".[$extras]"
exec .venv/bin/qwen3tts-daemon serve ${arguments[@]+"${arguments[@]}"}
