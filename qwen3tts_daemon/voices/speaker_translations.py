"""The speakers of the official checkpoints, in the languages of the page."""

from collections.abc import Mapping

from qwen_tts.config.release_speakers import RELEASE_SPEAKERS

PageLanguage = str
"""en, zh-CN, zh-TW or ja: what the page speaks."""

_TRANSLATIONS: Mapping[str, Mapping[PageLanguage, str]] = {
    "vivian": {
        "zh-CN": "明亮的年轻女声，略带个性",
        "zh-TW": "明亮的年輕女聲，略帶個性",
        "ja": "明るく、少し鋭さのある若い女性",
    },
    "serena": {
        "zh-CN": "温暖柔和的年轻女声",
        "zh-TW": "溫暖柔和的年輕女聲",
        "ja": "温かく穏やかな若い女性",
    },
    "uncle_fu": {
        "zh-CN": "阅历丰富的男声，低沉醇厚",
        "zh-TW": "閱歷豐富的男聲，低沉醇厚",
        "ja": "低くまろやかな、年季の入った男性",
    },
    "dylan": {
        "zh-CN": "清爽自然的北京青年男声",
        "zh-TW": "清爽自然的北京青年男聲",
        "ja": "澄んで自然な北京の若い男性",
    },
    "eric": {
        "zh-CN": "活泼的成都男声，略带沙哑",
        "zh-TW": "活潑的成都男聲，略帶沙啞",
        "ja": "少しかすれた、活気ある成都の男性",
    },
    "ryan": {
        "zh-CN": "富有活力、节奏感强的男声",
        "zh-TW": "富有活力、節奏感強的男聲",
        "ja": "リズム感のある力強い男性",
    },
    "aiden": {
        "zh-CN": "阳光的美国男声，中音清晰",
        "zh-TW": "陽光的美國男聲，中音清晰",
        "ja": "中音がはっきりした、陽気なアメリカの男性",
    },
    "ono_anna": {
        "zh-CN": "俏皮轻盈的日本女声",
        "zh-TW": "俏皮輕盈的日本女聲",
        "ja": "軽やかで茶目っ気のある日本の女性",
    },
    "sohee": {
        "zh-CN": "温暖而富有感情的韩国女声",
        "zh-TW": "溫暖而富有感情的韓國女聲",
        "ja": "情感豊かで温かい韓国の女性",
    },
}

DESCRIPTIONS: Mapping[str, Mapping[PageLanguage, str]] = {
    name: {"en": speaker.description[0].upper() + speaker.description[1:], **_TRANSLATIONS[name]}
    for name, speaker in RELEASE_SPEAKERS.items()
}
"""By the speaker's name"""
