#!/bin/sh
# Does a daemon answer as its OpenAPI document says? Every check of schemathesis (pip install schemathesis), in minutes:
#   scripts/api_checks.sh http://127.0.0.1:8766 [options of `st run`]
# TOKEN=... also asks for what needs the token, and then keeps and deletes voices: use a daemon with a --data-dir of
# its own. Random checkpoints will do, see benchmarks/random_checkpoint.py; clips need --clips.max-clips 5000
# --clips.max-per-address 5000.
set -e
url=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$here"
cd "$(mktemp -d)" # it keeps what failed beside where it runs
[ -z "$TOKEN" ] || set -- --header "Authorization: Bearer $TOKEN" "$@"
exec "${ST:-st}" --config-file "$here/schemathesis.toml" run "$url/openapi.json" --request-timeout 60 \
  --max-examples 30 --continue-on-failure --generation-database none "$@"
