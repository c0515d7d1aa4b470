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
    """Replace --uri, --zeroconf [NAME], --no-zeroconf, --no-streaming and --debug by the settings they mean."""
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


def _is_on(rest: list[str]) -> bool:
    """The value of a switch, if one is given."""
    return _BOOLEANS[rest.pop(0).casefold()] if rest and rest[0].casefold() in _BOOLEANS else True


def _no_streaming(rest: list[str]) -> list[str]:
    return ["--no-wyoming.streaming"] if _is_on(rest) else ["--wyoming.streaming"]


def _debug(rest: list[str]) -> list[str]:
    return ["--log-level", "debug"] if _is_on(rest) else []


def _zeroconf(rest: list[str]) -> list[str]:
    if rest and rest[0].casefold() in _BOOLEANS:
        return ["--zeroconf.enabled"] if _is_on(rest) else ["--no-zeroconf.enabled"]
    name = ["--zeroconf.name", rest.pop(0)] if rest and not rest[0].startswith("-") else []
    return ["--zeroconf.enabled", *name]


_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}

_RULES: dict[str, Callable[[list[str]], list[str]]] = {
    "--uri": _uri,
    "--zeroconf": _zeroconf,
    "--no-zeroconf": lambda rest: ["--no-zeroconf.enabled"],
    "--no-streaming": _no_streaming,
    "--debug": _debug,
}
