"""Servers that repeat whatever they are told, and what nobody told them, in every spelling."""

from __future__ import annotations

import base64
import html
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, quote_plus, unquote_plus, urlsplit

from tests import loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SECRETS = {
    "client secret": 'c4n/Flow+Client&Secret="One"x',
    "API key": "c4nKeyOfWiseflow%41/two+and=that",
    "WISEflow token": "c4nFlowToken.eyJhbGciOi.J9_three-3",
    "UNIWeb secret": "c4n Uniweb\\Secret four ø",
    "UNIWeb token": "c4nUniTokenFive5/5==",
    "plan key": "c4nPlanKeySix-666666-and-more",
    "webhook secret": "w7hook&Canary/Seven=ø and-more",
}
PHONE = "+45 70 71 72 73"
EMAIL = "c4nstranger@elsewhere.example"


def spellings(secret: str) -> list[str]:
    """The secret as servers have been seen to repeat it."""
    raw = secret.encode()
    return [
        secret,
        secret.upper(),
        quote(secret, safe=""),
        quote_plus(secret).lower(),
        quote(quote(secret, safe=""), safe=""),
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        json.dumps(json.dumps(secret)),
        "".join(f"\\u{ord(c):04x}" for c in secret),
        html.escape(secret),
        "".join(f"&#{ord(c)};" for c in secret),
        *(base64.b64encode(b"x" * n + raw).decode() for n in range(3)),
        base64.urlsafe_b64encode(b"id:" + raw).decode().rstrip("="),
        raw.hex(),
        "\n".join(secret[at : at + 5] for at in range(0, len(secret), 5)),
        secret[: len(secret) * 2 // 3],
    ]


def found(text: str, canaries: Iterable[str]) -> list[str]:
    """The canaries that stand in a text, read in every way in which it might be meant."""
    views = {_squeezed(view) for view in _views(text)}
    return [one for one in canaries if any(_core(one) in view for view in views)]


def _core(canary: str) -> str:
    """A part that gives it away, and that no two of them share."""
    squeezed = _squeezed(canary)
    if re.fullmatch(r"\+\d+", squeezed):
        return squeezed[3:]
    return squeezed[: len(squeezed) * 3 // 5]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s().-]+", "", text).lower()


def _views(text: str) -> Iterator[str]:
    seen = [text]
    for _ in range(3):
        seen += [way(one) for one in list(dict.fromkeys(seen)) for way in (_url, _json, _html)]
        seen = list(dict.fromkeys(seen))
    yield from seen
    for token in re.findall(r"[A-Za-z0-9+/_-]{12,}", re.sub(r"\s", "", text) + " " + text):
        yield from _decoded(token)


def _url(text: str) -> str:
    return unquote_plus(text)


def _json(text: str) -> str:
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\+([\"\\/])", r"\1", text)


def _html(text: str) -> str:
    return html.unescape(text)


def _decoded(token: str) -> Iterator[str]:
    plain = token.replace("-", "+").replace("_", "/")
    for skip in range(4):
        part = plain[skip:]
        part = part[: len(part) // 4 * 4]
        yield base64.b64decode(part).decode("utf-8", "replace")
    for skip in range(2):
        digits = re.match(r"(?:[0-9a-fA-F]{2})+", token[skip:])
        if digits:
            yield bytes.fromhex(digits[0]).decode("utf-8", "replace")


# ---- the server ---------------------------------------------------------------------------------


@dataclass
class Parrot:
    """Stands before a sandbox, hands out tokens of its own, and answers as `mode` says."""

    sandbox: str
    mode: str = "fine"
    which: Callable[[str, str], bool] = field(default=lambda method, path: True)
    url: str = ""
    heard: list[str] = field(default_factory=list)

    def told(self, request: Any, body: bytes) -> str:
        """All that the request held, and every secret in every spelling."""
        heard = " ".join([*request.headers.values(), request.path, body.decode(errors="replace")])
        said = [one for secret in SECRETS.values() for one in spellings(secret)]
        return " ".join([*said, PHONE, PHONE.replace(" ", ""), quote(PHONE), EMAIL, heard])


def answered(
    parrot: Parrot, method: str, path: str, said: str
) -> tuple[int, dict[str, str], bytes]:
    """How a server that refuses says so, one of many ways."""
    error = {"code": 400, "message": said, "errors": [{"reason": "echo", "message": said}]}
    line = " ".join(said.split()).encode("ascii", "replace").decode()
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {
        "envelope": (
            400,
            {},
            json.dumps({"success": False, "data": None, "error": error}).encode(),
        ),
        "partial": (
            200,
            {},
            json.dumps({"success": False, "data": [said], "error": error}).encode(),
        ),
        "short": (403, {}, json.dumps(said[:200]).encode()),
        "each": (409, {}, json.dumps({"error": said[200:600], "message": said[-400:]}).encode()),
        "oauth": (401, {}, json.dumps({"error": "no", "error_description": said}).encode()),
        "text": (404, {"Content-Type": "text/plain"}, said.encode()),
        "html": (500, {"Content-Type": "text/html"}, f"<html>{html.escape(said)}</html>".encode()),
        "redirect": (307, {"Location": f"{parrot.url}/{line[:2000]}"}, said.encode()),
        "uniweb": (200, {}, json.dumps({"error": {"message": said, "code": 500}}).encode()),
        "names": (200, {}, json.dumps({"success": True, "data": [{"id": said}]}).encode()),
    }
    return answers[parrot.mode]


class _Handler(BaseHTTPRequestHandler):
    parrot: Parrot
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self.parrot.heard.append(f"{self.command} {path}")
        said = self.parrot.told(self, body)
        if self.parrot.mode not in {"fine", "data"} and self.parrot.which(self.command, path):
            self._send(*answered(self.parrot, self.command, path, said), said)
        elif path.endswith(("/oauth2/token", "/token.php")):
            self._send(200, {}, self._token(path, body), said)
        else:
            self._send(*self._passed_on(body, said), said)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _token(self, path: str, body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        flow = path.endswith("/oauth2/token")
        secret = form.get("client_secret" if flow else "password")
        assert secret == SECRETS["client secret" if flow else "UNIWeb secret"]
        token = SECRETS["WISEflow token" if flow else "UNIWeb token"]
        answer = {"access_token": token, "expires_in": 3599, "token_type": "bearer", "scope": ""}
        return json.dumps(answer).encode()

    def _passed_on(self, body: bytes, said: str) -> tuple[int, dict[str, str], bytes]:
        sandbox = self.parrot.sandbox
        headers = {"x-api-key": "sandbox"}
        if kind := self.headers.get("Content-Type"):
            headers["Content-Type"] = kind
        url = f"{sandbox}{self.path}"
        if "/uniweb/" in self.path:
            login = {"grant_type": "password", "username": "sandbox", "password": "sandbox"}
            answer = loopback.post(f"{sandbox}/uniweb/api/token.php", data=login)
            url = f"{url.partition('?')[0]}?access_token={answer.json()['access_token']}"
        passed = loopback.request(self.command, url, content=body, headers=headers)
        kept = {n: v for n, v in passed.headers.items() if n in {"content-type", "date"}}
        content = passed.content
        if self.parrot.mode == "data":
            content = content.replace(b"Mathematics 101", json.dumps(said)[1:-1].encode())
            content = content.replace(b"Larsen", json.dumps(said[-2000:])[1:-1].encode())
        return passed.status_code, kept, content

    def _send(self, status: int, headers: dict[str, str], body: bytes, said: str) -> None:
        self.send_response_only(status)
        line = " ".join(said.split()).encode("ascii", "replace").decode()
        for name, value in {"X-Trace-Id": line[:3000], "X-Echo": line[-3000:], **headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests read standard error."""


@contextmanager
def parroting(sandbox: str) -> Iterator[Parrot]:
    parrot = Parrot(sandbox)
    handler = type("Handler", (_Handler,), {"parrot": parrot})
    with loopback.listening(handler) as parrot.url:
        yield parrot
