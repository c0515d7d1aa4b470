"""Laws of the line: clients take turns, nobody waits for ever, and nobody fills it."""

import random
from collections import Counter

import pytest

from qwen_tts.engine.fairness import Turns, check_may_wait
from qwen_tts.errors import EngineBusy


class Line:
    """Texts that wait, each named by its client."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.waiting: list[str] = []

    def come(self, *clients: str) -> None:
        self.waiting += clients

    def next(self) -> str:
        client = self.turns.line(self.waiting, str)[0]
        self.turns.begin(client, len(set(self.waiting)))
        self.waiting.remove(client)
        return client

    def all(self) -> str:
        return "".join(self.next() for _ in range(len(self.waiting)))


def test_clients_take_turns() -> None:
    line = Line()
    line.come(*"aaaabbbc")
    assert line.turns.line(line.waiting, str) == list("abcababa"), "told before it happens"
    assert line.all() == "abcababa"


def test_who_is_alone_has_every_turn() -> None:
    line = Line()
    line.come(*"aaaa")
    assert line.all() == "aaaa"


def test_who_comes_later_takes_turns_from_now_on() -> None:
    line = Line()
    line.come(*"aaaaaa")
    assert line.next() + line.next() == "aa"
    line.come(*"bb")
    assert line.all() == "babaaa"


@pytest.mark.parametrize("clients", ["ab", "abc", "abcde"])
def test_who_always_has_something_gets_as_much_as_the_others(clients: str) -> None:
    line = Line()
    line.come(*clients, *clients[0] * 20)
    served: Counter[str] = Counter()
    for _ in range(50):
        client = line.next()
        served[client] += 1
        line.come(client)
        assert max(served.values()) - min(served[one] for one in clients) <= 1


def test_nobody_is_passed_over_for_ever_by_those_who_have_just_come() -> None:
    line = Line()
    line.come(*"aaa")
    begun = []
    for number in range(20):
        line.come(f"new {number}")
        begun.append(line.next())
    assert begun.count("a") == 3


def test_what_leaves_the_line_is_held_against_nobody() -> None:
    line = Line()
    line.come(*"bbbbbbbba")
    line.waiting = list("ba")
    line.come(*"aaab")
    assert line.all() == "baba" + "aa"


@pytest.mark.parametrize("seed", range(10))
def test_whatever_comes_and_leaves_the_first_of_a_client_waits_for_few(seed: int) -> None:
    chance, line, clients = random.Random(seed), Line(), "abcde"
    waits: Counter[str] = Counter()
    for _ in range(2_000):
        if len(line.waiting) < 40:
            line.come(*chance.choices(clients, k=chance.choice((0, 1, 1, 2, 6))))
        if line.waiting and chance.random() < 0.4:
            left = chance.choice(line.waiting)
            line.waiting.remove(left)
        if line.waiting:
            begun = line.next()
            waits[begun] = 0
            for client in clients:
                waits[client] = waits[client] + 1 if client != begun and client in line.waiting else 0
        assert max(waits.values(), default=0) <= 2 * len(clients)


def places(clients: str, total: int) -> str:
    """Who got in, if they come in this order."""
    waiting = ""
    for client in clients:
        try:
            check_may_wait(client.strip(), waiting.count(client), total - len(waiting))
        except EngineBusy:
            continue
        waiting += client
    return waiting


def test_who_fills_the_line_leaves_half_of_it() -> None:
    assert places("a" * 20 + "b" * 20 + "cd", 8) == "aaaabbcd"


def test_a_line_takes_no_more_than_it_has_places_for() -> None:
    assert places("abcdefghij", 8) == "abcdefgh"
    assert not places("a", 0)


def test_those_who_do_not_say_who_they_are_fill_it() -> None:
    assert places(" " * 20, 8) == " " * 8


@pytest.mark.parametrize(
    ("own", "free", "why"),
    [
        (0, 0, "too many utterances wait already"),
        (3, 2, "3 utterances of yours are there already, and the 2 places left are for others"),
    ],
)
def test_who_is_refused_is_told_why_and_when_to_come_again(own: int, free: int, why: str) -> None:
    with pytest.raises(EngineBusy) as refused:
        check_may_wait("a", own, free)
    assert (str(refused.value), refused.value.retry_after_s) == (why, 1)


def test_who_had_a_turn_waits_for_one_turn_of_each_other() -> None:
    line = Line()
    line.come("a")
    assert line.next() == "a"
    line.come("a", "a", "b", "b")
    assert [line.next() for _ in range(4)] == ["b", "a", "b", "a"]


def test_nothing_is_kept_of_clients_whose_next_turn_may_start() -> None:
    line = Line()
    for number in range(1_000):
        line.come(f"client {number}")
        line.next()
    line.come("client 0")  # its second turn starts when everybody else has had a first
    line.next()
    assert [*line.turns._next_start] == ["client 0"]
