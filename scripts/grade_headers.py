"""Grades the headers of whatever a daemon answers: python -m scripts.grade_headers http://127.0.0.1:8766

Asks every operation of its OpenAPI document, the page with all of its files, what is not there and what is no HTTP.
TOKEN=... asks as who may do everything, too. Nothing is changed: what could is asked for as a page of another site
would, which is refused. Ends with 1 unless every mark is full.
"""

import http.client
import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx2

SAFE = ("get", "head", "options")
FOREIGN = {"Origin": "https://other.example"}
DOCS = ("/docs", "/docs/oauth2-redirect", "/redoc")
"""Swagger UI and ReDoc start from an inline script."""
KEPT = ("/web/", "/static-offline-docs/")
"""What a browser may keep: files that are the same for everybody"""
PAGES = ("/", "/ui", "/service-worker.js")


@dataclass(frozen=True)
class Answer:
    """What came, and to what."""

    asked: str
    path: str
    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    cookies: tuple[str, ...] = ()
    is_secure: bool = False

    def has(self, name: str, *values: str) -> bool:
        return self.headers.get(name) in values

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def policy(self) -> dict[str, str]:
        """Of content: what each directive says."""
        parts = (part.strip().partition(" ") for part in self.headers.get("content-security-policy", "").split(";"))
        return {name: sources for name, _, sources in parts}


Mark = Callable[[Answer], bool]


def has_a_type(answer: Answer) -> bool:
    if answer.status in (204, 304) or answer.has("content-length", "0"):
        return True
    return bool(answer.type) and ("charset=utf-8" in answer.type or not re.match(r"text/|.*\+xml", answer.type))


def allows_few_sources(answer: Answer) -> bool:
    policy = answer.policy
    sources = " ".join(policy.values())
    is_strict = "unsafe" not in sources or answer.path in DOCS
    return policy.get("default-src") == "'none'" and is_strict and "*" not in sources and "http:" not in sources


def is_kept_by_nobody(answer: Answer) -> bool:
    if answer.path in PAGES or answer.path.startswith(KEPT):
        return answer.has("cache-control", "no-cache", "no-store")
    return answer.has("cache-control", "no-store")


def is_read_by_no_other_site(answer: Answer) -> bool:
    return not [name for name in answer.headers if name.startswith("access-control-")]


def is_loaded_by_no_other_site(answer: Answer) -> bool:
    is_clip = answer.path.startswith("/v1/audio/clips/")  # whoever has its URL may play it, wherever
    return answer.has("cross-origin-resource-policy", "same-origin", *(["cross-origin"] if is_clip else []))


def keeps_its_windows_apart(answer: Answer) -> bool:
    return not answer.type.startswith("text/html") or answer.has("cross-origin-opener-policy", "same-origin")


def cookies_are_its_own(answer: Answer) -> bool:
    wanted = {"HttpOnly", "SameSite=Strict", "Path=/", *(["Secure"] if answer.is_secure else [])}
    return all(
        wanted <= set(cookie.split("; ")) and "domain=" not in cookie.lower() for cookie in answer.cookies
    )  # fmt: skip


MARKS: dict[str, Mark] = {
    "Content-Type, with its encoding": has_a_type,
    "X-Content-Type-Options": lambda answer: answer.has("x-content-type-options", "nosniff"),
    "Content-Security-Policy": allows_few_sources,
    "base-uri, form-action": lambda answer: (
        answer.policy.get("base-uri") == answer.policy.get("form-action") == "'none'"
    ),
    "frame-ancestors": lambda answer: answer.policy.get("frame-ancestors") in ("'self'", "'none'"),
    "Referrer-Policy": lambda answer: answer.has("referrer-policy", "no-referrer", "same-origin"),
    "Cross-Origin-Resource-Policy": is_loaded_by_no_other_site,
    "Cross-Origin-Opener-Policy": keeps_its_windows_apart,
    "no CORS for others": is_read_by_no_other_site,
    "Cache-Control": is_kept_by_nobody,
    "WWW-Authenticate with 401": lambda answer: answer.status != 401 or answer.has("www-authenticate", "Bearer"),
    "Set-Cookie": cookies_are_its_own,
    "no Server, X-Powered-By": lambda answer: not {"server", "x-powered-by"} & answer.headers.keys(),
}


class Examiner:
    """Asks one daemon."""

    def __init__(self, client: httpx2.Client, token: str = "") -> None:
        self._client = client
        self._token = token

    def answers(self) -> Iterator[Answer]:
        """To everything."""
        document = self._client.get("/openapi.json", headers=self._bearer).json()
        voices = self._client.get("/v1/audio/voices", headers=self._bearer).json()["voices"]
        askers = {
            "as somebody near": {},
            "as another page": FOREIGN,
            **({"with the token": self._bearer} if self._token else {}),
        }
        for path, operations in document["paths"].items():
            path = re.sub(r"\{.*?\}", voices[0]["id"] if path.startswith("/v1/audio/voices/") else "x", path)
            for method in operations:
                for name, headers in askers.items():
                    if method in SAFE or headers is FOREIGN:
                        yield self.ask(method, path, name, headers)
        for path in self._files():
            yield self.ask("get", path)
        yield from self._what_is_none()
        if self._token:
            yield self.ask("post", "/v1/session", "with the token", json={"token": self._token})

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _files(self) -> list[str]:
        """Of the page, as its service worker names them."""
        worker = self._client.get("/service-worker.js").text
        shell = json.loads(worker.partition("\n")[0].removeprefix("self.shell = ").removesuffix(";"))
        return ["/ui", "/service-worker.js", *(f"/{name}" for name in shell["files"]), *DOCS, "/openapi.json"]

    def _what_is_none(self) -> Iterator[Answer]:
        yield self.ask("get", "/nothing")
        yield self.ask("get", "/web/nothing.js")
        yield self.ask("delete", "/health", "as somebody near")
        yield self.ask("get", "/health", "by another name", {"Host": "other.example"})
        yield self.ask("get", "/v1/models?token=x", "with a key in the URL")
        yield self.ask("get", "/v1/models", "with a wrong token", {"Authorization": "Bearer x"})
        yield self.ask("options", "/v1/audio/speech", "as another page",
                       FOREIGN | {"Access-Control-Request-Method": "POST"})  # fmt: skip
        upgrade = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
        yield self.ask("get", "/v1/tts", "as a socket of another page", FOREIGN | upgrade)
        yield self.ask("get", "/nothing", "as a socket", upgrade)
        if self._client.base_url.scheme == "http":
            yield self._ask_in_no_http()

    def ask(
        self, method: str, path: str, who: str = "", headers: Mapping[str, str] = {}, json: object = None
    ) -> Answer:
        """Of the body no more is read than comes with the head."""
        with self._client.stream(method, path, headers=dict(headers), json=json) as told:
            return Answer(
                f"{method.upper()} {path} {who}".strip(), path, told.status_code, dict(told.headers),
                tuple(told.headers.get_list("set-cookie")), self._client.base_url.scheme == "https",
            )  # fmt: skip

    def _ask_in_no_http(self) -> Answer:
        url = self._client.base_url
        with socket.create_connection((url.host, url.port or 80), timeout=60) as sock:
            sock.sendall(b"HELLO\r\n\r\n")
            told = http.client.HTTPResponse(sock)
            told.begin()
            return Answer("HELLO", "", told.status, {name.lower(): value for name, value in told.getheaders()})


def grade(url: str, token: str = "") -> dict[str, dict[str, bool]]:
    """Each mark, and whether each answer has it."""
    with httpx2.Client(base_url=url, timeout=60, verify=False) as client:
        answers = list(Examiner(client, token).answers())
    return {
        name: {f"{answer.status} to {answer.asked}": mark(answer) for answer in answers} for name, mark in MARKS.items()
    }


def table_of(grades: Mapping[str, Mapping[str, bool]]) -> str:
    """As text: how many answers have each mark, and which have not."""
    lines = []
    for name, answers in grades.items():
        lines.append(f"{name:34} {sum(answers.values())} of {len(answers)}")
        lines += [f"    not: {asked}" for asked, is_right in answers.items() if not is_right]
    return "\n".join(lines)


def main() -> None:
    grades = grade(sys.argv[1], os.environ.get("TOKEN", ""))
    print(table_of(grades))
    sys.exit(0 if all(all(answers.values()) for answers in grades.values()) else 1)


if __name__ == "__main__":
    main()
