"""The preview voice reads Japanese numbers in kanji together with their counters."""

import re

import pytest

from qwen3tts_daemon.embedded.phonemes.g2p import G2P

READ = {
    "五分です": "ごふんです",
    "タイマーを二分にしました": "タイマーをにふんにしました",
    "約九分で着きます": "やくきゅうふんで着きます",
    "十二分遅れ": "じゅうにふん遅れ",
    "十二時八分に": "じゅうにじ、はちふんに",
    "二人前": "ににんまえ",
    "三行": "さんぎょう",
    "百万人": "ひゃくまんにん",
    "三十分後": "さんじゅっぷんご",
    "二十日です": "はつかです",
    "一人で行きます": "ひとりで行きます",
    "傘を三本": "傘をさんぼん",
    "八分の一": "はちぶんのいち",
    "五分五分です": "ごぶごぶです",
    "八分目": "はちぶんめ",
}


@pytest.mark.parametrize(("written", "read"), READ.items())
def test_a_number_is_read_with_its_counter(g2p: G2P, written: str, read: str) -> None:
    assert _sounds(g2p, written) == _sounds(g2p, read)


def _sounds(g2p: G2P, text: str) -> str:
    """Without accents and blanks, and with one sign for every n."""
    return re.sub("[ɴɲŋm]", "n", "".join(filter(str.isalpha, g2p.phonemes(text, "ja-JP"))))
