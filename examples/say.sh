#!/bin/sh
# say.sh TEXT [VOICE]: plays while it is made. PLAYER is any program that takes 24 kHz, 16 bits, mono on its input.
set -eu
: "${VOICE_HOST:=localhost:8766}" "${PLAYER:=aplay -q -t raw -f S16_LE -r 24000 -c 1}"
curl -fsS --get "http://$VOICE_HOST/v1/audio/say" --data-urlencode "text=$1" --data-urlencode "voice=${2:-default}" \
  --data-urlencode response_format=pcm | $PLAYER
