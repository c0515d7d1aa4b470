"""Japanese: what Open JTalk, which reads numbers together with their counters, cannot read by itself."""

from qwen3tts_daemon.embedded.numbers.rules import rewrite, rules

_RULES = rules(
    [
        (r"(?<!\d)(\d{4})[/-]0?([1-9]|1[0-2])[/-]0?([1-9]|[12]\d|3[01])(?!\d)", r"\1年\2月\3日"),
        (r"(?<!\d)0?(\d{1,2}):00(?!\d)", r"\1時"),
        (r"(?<!\d)0?(\d{1,2}):0?(\d{1,2})(?!\d)", r"\1時\2分"),
        (r"[¥￥]\s?(\d[\d,]*)", r"\1円"),
        (r"\$\s?(\d[\d,]*(?:\.\d+)?)", r"\1ドル"),
        (r"€\s?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?)\s?€", r"\1\2ユーロ"),
        (r"(?<=\d)\s?[%％]", "パーセント"),
        (r"(?<=\d)\s?(?:°\s?C|℃|°)", "度"),
        (r"(?<=\d)\s?km/h", "キロメートル"),
        (r"(?<![\d\w])[-−](?=\d)", "マイナス"),
        (r"(?<=[ぁ-ゖァ-ヺ一-鿿])[-−](?=\d)", "マイナス"),
    ]
)


def normalise_japanese(sentence: str) -> str:
    """One sentence with clock times, dates and signs in words; other numbers stay digits."""
    return rewrite(sentence, _RULES)
