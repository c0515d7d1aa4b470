"""Where the server is, and what it is told."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """One speech server."""

    base_url: str
    """What its routes are below: http://gpu-box:8766/v1"""
    host: str
    """How people are told where text goes: host and port"""
    token: str = field(default="", repr=False)
    may_have_token: Callable[[str], bool] | None = None
    """Whether a peer's address may be sent the token; None: whoever has the right certificate"""
    ca_file: Path | None = None
    """Certificates that vouch for it beside the machine's own"""
    model: str = ""
    """How requests call its model; empty: they do not"""
    voices: Sequence[str] = ()
    """Its voices, instead of those that it lists"""
    languages: Sequence[str] = ("en",)
    """What a voice speaks of which it does not say so"""
    sample_rate: int = 24_000
    """Of its sound if it does not say so, and of ours"""
    max_requests: int = 16
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    openai_fields_only: bool = False
    refresh_s: float = 60.0
    """How often it is asked for its voices"""
    pseudonym: str = field(default_factory=lambda: f"qwen3tts-daemon-{secrets.token_hex(4)}")
    """How this daemon calls itself where it passes text on: by it a circle is found out"""
