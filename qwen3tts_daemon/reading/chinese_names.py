"""Numbers in Chinese names and amounts, and those that are said digit by digit."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.chinese_numbers import NUMBER, cardinal, digits, half_day, telephone
from qwen3tts_daemon.reading.chinese_units import COUNTERS, UNIT_SYMBOLS, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.roman import value

_CODES = (
    "验证码|校验码|取件码|提货码|取货码|提取码|邀请码|密码|口令|PIN码?|编号|单号|尾号|邮编|邮政编码|代码|学号|工号|账号|帐号|卡号|订单号?|流水号"
    "|序列号|房间号?|车牌号?|身份证号?码?|(?:凭|核销|兑换|券|激活|授权|识别|条形|会议|配对|支付)码|账户|会议号|群号|QQ号?|号码|U?ID|(?:会员|工单|档案|合同|发票|保单|病历|准考证|护照)号"
)
_SIGNS = {"=": "等于", "≈": "约等于", "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于"}
_CALLS = "拨打[了过]?|致电|热线|电话号?码?|手机号?码?|客服|请打|打[了过]?|拨[了过通]?|火警|匪警|急救|报警"
_SERVICES = "123(?:06|15|20|33|45|48|66)|100(?:86|10|00)|9[56]\\d{3,4}"
_SECRETS = "验证码|校验码|动态码|登录码|密码|取件码|口令"
_ROOMS = "室|(?:号|包|病|客|教学)?房|(?:会议|办公|阅览|实验|休息)室|宿舍|包[间厢]"
_PAY = "(?:[月年底时]薪|薪资|工资|收入|房租|租金|预算|奖金|[赚挣]|[¥$€£])"
_MODELS = "波音|空客|骁龙|天玑|宝马|标致"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
ALSO_READ = r"\p{Han}(?:I[IVX]|[VX][IVX])[IVX]*(?![A-Za-z\d])|(?<![A-Za-z\d])(?:[IVX]{2,}|I)[级期型章代类度世]"
"""A Roman numeral"""


def names() -> Sequence[Row]:
    """Numbers of things."""
    return [
        (r"(?:#|№)\s?(?<n>\d+(?:-\d+)+|\d{6,})", lambda found: _in_groups(found["n"])),
        (
            r"(?:#|№|(?<!\p{Latin})(?:[Nn][Oo]\.|N[Oo]))\s?(?<n>\d+)(?!\d|[.,]\d)(?<hao>号)?",
            lambda found: f"{found['n']}号",
        ),
        (r"(?<=\d)#(?=[\p{Han}])", lambda _: "号"),
        (
            r"(?<=(?:GB|ISO|IEC|HJ|QB|DB\d*)(?:/T)?\s?)\d{4,5}(?:-\d{4})?(?!\d)",
            lambda found: "杠".join(map(digits, found[0].split("-"))),
        ),
        (r"(?<![\d.,A-Za-z-])(?<n>\d{1,3})-(?<letter>[A-Z])(?![A-Za-z\d])", _with_letter),
        (r"§\s?(?<n>\d+)", lambda found: f"第{found['n']}条"),
        (r"(?<=\p{Han})(?!X{2,3}(?![IVX世]))[IVX]{2,}(?![A-Za-z\d]|设计|系统|手册)", _roman),
        (r"(?<![A-Za-z\d])(?:[IVX]{2,}(?=[级期型章世代类度])|[IVX](?=[级期章])|I(?=[型类度]))", _roman),
        (r"(?<=[A-Z])\.(?<n>\d{3})(?!\d)", lambda found: f"点{digits(found['n'])}"),
        (rf"(?<=[{LETTERS}])\s?(?<sign>[=≈<>≤≥])\s?(?=-?\d)", lambda found: _SIGNS[found["sign"]]),
        (
            r"(?<![A-Za-z])(?<half>AM|PM|am|pm)\s?(?=\d{1,2}(?::[0-5]\d(?!\d|\s?µg)|[点时]))",
            lambda found: half_day(found["half"]),
        ),
        (r"(?<=歼|运|轰|直|苏|米格|长征|神舟|嫦娥|天宫|东风)-(?=\d)", lambda _: ""),
        (
            r"(?<![A-Za-z\d.,])(?<n>\d{1,3})(?<letter>[A-Z])(?=检票口|[出入]口|号|[座栋楼区级类班组门席式型]|景|航站楼|坦克|大作|游戏|公司|认证)",
            _with_letter,
        ),
        (rf"(?<=(?:{_MODELS})\s?)\d{{3,4}}(?:-\d{{3}})?", _digits),
        (rf"(?<=[{_PROVINCES}][A-Z])[ \u00a0](?=[A-Z\d]{{5,6}}(?![A-Za-z\d]))", lambda _: ""),
        (r"(?<![A-Za-z])[Vv]er\.?\s?(?=\d)", lambda _: "v"),
    ]


def amounts() -> Sequence[Row]:
    """Of one thing for another; in inches; with 万 before their unit."""
    return [
        (r"(?<=\d)\s?(?<unit>L|kWh)\s?/\s?100\s?km", lambda found: f"{UNITS[found['unit']].one}每百公里"),
        (rf"(?<=\d[千万亿])[ \u00a0]?(?:{UNIT_SYMBOLS})(?![{LETTERS}\d])", lambda found: UNITS[found[0].strip()].one),
        (
            rf"¥\s?(?=[-+]?{NUMBER}[万亿]?元)|\$\s?(?=[-+]?{NUMBER}[万亿]?美元)|€\s?(?=[-+]?{NUMBER}[万亿]?欧元)",
            lambda _: "",
        ),
        (r"(?<![\d.])[1-9]{2}(?=折)", _digits),
        (r"(?<=\d)[wW](?=\+|粉|人|次|播放|阅读|[块元多])", lambda _: "万"),
        (r"(?<=[¥$€£]\s?\d[\d.,]*)\s?[~～〜]\s?(?=\d)", lambda _: "-"),
        (
            rf"(?<={_PAY}[^\d，。]{{0,3}})(?<n>\d+(?:\.\d+)?)[kK](?![A-Za-z\d])"
            r"|(?<![\d.,A-Za-z-])(?<n>\d+(?:\.\d+)?)[kK](?=[元块人粉次步赞])",
            lambda found: str(round(float(found["n"]) * 1000)),
        ),
        (rf"(?<=\d)\+\s?(?<unit>{UNIT_SYMBOLS})(?![{LETTERS}])", lambda found: f"多{UNITS[found['unit']].one}"),
        (r"(?<=\d)\s?/\s?(?=\d[\d.]*\s?[KMGT]B)", lambda _: "，"),
        (r"(?<=\d\p{Han}?)/(?=[共全]\d)", lambda _: "，"),
        (r"（(0\d{2,3})）\s?(?=\d)", lambda found: f"({found[1]})"),
        (r"(?<=\d)/(?=\d+\s?(?:mmHg|毫米汞柱))", lambda _: "，"),
        (r"(?<=\d\s?k(?:cal|J))\s?/\s?(?=100\s?(?:g|ml|mL|克|毫升))", lambda _: "每"),
        (rf"(?<=\d\s?(?:{UNIT_SYMBOLS}))\s?/\s?(?=\p{{Han}})", lambda _: "每"),
        (
            rf"(?<=\d\p{{Han}})/(?<unit>{UNIT_SYMBOLS})(?![{LETTERS}])",
            lambda found: f"每{UNITS[found['unit']].one}",
        ),
        (rf"(?<=\d\s?(?:{UNIT_SYMBOLS}))\s?[×xX*]\s?(?=\d)", lambda _: "乘"),
        (r"(?<=\d\p{Han}{1,2}(?:/\p{Han}{1,2})?)/(?=\p{Han})|(?<=[¥$€£]\s?\d[\d.,]*)/(?=\p{Han})", lambda _: "每"),
        (r"±(?=\s?\d)", lambda _: "正负"),
        (
            rf"(?<=[元块])\s?/\s?(?<unit>{UNIT_SYMBOLS})(?![{LETTERS}])",
            lambda found: f"每{UNITS[found['unit']].one}",
        ),
        (r"(?<=\d)°\s?(?<minutes>\d{1,2})'(?:\s?(?<seconds>\d{1,2})\")?", _arc),
        (
            r"(?<![\d'])(?<minutes>\d{1,2})'\s?(?<seconds>1[2-9]|[2-5]\d|0\d)\"",
            lambda f: f"{f['minutes']}分{f['seconds']}秒",
        ),
        (r"(?<feet>\d+)'\s?(?<inches>\d+)\"", lambda found: f"{found['feet']}英尺{found['inches']}英寸"),
        (rf"(?<![\d.\"]){NUMBER}\"(?=\p{{Han}})", _inches),
    ]


def said_by_digit() -> Sequence[Row]:
    """Telephones and lines, where one is yao; codes and rooms, where it is not."""
    counted = rf"(?![\d.,:%-]|\s?{COUNTERS})"
    return [
        (
            r"(?<![\d.,-]|\+\d{1,3}[ -])(1[3-9]\d)[ \u00a0-](\d{4})[ \u00a0-](\d{4})(?![\d.,-])",
            lambda found: "，".join(map(telephone, found.groups())),
        ),
        (
            r"(?<![\d.,-])0\d{2,3}[- ](?:\d{3,4}[ -]\d{4}|\d{7,8})(?![\d.,-])",
            lambda found: "，".join(map(telephone, regex.split("[ -]", found[0]))),
        ),
        (
            r"(?<![\d.,-])(?:[48]00[ -](?:\d{3}[ -]\d{4}|\d{4}[ -]\d{3})|400\d[ -]\d{3}[ -]\d{3})(?![\d.,-])"
            rf"|(?=\d)(?<=(?:{_CALLS})[是为:：\s]{{0,2}})\d{{3,4}}[ -]\d{{4}}(?![\d.,-])",
            lambda found: "，".join(map(telephone, regex.split("[ -]", found[0]))),
        ),
        (rf"(?=\d)(?<=(?:{_CALLS})[是为:：\s]{{0,2}}\d{{3,5}}[、和或/])\d{{3,12}}{counted}", _telephone),
        (r"(?<=[\d零幺二三四五六七八九]{4}\s?转(?:分机)?\s?)\d{2,5}(?!\d)", _telephone),
        (r"(?<!\d)1(?:1[09]|2[02])(?=报警|急救|火警|消防|救护|接警|指挥|热线|电话|台)", _telephone),
        (rf"(?<![\d.,-])(?:{_SERVICES})(?=】|\p{{Han}}{{0,4}}(?:网|热线|客服|短信|电话|平台|发送|发来))", _telephone),
        (rf"(?=\d)(?<=(?:{_CALLS})[是为:：\s]{{0,2}})\d{{3,12}}{counted}", _telephone),
        (r"(?<![\d.,-])1[3-9]\d{9}(?![\d.,-])", _telephone),
        (
            rf"(?<=(?:{_CODES}|凭)[是为:：\s]{{0,2}})"
            r"(?:[A-Z]{0,2}\d*-(?:[A-Z]?\d+-)+\d+|\d{3,}(?:[ -]\d{3,})+)(?![\d-])",
            lambda found: _in_groups(found[0]),
        ),
        (r"(?<![\d.,A-Za-z-])\d{1,2}-\d{1,2}-(?!19|20)\d{4}(?![\d-])", lambda found: _in_groups(found[0])),
        (rf"(?<![\d.,-])\d{{4,8}}(?=\s?[是为（(]\s?[^，。！？\d]{{0,10}}(?:{_SECRETS}))", _digits),
        (r"(?<![\d.,])\d{6,}(?=[A-Z](?![A-Za-z]))", _digits),
        (rf"(?=\d)(?<=(?:{_CODES}|机号|\p{{Han}}号码?[是为:：])[是为:：\s【「“]{{0,3}})\d{{3,}}{counted}", _digits),
        (rf"(?<![\d.,])\d{{3,4}}(?={_ROOMS})|(?=\d)(?<=单元|[栋幢]|\d号)\d{{3,4}}{counted}", _digits),
        (rf"(?=\d)(?<=[\d一二三四五六七八九十]楼|(?<!\d)[A-Z\d]座)\d{{3,4}}(?!\s?平){counted}", _digits),
        (r"(?<![\d.,])\d{3,4}(?=路(?!程)|公交|[国省县]道)", _telephone),
        (
            r"(?<![\d.,])(?:618(?=大促|购物|年中|活动)|(?:315|3·15)(?=晚会)|520(?=快乐|表白)|996(?=工作)|9(?:11|·11)(?=事件)"
            r"|985(?=高校|大学|院校|工程|[、和，。])|211(?=高校|大学|院校|工程))",
            _digits,
        ),
        (r"(?<=(?<![A-Z])[GDCKZTSY])\d{3,4}(?=次|列车|号?高铁)", _telephone),
        (r"(?<![A-Za-z\d])(?<line>[A-Z]{2}|[A-Z]\d|\d[A-Z])\s?(?<n>\d{3,4})(?![\dA-Za-z.,])", _flight),
        (
            rf"(?<=[A-Z]·)\d{{4,6}}|(?<=[{LETTERS}][ \u00a0])\d{{4}}(?![\d.,:/%年-]|\s?(?:{COUNTERS}|{UNIT_SYMBOLS}))",
            _digits,
        ),
    ]


def _digits(found: "regex.Match[str]") -> str:
    return digits(found[0])


def _telephone(found: "regex.Match[str]") -> str:
    return telephone(found[0])


def _in_groups(written: str) -> str:
    """The digits of a code, a pause for what parts them."""
    return "，".join(regex.sub(r"\d+", _digits, group) for group in regex.split("[ -]", written))


def _with_letter(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['n']))}{found['letter']}"


def _arc(found: "regex.Match[str]") -> str:
    """Degrees, minutes and seconds of a place on the earth."""
    return f"度{found['minutes']}分" + (f"{found['seconds']}秒" if found["seconds"] else "")


def _flight(found: "regex.Match[str]") -> str | None:
    return found["line"] + telephone(found["n"]) if "航班" in found.string else None


def _inches(found: "regex.Match[str]") -> str | None:
    if found.string[: found.start()].count('"') % 2:
        return None
    return f"{found[0][:-1]}英寸"


def _roman(found: "regex.Match[str]") -> str | None:
    number = value(found[0])
    return None if number is None else cardinal(number)
