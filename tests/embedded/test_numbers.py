import pytest

from qwen3tts_daemon.embedded.numbers.normaliser import TextNormaliser
from qwen3tts_daemon.embedded.phonemes.g2p import G2P

CASES = {
    "de": {
        "Ich habe 1.250 Äpfel.": "Ich habe eintausendzweihundertfünfzig Äpfel.",
        "Es sind 3,14 Meter.": "Es sind drei Komma eins vier Meter.",
        "Treffen am 5. März 2024.": "Treffen am fünften März zweitausendvierundzwanzig.",
        "um 14:30 Uhr": "um vierzehn Uhr dreißig",
        "Das kostet 3,50 €.": "Das kostet drei Euro fünfzig Cent.",
        "Die Feuchte ist 45 %.": "Die Feuchte ist fünfundvierzig Prozent.",
        "Es sind -5 °C.": "Es sind minus fünf Grad Celsius.",
        "Er fuhr 120 km/h.": "Er fuhr einhundertzwanzig Kilometer pro Stunde.",
    },
    "fr": {
        "J'ai 1 250 pommes.": "J'ai mille deux cent cinquante pommes.",
        "Il fait 3,14 ici.": "Il fait trois virgule quatorze ici.",
        "le 05/03/2024": "le cinq mars deux mille vingt-quatre",
        "à 14h30": "à quatorze heures trente",
        "Ça coûte 3,50 €.": "Ça coûte trois euros cinquante.",
        "Il y a 45 % de marge.": "Il y a quarante-cinq pour cent de marge.",
        "Il fait 21 °C dehors.": "Il fait vingt et un degrés dehors.",
        "Il roulait à 120 km/h.": "Il roulait à cent vingt kilomètres à l'heure.",
    },
    "es": {
        "Tengo 1.250 manzanas.": "Tengo mil doscientas cincuenta manzanas.",
        "Son 3,14 aquí.": "Son tres coma catorce aquí.",
        "el 05/03/2024": "el cinco de marzo de dos mil veinticuatro",
        "a las 14:30": "a las catorce y media",
        "Cuesta 3,50 €.": "Cuesta tres euros con cincuenta céntimos.",
        "El 45 % es mío.": "El cuarenta y cinco por ciento es mío.",
        "Hace -5 °C.": "Hace menos cinco grados.",
        "Iba a 120 km/h.": "Iba a ciento veinte kilómetros por hora.",
    },
    "it": {
        "Ho 1.250 mele.": "Ho milleduecentocinquanta mele.",
        "Lui ha 3 gatti.": "Lui ha tre gatti.",
        "Sono 3,14 qui.": "Sono tre virgola quattordici qui.",
        "il 5 marzo 2024 alle 14:30": "il cinque marzo duemilaventiquattro alle quattordici e trenta",
        "Costa 3,50 €.": "Costa tre euro e cinquanta.",
        "È il 45%.": "È il quarantacinque per cento.",
        "Ci sono -5 °C.": "Ci sono meno cinque gradi.",
        "Andava a 120 km/h.": "Andava a centoventi chilometri orari.",
    },
    "pt": {
        "Tenho 1.250 livros.": "Tenho mil duzentos e cinquenta livros.",
        "São 3,14 aqui.": "São três vírgula um quatro aqui.",
        "em 05/03/2024": "em cinco de março de dois mil e vinte e quatro",
        "às 14:30": "às catorze horas e trinta",
        "Custa R$ 3,50.": "Custa três reais e cinquenta centavos.",
        "A umidade é de 45%.": "A umidade é de quarenta e cinco por cento.",
        "Faz -5 °C.": "Faz menos cinco graus Celsius.",
        "Ia a 120 km/h.": "Ia a cento e vinte quilômetros por hora.",
    },
    "ru": {
        "У меня 1250 яблок.": "У меня тысяча двести пятьдесят яблок.",
        "Здесь 3,14.": "Здесь три целых и четырнадцать сотых.",
        "5 марта 2024 года": "пятого марта две тысячи двадцать четвертого года",
        "в 14:30": "в четырнадцать часов тридцать минут",
        "Это стоит 100 ₽.": "Это стоит сто рублей.",
        "Влажность 45%.": "Влажность сорок пять процентов.",
        "На улице -5 °C.": "На улице минус пять градусов Цельсия.",
        "Он ехал 120 км/ч.": "Он ехал сто двадцать километров в час.",
    },
    "zh": {
        "我有1250个苹果。": "我有一千二百五十个苹果。",
        "我有2个苹果，12个梨。": "我有两个苹果，十二个梨。",
        "圆周率是3.14。": "圆周率是三点一四。",
        "2024年3月5日": "二零二四年三月五日",
        "14:30出发": "十四点三十分出发",
        "价格是￥3.50。": "价格是三点五零元。",
        "湿度是45%。": "湿度是百分之四十五。",
        "外面-5°C。": "外面负五摄氏度。",
        "电话13800138000": "电话一三八零零一三八零零零",
    },
    "ko": {
        "가격은 3,500원입니다.": "가격은 삼천오백원입니다.",
        "원주율은 3.14입니다.": "원주율은 삼점일사입니다.",
        "2024년 3월 5일": "이천이십사년 삼월 오일",
        "14:30에 출발": "십사시 삼십분에 출발",
        "사과 3개": "사과 세개",
        "습도는 45%입니다.": "습도는 사십오 퍼센트입니다.",
        "밖은 -5°C입니다.": "밖은 마이너스 오도입니다.",
    },
}  # fmt: skip

ENGLISH = {
    "I have 1,250 apples.": "I have one thousand two hundred fifty apples.",
    "It is 3.14 here.": "It is three point one four here.",
    "We meet on 3/5/2024.": "We meet on March fifth, twenty twenty four.",
    "It costs $3.50.": "It costs three dollars and fifty cents.",
    "It is 45%.": "It is forty five percent.",
    "It is -5 °C.": "It is minus five degrees Celsius.",
    "He drove 120 km/h.": "He drove one hundred twenty kilometers per hour.",
    "It blows at 10 m/s.": "It blows at ten meters per second.",
}

JAPANESE = {
    "1人で行きます。": "ひとりで行きます。",
    "今日は20日です。": "今日ははつかです。",
    "14:30に出発": "十四時三十分に出発",
    "2024/03/05": "二千二十四年三月五日",
    "¥3,500です。": "三千五百円です。",
    "湿度は45%です。": "湿度は四十五パーセントです。",
    "外は-5°Cです。": "外はマイナス五度です。",
    "円周率は3.14です。": "円周率は三点一四です。",
    "現在の気温は0度です。": "現在の気温はゼロ度です。",
    "体温は36.0度です。": "体温は三十六点ゼロ度です。",
    "マイナス0.5度": "マイナスれー点五度",
    "00:00に消えます": "ゼロ時に消えます",
    "0:15に出発": "ゼロ時十五分に出発",
    "第0回": "第ゼロ回",
    "０個です": "ゼロ個です",
    "2000年に1,000,000円": "二千年に百万円",
    "番号は0120です。": "番号はゼロイチニーゼロです。",
}

JAPANESE_DIGITS = {
    "10.05": "ʥɨʔ teɴ ʣeɾo ɡoː",
    "0.0": "ɾeː teɴ ʣeɾo",
    "v2.0": "bɯi ɲiː teɴ ʣeɾo",
    "電話は03-1234-0000": "deɴβa βa ʣeɾo saɴ iʨi ɲiː saɴ joɴ ʣeɾo ʣeɾo ʣeɾo ʣeɾo",
    "1234-56-78": "iʨi ɲiː saɴ joɴ ɡoː ɾokɯ nana haʨi",
}


def unstressed(phonemes: str) -> str:
    return phonemes.replace("ˈ", "").replace("ˌ", "")


@pytest.fixture(scope="module")
def normaliser() -> TextNormaliser:
    return TextNormaliser()


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [(language, written, said) for language, cases in CASES.items() for written, said in cases.items()],
)
def test_a_sentence_is_said_as_a_speaker_would(
    normaliser: TextNormaliser, language: str, written: str, said: str
) -> None:
    assert normaliser.normalise(written, language) == said


@pytest.mark.parametrize(("written", "said"), ENGLISH.items())
def test_english_g2p_reads_numbers_itself(normaliser: TextNormaliser, g2p: G2P, written: str, said: str) -> None:
    read = [g2p.phonemes(normaliser.normalise(text, "en"), "en-US") for text in (written, said)]
    assert unstressed(read[0]) == unstressed(read[1])


@pytest.mark.parametrize(("written", "said"), JAPANESE.items())
def test_japanese_g2p_reads_numbers_with_their_counters(
    normaliser: TextNormaliser, g2p: G2P, written: str, said: str
) -> None:
    read = [g2p.phonemes(normaliser.normalise(text, "ja"), "ja-JP") for text in (written, said)]
    assert read[0].replace(" ", "") == read[1].replace(" ", "")


@pytest.mark.parametrize(("written", "read"), JAPANESE_DIGITS.items())
def test_japanese_digits_one_by_one_are_read(normaliser: TextNormaliser, g2p: G2P, written: str, read: str) -> None:
    assert g2p.phonemes(normaliser.normalise(written, "ja"), "ja-JP").replace(" ", "") == read.replace(" ", "")


DIGITS = {
    "en": "one two three four five six seven eight nine zero",
    "de": "eins zwei drei vier fünf sechs sieben acht neun null",
    "es": "uno dos tres cuatro cinco seis siete ocho nueve cero",
    "fr": "un deux trois quatre cinq six sept huit neuf zéro",
    "it": "uno due tre quattro cinque sei sette otto nove zero",
    "pt": "um dois três quatro cinco seis sete oito nove zero",
    "ru": "один два три четыре пять шесть семь восемь девять ноль",
    "zh": "一 二 三 四 五 六 七 八 九 零",
    "ko": "일 이 삼 사 오 육 칠 팔 구 공",
}


@pytest.mark.parametrize("separator", ["", ",", ".", "'", "\u202f"])
@pytest.mark.parametrize("language", DIGITS)
def test_a_number_too_long_for_words_is_said_digit_by_digit(
    normaliser: TextNormaliser, language: str, separator: str
) -> None:
    number = separator.join(["123", "456", "789", "012", "345", "678"])
    digits = DIGITS[language].split()
    assert normaliser.normalise(number, language).split() == [
        digits[int(digit) - 1] for digit in number if digit.isdigit()
    ]


@pytest.mark.parametrize(("language", "point"), [("en", "point"), ("de", "Komma"), ("fr", "virgule"), ("zh", "点")])
def test_a_long_fraction_is_said_digit_by_digit(normaliser: TextNormaliser, language: str, point: str) -> None:
    words = normaliser.normalise("0.12345678901234567890", language).split(point)[1].split()
    assert words == DIGITS[language].split() * 2


@pytest.mark.parametrize("language", [*CASES, "en", "ja"])
@pytest.mark.parametrize("digits", ["5", "５", "٥", "५", "𝟝"])
def test_a_digit_of_any_script_is_a_digit(normaliser: TextNormaliser, language: str, digits: str) -> None:
    assert normaliser.normalise(digits, language) == normaliser.normalise("5", language)


@pytest.mark.parametrize(("grammar", "sound"), [("pt", "012,345,678"), ("pt", "é 0,000000000000000000000000001")])
def test_what_a_grammar_does_not_cover_is_said_digit_by_digit(
    normaliser: TextNormaliser, grammar: str, sound: str
) -> None:
    assert not any(map(str.isdigit, normaliser.normalise(sound, grammar)))


@pytest.mark.parametrize("language", [*CASES, "en", "ja"])
def test_text_without_digits_and_signs_stays_as_it_is(language: str) -> None:
    normaliser = TextNormaliser()
    assert normaliser.normalise("Hmm… so what?", language) == "Hmm… so what?"
