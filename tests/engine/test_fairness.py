"""Laws of the line: clients take turns, nobody waits for ever, and nobody fills it."""

from collections import Counter

import pytest

from qwen_tts.errors import EngineBusy
from qwen_tts.fairness import Turns, check_place


class Line:
    """Texts that wait, each named by its client."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.waiting: list[tuple[float, str]] = []

    def come(self, *clients: str) -> None:
        self.waiting += [(self.turns.give(client), client) for client in clients]

    def next(self) -> str:
        first = min(self.waiting, key=lambda one: one[0])
        self.waiting.remove(first)
        self.turns.begin(first[0])
        if first[1] not in [client for _, client in self.waiting]:
            self.turns.forget(first[1])
        return first[1]

    def all(self) -> str:
        return "".join(self.next() for _ in range(len(self.waiting)))


def test_clients_take_turns() -> None:
    line = Line()
    line.come(*"aaaabbbc")
    assert line.all() == "abcababa"


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
    for number in range(20):
        line.come(f"new {number}")
        if line.next() == "a" and not any(client == "a" for _, client in line.waiting):
            break
    else:
        raise AssertionError("it waits for ever")


def test_turns_that_were_not_taken_are_not_held_against_who_left() -> None:
    line = Line()
    line.come("a", *"bbbb")
    line.waiting = line.waiting[:1]
    line.turns.forget("b")
    line.come("c", "b", "c")
    assert line.all() == "acbc"


def places(clients: str, total: int) -> str:
    """Who got in, if they come in this order."""
    waiting = ""
    for client in clients:
        try:
            check_place(client.strip(), waiting, total - len(waiting))
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
