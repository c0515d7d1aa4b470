"""The options that users of other Wyoming servers know, in the words of our settings."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from qwen3tts_daemon.settings import SettingsError


def parse_uri(uri: str) -> tuple[str, int]:
    """Host and port of `tcp://HOST:PORT`. Raises SettingsError."""
    parts = urlsplit(uri)
    try:
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"--uri: {error}") from error
    if parts.scheme != "tcp" or not parts.hostname or port is None:
        raise SettingsError(f"--uri must look like tcp://HOST:PORT, got {uri!r}")
    return parts.hostname, port


def translate(arguments: list[str]) -> list[str]:
    """Replace --uri, --zeroconf [NAME], --no-streaming and --debug by the settings they mean."""
    rest = list(_split_equals(arguments))
    translated: list[str] = []
    while rest:
        word = rest.pop(0)
        if rule := _RULES.get(word):
            translated += rule(rest)
        else:
            translated.append(word)
    return translated


def _split_equals(arguments: list[str]) -> Iterator[str]:
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name in _RULES:
            yield from (name, value)
        else:
            yield argument


def _uri(rest: list[str]) -> list[str]:
    if not rest:
        raise SettingsError("--uri needs a value: tcp://HOST:PORT")
    host, port = parse_uri(rest.pop(0))
    return ["--wyoming.host", host, "--wyoming.port", str(port)]


def _zeroconf(rest: list[str]) -> list[str]:
    name = ["--zeroconf.name", rest.pop(0)] if rest and not rest[0].startswith("-") else []
    return ["--zeroconf.enabled", *name]


_RULES: dict[str, Callable[[list[str]], list[str]]] = {
    "--uri": _uri,
    "--zeroconf": _zeroconf,
    "--no-streaming": lambda rest: ["--no-wyoming.streaming"],
    "--debug": lambda rest: ["--log-level", "debug"],
}
