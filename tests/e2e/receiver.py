"""An address that takes grades as a careful receiver does, and one that misbehaves as it is told.

It is written from what wisectl promises of its posts, not from its code: a signature over the
moment and the body, and a key by which a repeated post is known.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.loopback import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "a-shared-s3cret-of-tests"
DROP_BEFORE, DROP_AFTER, NEVER, HUGE, CUT_OFF = -1, -2, -3, -4, -5
Answer = int | tuple[int, dict[str, str]]
"""A status with headers, or one of the words above."""


@dataclass
class Inbox:
    """What arrived, and what to answer next; where nothing is said, it takes everything."""

    url: str = ""
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    """The key and the body of every post, repeated ones too."""
    taken: dict[str, bytes] = field(default_factory=dict)
    """By key the body that was taken first."""
    answers: deque[Answer] = field(default_factory=deque)
    always: Answer | None = None
    refuses: Callable[[list[dict[str, Any]]], int] | None = None
    """The status with which some grades are refused; 0 where they are taken."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    """What no post of ours may be."""

    def deliveries(self) -> list[dict[str, Any]]:
        """Every grade of every key, once each: what a receiver that knows keys has seen."""
        return [one for body in self.taken.values() for one in json.loads(body)["grades"]]

    def held(self) -> dict[str, dict[str, Any]]:
        """By id what a receiver that upserts holds."""
        found: dict[str, dict[str, Any]] = {}
        for one in sorted(self.deliveries(), key=lambda one: int(one["version"])):
            found[one["id"]] = one
        return found

    def grades(self) -> dict[tuple[str, str], str]:
        """By flow and person what it holds; two ids of one of them would be told."""
        rows = [((one["flow"], one["person"]), one["grade"]) for one in self.held().values()]
        assert len(dict(rows)) == len(rows)
        return dict(rows)

    def twice(self) -> list[tuple[str, int]]:
        """Versions of grades that came under more than one key."""
        seen = [(str(one["id"]), int(one["version"])) for one in self.deliveries()]
        return [one for one in set(seen) if seen.count(one) > 1]

    # ---- one post -------------------------------------------------------------------------------

    def check(self, path: str, headers: Any, body: bytes) -> None:
        signed = dict(one.split("=", 1) for one in headers["Wisectl-Signature"].split(","))
        message = signed["t"].encode() + b"." + body
        due = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        key = headers["Idempotency-Key"]
        earlier = dict(self.posts).get(key, body)
        wrong = {
            "path": path != "/hook/t0ken",
            "signature": not hmac.compare_digest(due, signed["v1"]),
            "time": abs(time.time() - int(signed["t"])) > 300,
            "type": headers["Content-Type"] != "application/json",
            "same key, other bytes": earlier != body,
        }
        self.faults += [name for name, is_wrong in wrong.items() if is_wrong]

    def take(self, key: str, body: bytes) -> None:
        self.taken.setdefault(key, body)

    def next_answer(self, body: bytes) -> Answer:
        if self.answers:
            return self.answers.popleft()
        if self.always is not None:
            return self.always
        return (self.refuses and self.refuses(json.loads(body)["grades"])) or 204


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    inbox: Inbox

    def do_POST(self) -> None:
        inbox = self.inbox
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        inbox.check(self.path, self.headers, body)
        inbox.posts.append((key, body))
        answer = inbox.next_answer(body)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if inbox.seconds:
            time.sleep(inbox.seconds)
        if status in (DROP_AFTER, HUGE, CUT_OFF) or 200 <= status < 300:
            inbox.take(key, body)
        if status in (DROP_BEFORE, DROP_AFTER, NEVER):
            if status == NEVER:
                time.sleep(1.5)
            self.close_connection = True
            return
        self._answer(status, headers)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        said = b"<html>\x00 not JSON \xff" if status != HUGE else b"x" * 2_000_000
        length = len(said) + (100 if status == CUT_OFF else 0)
        self.send_response(status if status > 0 else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if status != 204:
            self.wfile.write(said)
        self.close_connection = self.close_connection or status == CUT_OFF

    def log_message(self, *_: object) -> None:
        """Nothing: standard error belongs to the test."""


@contextmanager
def receiving() -> Iterator[Inbox]:
    """A receiver that listens until the block ends; nothing wrong may have come."""
    inbox = Inbox()
    handler = type("Handler", (_Handler,), {"inbox": inbox})
    with listening(handler) as url:
        inbox.url = f"{url}/hook/t0ken"
        yield inbox
    assert inbox.faults == []
