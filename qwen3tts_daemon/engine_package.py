"""Is the `qwen_tts` that would be imported ours? PyPI's `qwen-tts` installs a package of this name as well.

Asked before anything of it is imported: parts of two packages would fail somewhere else, and say something else.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_MARK = b"from qwen_tts.namesake import check_namesake"
"""In our `qwen_tts/__init__.py`"""
_AGAIN = "`pip install --force-reinstall --no-deps qwen3tts-daemon`"


def check_engine_package() -> None:
    """Raises ImportError with the way out. A few file operations; what is imported already is looked at anew."""
    spec = find_spec("qwen_tts")
    places = [] if spec is None else [*(spec.submodule_search_locations or ())]
    init = Path(places[0] if places else sys.prefix) / "__init__.py"
    if not init.is_file():
        raise ImportError(
            f"files of the package qwen_tts are missing in {init.parent}: uninstalling PyPI's qwen-tts, which has a "
            f"package of the same name, takes them along. Install them again: {_AGAIN}",
            name="qwen_tts",
        )
    if _MARK not in init.read_bytes():
        raise ImportError(
            f"the package qwen_tts in {init.parent} is that of PyPI's qwen-tts, and qwen3tts-daemon has one of the "
            "same name: they cannot share an environment. Give one of them an environment of its own; or here `pip "
            f"uninstall qwen-tts`, and then, unless this runs from a folder of sources, {_AGAIN}",
            name="qwen_tts",
        )
    from qwen_tts.namesake import check_namesake  # not before it is known whose package it is

    check_namesake()
