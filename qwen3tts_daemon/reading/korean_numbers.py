"""Korean numerals, Sino-Korean and native, and the counters that decide between them."""

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.notation import Notation, Number

NOTATION = Notation(".", ",")
FRESH = r"(?<![\d.,:/-])"
"""A pattern for where a number may begin"""
DASH = r"\s?[-–—~∼〜]\s?"
"""Between the ends of a range"""
DIGITS = "영일이삼사오육칠팔구"
_PLACES = ("", "십", "백", "천")
_MYRIADS = ("", "만", "억", "조", "경")
_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
ENGLISH = ("노", "원", "투", "쓰리", "포")
"""As in sports and in shops: 투 아웃, 원 플러스 원"""
_PAIRS = {(1, 2): "한두", (2, 3): "두세", (3, 4): "서너"}

_NATIVE = [
    "가닥", "가지", "갈래", "개", "개비", "건", "걸음", "곡", "곳", "골", "군데", "권", "그루", "그릇", "끼", "놈",
    "달", "대", "덩이", "마리", "명", "모", "모금", "묶음", "바퀴", "박스", "방울", "배", "벌", "병", "봉지",
    "사람", "상자", "살", "송이", "숟가락", "큰술", "작은술", "스푼", "시", "시간", "쌍", "알", "자루", "자리",
    "잔", "장", "접시", "정", "조각", "줄", "차례", "채", "척", "칸", "캔", "컵", "켤레", "종류", "통", "팀", "판",
    "팩", "편", "포기", "표", "번째", "문제", "과목", "식구",
    "단어", "글자", "마디", "세트", "테이블", "롤", "돈",
]  # fmt: skip
_SINO = [
    "가구", "강", "개국", "개년", "개소", "개월", "교시", "교대", "기", "급", "년", "년간", "년대", "년째", "년형",
    "도", "동", "등", "등급", "라운드", "리", "박", "반", "번", "번지", "번길", "번홀", "부작", "분기", "분간",
    "배속", "세", "세기", "세대", "승", "패", "악장", "위", "원", "인분", "인용", "인실", "인승", "인조", "인치",
    "일", "일간", "일째", "자", "점", "점수", "조", "주", "주간", "주년", "주일", "주차", "쪽", "차", "차로",
    "차선", "차례", "단계", "단", "초", "초간", "층", "킬로", "킬로미터", "킬로그램", "그램", "미터", "센티미터",
    "센티", "밀리미터", "밀리리터", "리터", "퍼센트", "프로", "페이지", "평", "평형", "포인트", "학기", "학년",
    "항", "호", "호선", "호실", "화", "회", "회말", "회초", "회차", "달러", "유로", "엔", "위안", "파운드", "센트",
    "와트", "킬로와트", "킬로와트시", "볼트", "암페어", "헥타르", "데시벨", "칼로리", "킬로칼로리", "기가바이트",
    "메가바이트", "테라바이트", "기가", "메가", "헥토파스칼", "피피엠", "럭스", "헤르츠", "시그마", "톤", "마일",
    "피트", "채널", "코어", "번대", "호기", "번기", "전", "타", "킬로수", "명당", "대째", "인당", "개당", "노트",
    "만화소", "화소", "비트", "바이트", "갤런", "온스", "캐럿", "시즌", "탄", "세제곱미터", "제곱미터", "열차",
    "선승제", "연패", "연승", "골차", "이닝", "쿼터", "안타", "타점", "득점", "실점",
]  # fmt: skip
# Up to here native numerals are said; of others all below a hundred but the tens behind forty.
_LARGEST_NATIVE = {"시": 12, "시간": 19, "살": 99, "번째": 99, "배": 19, "건": 19, "달": 12}
_NATIVE_SET = frozenset(_NATIVE)
# Beginnings of particles and of other words are no counters.
_WITH_CARE = {
    "분": r"분(?!의)",
    "부": r"부(?!터)",
    "인": r"인(?=\s|$|[.,]|의|은 |이 |을 )",
    "보": r"보(?!다|니|고|면|드)",
    "시": "시(?!리즈|스템)",
    "개": "개(?!월)",
    "길": "길(?!이|게|어|고)",
    "절": "절(?!반|대|차)",
}
COUNTERS = "|".join(
    _WITH_CARE.get(word, word) for word in sorted({*_NATIVE, *_SINO, *_WITH_CARE}, key=len, reverse=True)
)
"""A pattern for the words that count"""
# Behind 번 where it counts how often something happens; elsewhere it is the number of a thing.
_HOW_OFTEN = regex.compile(
    r"\s*(?:$|[.,!?)]|더|반복|누르|눌|울|클릭|연속|했|하|할|시도|정도|씩|이나|만(?!\p{Hangul})|이상|이하|넘|드|"
    r"먹|마|뛰|흔|두드|읽|듣|들|봤|보|갔|가|왔|오|쓰|썼|실패|성공|방문|알|깜|청소|세탁|운동|쉬|전화|복용|사용|"
    r"물|환기|말|확인|초과|미만|꼴|가량|쯤|에 걸쳐|돌|접|밀|씻|닦|저|섞|뒤|나|이겼|졌|우승|출전|결석|재|로그인|"
    r"열|닫|켜|켰|꺼|껐|호출|다시|모두|째|은|는|의|에 \d)"
)


def sino(n: int) -> str:
    """이십일; groups of ten thousands are parted: 만 이천."""
    if n == 0:
        return DIGITS[0]
    groups = []
    for myriad in _MYRIADS:
        n, rest = divmod(n, 10_000)
        if rest:
            words = "" if rest == 1 and myriad == "만" and not n else _below_ten_thousand(rest)
            groups.append(words + myriad)
    return " ".join(reversed(groups))


def _below_ten_thousand(n: int) -> str:
    digits = str(n)
    return "".join(
        ("" if digit == "1" and place else DIGITS[int(digit)]) + _PLACES[place]
        for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True)
        if digit != "0"
    )


def native(n: int) -> str:
    """한, 열두, 스무: before a counter, 1 to 99; with hundreds in front 백한."""
    hundreds, n = divmod(n, 100)
    words = sino(hundreds * 100) if hundreds else ""
    if n == 20:
        return f"{words}스무"
    return words + _TENS[n // 10] + _ONES[n % 10]


def is_native(n: int, counter: str, behind: str = "") -> bool:
    """Whether one says 세 (개), not 삼; `behind` is the text after the counter."""
    is_counting = _HOW_OFTEN.match(behind) is not None if counter == "번" else counter in _NATIVE_SET
    if not is_counting or n == 0:
        return False
    if counter == "대" and n % 10 == 0 and n < 100:
        return False
    if counter in _LARGEST_NATIVE:
        return n <= _LARGEST_NATIVE[counter]
    return n <= 40 or (n < 100 and n % 10 > 0) or (100 < n < 1000 and 0 < n % 100 < 11)


def counted(n: int, counter: str, behind: str = "") -> str:
    """두 시간, 오 분, 첫 번째."""
    if counter == "번째":
        return "첫 번째" if n == 1 else f"{native(n)} 번째"
    return f"{native(n) if is_native(n, counter, behind) else sino(n)} {counter}"


def counted_range(first: int, last: int, counter: str, behind: str = "") -> str:
    """두세 시간, 세 개에서 다섯 개, 삼에서 오 분."""
    if not is_native(last, counter, behind):
        return f"{sino(first)}에서 {sino(last)} {counter}"
    if (first, last) in _PAIRS and counter != "시":
        return f"{_PAIRS[first, last]} {counter}"
    return f"{counted(first, counter)}에서 {counted(last, counter)}"


def decimal(number: Number) -> str:
    """삼 점 일사; without its sign."""
    whole = sino(number.whole)
    return f"{whole} 점 {''.join(DIGITS[int(digit)] for digit in number.fraction)}" if number.fraction else whole


def fraction(numerator: int, denominator: int) -> str | None:
    """사분의 삼; None if it is none."""
    if not 2 <= denominator <= 100 or numerator >= denominator:
        return None
    return f"{sino(denominator)}분의 {sino(numerator)}"


def mixed_fraction(whole: int, numerator: int, denominator: int) -> str:
    """이와 이분의 일."""
    particle = "와" if whole % 10 in (2, 4, 5, 9) else "과"
    return f"{sino(whole)}{particle} {fraction(numerator, denominator)}"


def spelled(n: int) -> str:
    """이오: the digits of a date that has become a name."""
    return "".join(DIGITS[int(digit)] for digit in str(n))


def by_digit(written: str) -> str:
    """공일공: digits of a code or a telephone."""
    return "".join("공" if digit == "0" else DIGITS[int(digit)] for digit in written if digit.isdecimal())


def part(digits: str) -> str:
    """Of a version or a name: 십, 공일."""
    is_number = digits == "0" or (len(digits) <= 4 and not digits.startswith("0"))
    return sino(int(digits)) if is_number else by_digit(digits)
