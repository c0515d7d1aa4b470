"""A table of traps per language, and more in cuts/: each line is one text, with a bar where a segment ends."""

import random
from pathlib import Path

import pytest

from qwen3tts_daemon.text.segments import LiveSegmenter

TRAPS = {
    "en": """
        Dr. Smith met Mr. and Mrs. Jones. | They talked.
        He paid $3.50 for it. | She paid 3.14 dollars.
        We leave at 9 a.m. | We return at 5 p.m. on Monday.
        J. R. R. Tolkien wrote it. | C. S. Lewis read it.
        The U.S. Army came. | He lives in the U.S. | The end.
        Bring fruit, e.g. apples, i.e. red ones, etc. | Then cook.
        No. | I don't want it. | See No. 5 on the list.
        Really?! | Yes... maybe. | Well... | I think so.
        "Stop!" he said. | "Why?" she asked. | “No.” | Then he left.
        I use Yahoo! every day. | Visit example.com. | It's 1.2.3 now.
        i like it. | it is good. | really
        It happened in May. | 1990 was long ago.
        We met at St. Mary's. | He lives on Main St. | The house is red.
        I have 3. | You have 4. | On Jan. 5 we go.
        Take plan B. | We need it. | Mail me@mail.example.org. | Thanks!
    """,
    "de": """
        Am 3. Oktober ist frei. | Der 1. Mai auch.
        Heute ist der 5. März. | Morgen ist Mittwoch.
        Haustiere, z. B. Hunde, sind nett. | Das heißt, d. h. fast immer.
        Im 19. Jahrhundert lebte Ludwig II. von Bayern. | Er baute Schlösser.
        Äpfel, Birnen usw. | Dann kam Dr. Meier, u. a. mit Prof. Schulz.
        Es kostet 3,14 Euro bzw. ca. 1.000 Cent. | Das ist viel.
        »Wirklich?«, fragte er. | „Ja.“ | Dann ging sie.
        Er wohnt in der Hauptstr. 5 in Nr. 7. | Wir nicht.
        Die Sitzung ist am 3. und 4. Mai. | Sie endet um 5. | Danach essen wir.
        Das gilt ggf. auch inkl. der Steuer. | Ende.
        Heute ist der 5. | Wir gehen. | Es sind 20 °C. | Und 50 %. | Gut so.
        Er sagte: »Ja.« | Dann schwieg er. | Ach so … na gut.
        Der Film läuft am 3. 10. 2026 um 20.15 Uhr. | Komm!
        Das ist jeder 2. Versuch. | Er hat den 3. Platz.
    """,
    "fr": """
        M. Dupont et Mme. Martin arrivent. | Ils mangent.
        Prenez un fruit, p. ex. une pomme. | Merci.
        César mourut en 44 av. J.-C. à Rome. | Il y a env. 50 ans.
        « Bonjour. » | Puis il partit. | « Vraiment ? » dit-elle.
        Ça coûte 3,50 €. | C'est cher ! | Non ?
        Il est 9 h. | Nous partons. | Qu'est-ce que c'est ?
        J. Verne est né à Nantes. | V. Hugo aussi.
        Des pommes, des poires, etc. | Ensuite, on mange.
        Bon… d'accord. | Ah… | Je vois.
        Voyez l'art. 5 de la loi. | Voir p. 12. | Fin.
    """,
    "es": """
        El Sr. García y la Sra. López llegaron. | La Dra. Ruiz también.
        ¿Qué tal? | ¡Muy bien! | ¿Y tú? | Bien.
        Compra fruta, p. ej. manzanas. | Gracias.
        Se lo digo a Ud. | Vamos ya.
        Vive en EE.UU. desde 1990. | Es médico.
        No. | No quiero. | Ver núm. 5 y pág. 7. | Fin.
        Así es. | Me gusta. | Son 3,50 euros.
        Salimos a las 9 a. m. | Luego volvemos.
        «¡Hola!» dijo. | «Sí.» | Luego calló.
        Pan, leche, etc. | ¿Algo más?
    """,
    "it": """
        Il Sig. Rossi e il Dott. Bianchi arrivano. | Ciao.
        Mele, pere ecc. | Poi basta.
        Così è. | Va bene. | Costa 3,50 euro.
        «Davvero?» chiese. | «Sì.» | Poi uscì.
        Prendi un frutto, p. es. una mela. | Grazie.
        La Dott.ssa Verdi vive a Roma. | Ha ca. 40 anni.
        Perché no?! | Dai! | Vieni...
        G. Verdi nacque nel 1813. | È famoso.
        Sono le 9. | Andiamo. | Vedi pag. 5 e art. 3. | Fine.
    """,
    "pt": """
        O Sr. Silva e a Sra. Costa chegaram. | O Dr. Reis não.
        Compre fruta, p. ex. maçãs. | Obrigado.
        Custa R$ 3,50. | É barato! | Sim?
        Arroz, feijão, etc. | Depois comemos.
        «Olá.» | Então saiu. | “Não.” | Depois voltou.
        São 9 horas. | Vamos! | A Profa. Lima vem.
        Moro na Av. Paulista. | Fica no n.º 1.000. | Certo.
        Bem... talvez. | Não sei... | Acho que sim.
        J. A. Gomes leu a pág. 12. | Gostou.
    """,
    "ru": """
        Он взял хлеб, т. е. батон. | Потом ушёл.
        Яблоки, груши и т. д. | Потом чай.
        Это было в 1990 г. | Москва стояла. | Я живу в г. Москва на ул. Ленина.
        Цена 500 руб. | Это дорого. | Цена 5 руб. за штуку.
        А. С. Пушкин родился в Москве. | Л. Н. Толстой писал.
        — Привет! — сказал он. | — Кто там?
        «Да.» | Потом он ушёл. | «Правда?» — спросила она.
        Я дал им. | Потом ушёл. | Население 5 млн. человек.
        Да. | Нет! | Что?! | Ну... ладно.
        Это 3,14 метра. | Версия 1.2.3 готова.
    """,
    "zh": """
        你好。|今天天气怎么样？|很好！
        他说：“你好。”|然后走了。
        圆周率是3.14。|版本是1.2.3。
        嗯……我不知道。|真的？！
        （你好。）|谢谢。
        我用AT&T。|你呢？
        《红楼梦》很好看。|“真的吗？”|她问。
        价格是 1,000 元。|太贵了！
        你好!|今天好吗?|好
    """,
    "ja": """
        こんにちは。|元気ですか？|はい！
        「行く。」と言った。|「本当？」と聞いた。
        「はい。」|「いいえ。」
        値段は3.5円です。|安い。
        うん……そうだね。|えっ？！
        東京。|大阪。|京都
        5月3日は休みです。|4日も。
        Yahoo!を使う。|便利です。
        （笑）。|すごい！ | 本当に。
    """,
    "ko": """
        안녕하세요. | 반갑습니다. | 네!
        가격은 3.5달러입니다. | 싸요.
        "네." | 그가 말했다. | "왜?"라고 물었다.
        오늘은 5월 3일입니다. | 내일은요?
        음... | 모르겠어요. | 정말?!
        1.2.3 버전입니다. | example.com에 있어요.
        좋아요! | 가요. | 12시예요.
        "뭐?" | 그는 놀랐다. | ‘응.’ | 그래.
        A.I. 기술입니다. | 끝.
    """,
}


def expected_of(line: str) -> tuple[str, list[str]]:
    """The text and its segments; a bar between two segments is no part of the text."""
    return line.replace(" | ", " ").replace("|", ""), [segment.strip() for segment in line.split("|")]


CASES = [
    pytest.param(*expected_of(line.strip()), id=f"{language}-{number}")
    for language, lines in TRAPS.items()
    for number, line in enumerate(lines.strip().splitlines())
]
CASES += [
    pytest.param(*expected_of(line), id=f"{path.stem}-cuts-{number}")
    for path in sorted(Path(__file__).with_name("cuts").glob("*.txt"))
    for number, line in enumerate(path.read_text().splitlines())
]


def spoken(pieces: list[str]) -> list[str]:
    segmenter = LiveSegmenter()
    segments = [segment for piece in pieces for segment in segmenter.feed(piece)] + segmenter.end()
    return [segment.text for segment in segments]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_sentences_end_where_a_speaker_ends_them(text: str, expected: list[str]) -> None:
    assert spoken([text]) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_pieces_do_not_matter(text: str, expected: list[str]) -> None:
    assert spoken(list(text)) == expected
    chance = random.Random(text)
    for _ in range(5):
        cuts = sorted(chance.sample(range(len(text)), 4))
        assert spoken([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == expected


@pytest.mark.parametrize("language", TRAPS)
def test_every_language_has_its_traps(language: str) -> None:
    assert len(TRAPS[language].strip().splitlines()) >= 8
