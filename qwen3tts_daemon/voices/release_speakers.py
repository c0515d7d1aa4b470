"""The release's nine speakers, in words of our own."""

from collections.abc import Mapping

PageLanguage = str
"""en, zh-CN, zh-TW or ja: what the page speaks."""

DESCRIPTIONS: Mapping[str, Mapping[PageLanguage, str]] = {
    "vivian": {
        "en": "A bright young woman with some edge",
        "zh-CN": "明亮的年轻女声，略带个性",
        "zh-TW": "明亮的年輕女聲，略帶個性",
        "ja": "明るく、少し鋭さのある若い女性",
    },
    "serena": {
        "en": "A warm, gentle young woman",
        "zh-CN": "温暖柔和的年轻女声",
        "zh-TW": "溫暖柔和的年輕女聲",
        "ja": "温かく穏やかな若い女性",
    },
    "uncle_fu": {
        "en": "An experienced man, low and mellow",
        "zh-CN": "阅历丰富的男声，低沉醇厚",
        "zh-TW": "閱歷豐富的男聲，低沉醇厚",
        "ja": "低くまろやかな、年季の入った男性",
    },
    "dylan": {
        "en": "A young man from Beijing, clear and natural",
        "zh-CN": "清爽自然的北京青年男声",
        "zh-TW": "清爽自然的北京青年男聲",
        "ja": "澄んで自然な北京の若い男性",
    },
    "eric": {
        "en": "A lively man from Chengdu, slightly husky",
        "zh-CN": "活泼的成都男声，略带沙哑",
        "zh-TW": "活潑的成都男聲，略帶沙啞",
        "ja": "少しかすれた、活気ある成都の男性",
    },
    "ryan": {
        "en": "A dynamic man with a strong rhythm",
        "zh-CN": "富有活力、节奏感强的男声",
        "zh-TW": "富有活力、節奏感強的男聲",
        "ja": "リズム感のある力強い男性",
    },
    "aiden": {
        "en": "A sunny American man with a clear middle",
        "zh-CN": "阳光的美国男声，中音清晰",
        "zh-TW": "陽光的美國男聲，中音清晰",
        "ja": "中音がはっきりした、陽気なアメリカの男性",
    },
    "ono_anna": {
        "en": "A playful Japanese woman, light and nimble",
        "zh-CN": "俏皮轻盈的日本女声",
        "zh-TW": "俏皮輕盈的日本女聲",
        "ja": "軽やかで茶目っ気のある日本の女性",
    },
    "sohee": {
        "en": "A warm Korean woman, full of feeling",
        "zh-CN": "温暖而富有感情的韩国女声",
        "zh-TW": "溫暖而富有感情的韓國女聲",
        "ja": "情感豊かで温かい韓国の女性",
    },
}
