"""What lies in a data directory. Whatever is not named here is left alone: models, caches, what people put there."""

from typing import Final

FORMAT_FILE: Final = "format"
VOICES: Final = "voices"
CONFIG, LEXICON = "config.toml", "lexicon.toml"
SECRETS: Final = ("token", "sessions")
"""Whoever has these may do everything."""
KEPT: Final = (*SECRETS, VOICES, LEXICON, CONFIG, "checked.json")
"""What nobody can make again. The config file is wherever it is; in a backup it has this name."""
DERIVED: Final = ("samples", "phrases", "phrases.key", "loudness.json")
"""Made of what is kept: it goes where another state comes."""
TLS: Final = "tls"
"""A certificate that was made here, and its key. In no backup: others are made where there are none, and a key in two
places may be read in both."""
BACKUP_OF_FORMAT: Final = "backup-of-format-{}.tar.gz"
"""What was there before a migration, which brings an earlier version back"""
