#!/bin/sh
# snapcast.sh TEXT: into the pipe of a Snapcast server, whose snapserver.conf has
#   source = pipe:///tmp/snapfifo?name=voice&sampleformat=48000:16:2
set -eu
: "${VOICE_HOST:=localhost:8766}" "${PIPE:=/tmp/snapfifo}"
curl -fsS --get "http://$VOICE_HOST/v1/audio/say" --data-urlencode "text=$1" --data-urlencode response_format=wav |
  ffmpeg -loglevel error -i - -f s16le -ar 48000 -ac 2 - > "$PIPE"
