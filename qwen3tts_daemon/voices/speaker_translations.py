"""The speakers of the official checkpoints, and the preview voices, in the languages of the page."""

from collections.abc import Mapping

from qwen_tts.api import VoiceInfo
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

_PREVIEW_PHRASES: Mapping[str, Mapping[PageLanguage, str]] = {
    "female": {"zh-CN": "女声", "zh-TW": "女聲", "ja": "女性"},
    "male": {"zh-CN": "男声", "zh-TW": "男聲", "ja": "男性"},
    "English (US)": {"zh-CN": "美式英语", "zh-TW": "美式英語", "ja": "アメリカ英語"},
    "English (UK)": {"zh-CN": "英式英语", "zh-TW": "英式英語", "ja": "イギリス英語"},
    "Chinese (Mandarin)": {"zh-CN": "普通话", "zh-TW": "華語", "ja": "中国語（標準語）"},
    "Japanese": {"zh-CN": "日语", "zh-TW": "日語", "ja": "日本語"},
    "Korean": {"zh-CN": "韩语", "zh-TW": "韓語", "ja": "韓国語"},
    "German": {"zh-CN": "德语", "zh-TW": "德語", "ja": "ドイツ語"},
    "French": {"zh-CN": "法语", "zh-TW": "法語", "ja": "フランス語"},
    "Russian": {"zh-CN": "俄语", "zh-TW": "俄語", "ja": "ロシア語"},
    "Portuguese (Brazil)": {"zh-CN": "巴西葡萄牙语", "zh-TW": "巴西葡萄牙語", "ja": "ブラジルのポルトガル語"},
    "Spanish": {"zh-CN": "西班牙语", "zh-TW": "西班牙語", "ja": "スペイン語"},
    "Italian": {"zh-CN": "意大利语", "zh-TW": "義大利語", "ja": "イタリア語"},
    "fast": {"zh-CN": "反应快", "zh-TW": "反應快", "ja": "すぐに話し始める"},
    "fuller": {"zh-CN": "音色更饱满", "zh-TW": "音色更飽滿", "ja": "より豊かな響き"},
    "foreign accent": {"zh-CN": "带外国口音", "zh-TW": "帶外國口音", "ja": "外国なまり"},
    "preview voice": {"zh-CN": "试听语音", "zh-TW": "試聽語音", "ja": "試聴用"},
}
_COMMAS: Mapping[PageLanguage, str] = {"zh-CN": "，", "zh-TW": "，", "ja": "、"}


def descriptions_of(voice: VoiceInfo) -> Mapping[PageLanguage, str]:
    """What it is like; empty where only its own description is known."""
    return DESCRIPTIONS.get(voice.name) or _of_preview(voice)


def _of_preview(voice: VoiceInfo) -> Mapping[PageLanguage, str]:
    """A preview voice's description is its title and phrases, with commas between; "preview voice" is the last."""
    _, *told = voice.description.split(", ")
    phrases = [_PREVIEW_PHRASES.get(phrase, {}) for phrase in (voice.gender, *told)]
    return {
        language: comma.join(phrase[language] for phrase in phrases)
        for language, comma in _COMMAS.items()
        if told and all(language in phrase for phrase in phrases)
    }
