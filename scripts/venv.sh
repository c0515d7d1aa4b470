# Sourced by start.sh and test.sh: makes .venv and installs into it what is asked for, once.

find_python() {
  for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13}; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11, 3.12 or 3.13 is needed; install it or name one: PYTHON=/path/to/python $0" >&2
  exit 1
}

# ensure_venv DIRECTORY REQUIREMENT...: nothing happens if the same was installed for the same pyproject.toml.
ensure_venv() {
  local directory=$1 stamp wanted
  shift
  stamp="$directory/.installed"
  wanted="$(cksum < pyproject.toml) $*"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    return
  fi
  local python
  python=$(find_python)
  if [ ! -x "$directory/bin/python" ]; then
    "$python" -m venv "$directory" || {
      echo "making a virtual environment failed; on Debian and Ubuntu: apt install python3-venv" >&2
      exit 1
    }
  fi
  "$directory/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
  "$directory/bin/python" -m pip install --progress-bar on "$@"
  echo "$wanted" > "$stamp"
}
