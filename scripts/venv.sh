# shellcheck shell=bash
# Sourced by start.sh and test.sh: finds a Python, and installs into a virtual environment what is asked for, once.

# The name or path of a Python that will do; uv fetches one if there is none.
find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  if [ -z "${PYTHON:-}" ] && command -v uv >/dev/null; then
    echo "No Python 3.11 to 3.13 here: uv fetches one." >&2
    uv python install --quiet 3.12 && uv python find 3.12 && return
  fi
  echo "Python 3.11, 3.12 or 3.13 is needed. Install it (Debian, Ubuntu: apt install python3 python3-venv; Mac: brew install python@3.13)," >&2
  echo "or install uv, which fetches one (https://docs.astral.sh/uv), or name one: PYTHON=/path/to/python $0" >&2
  exit 1
}

# ensure_venv DIRECTORY REQUIREMENT...: nothing happens if the same was installed for the same pyproject.toml.
ensure_venv() {
  local python
  python=$(find_python)
  "$python" -m scripts.start.installation "$@"
}
