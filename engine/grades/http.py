"""Grades posted to an address, signed, in batches that the receiver can tell from each other.

A batch goes into the ledger before it is sent, and is settled once the receiver has taken it. One
of which nobody knows is sent again, byte by byte the same and with the same idempotency key: from
the key the receiver knows that it has it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, BudgetError
from engine.grades.columns import cells
from engine.grades.ledger import open_file, transaction
from engine.grades.receiver import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import sqlalchemy as sa

    from engine.grades.ledger import Line
    from engine.grades.model import Delivered, GradeExport
    from engine.grades.posting import Poster

SIGNATURE = "Wisectl-Signature"
KEY = "Idempotency-Key"
REFUSALS = frozenset({400, 404, 409, 410, 413, 415, 422})
"""The receiver has read a batch and does not take it: to send it again would change nothing."""


class Receiver:
    """One address; its ledger is a file of ours."""

    def __init__(self, export: GradeExport, poster: Poster, secret: str, ledger: Path) -> None:
        self._export, self._poster = export, poster
        self._secret, self._path = secret.encode(), ledger
        self._opened: sa.Engine | None = None
        self._sent = 0

    async def recover(self) -> int:
        found = self.unfinished()
        await self.send()
        return found

    def unfinished(self) -> int:
        if not self._path.exists():
            return 0
        with transaction(self._engine(), self._export.name) as ledger:
            return sum(ledger.on_their_way().values())

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedFlow]:
        if not self._path.exists():
            yield OpenedFlow({}, self)
            return
        with transaction(self._engine(), self._export.name) as ledger:
            known = ledger.delivered(flow)
        yield OpenedFlow(known, self)

    def put_down(self, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes down what is on its way, in batches with the keys that they are sent with."""
        most = self._export.to.batch
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with transaction(self._engine(), self._export.name) as ledger:
            ledger.take_turn()
            for at in range(0, len(lines), most):
                some = sorted(lines[at : at + most], key=lambda one: (one.flow, one.person))
                ledger.write(some, known, key_of(self._body(some)))

    async def send(self) -> list[Refused]:
        """Sends every batch on its way. Raises: ApiError, where nobody knows what came of one."""
        if not self._path.exists():
            return []
        refused = []
        with transaction(self._engine(), self._export.name) as ledger:
            names = list(ledger.on_their_way())
        for name in names:
            with transaction(self._engine(), self._export.name) as ledger:
                lines = ledger.batch(name)
            why = await self._send(name, lines)
            with transaction(self._engine(), self._export.name) as ledger:
                (ledger.take_back if why else ledger.settle)(name)
            if why:
                refused.append(Refused(tuple(line.person for line in lines), why))
            else:
                self._sent += len(lines)
        return refused

    async def finish(self) -> tuple[str, ...]:
        await self._poster.close()
        return (f"{self._sent} posted",) if self._sent else ()

    async def _send(self, name: str, lines: list[Line]) -> str:
        """Why the receiver does not take the batch; empty where it does."""
        body = self._body(lines)
        at = str(int(time.time()))
        headers = {KEY: name, SIGNATURE: f"t={at},v1={signature(self._secret, at, body)}"}
        try:
            await self._poster.post(body, headers)
        except ApiError as error:
            if error.status not in REFUSALS or isinstance(error, BudgetError):
                raise
            return f"the receiver refused them: {error.status}"
        return ""

    def _body(self, lines: list[Line]) -> bytes:
        """The batch as it is sent: the same lines make the same bytes."""
        grades = [
            {
                "change": "new" if line.version == 1 else "changed",
                "version": line.version,
                **cells(line, self._export.columns),
            }
            for line in lines
        ]
        whole: dict[str, Any] = {"export": self._export.key, "grades": grades}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()

    def _engine(self) -> sa.Engine:
        if self._opened is None:
            self._opened = open_file(self._path)
        return self._opened


class OpenedFlow:
    """One flow of an address: what is written is on its way until it is sent."""

    def __init__(self, known: Mapping[str, Delivered], receiver: Receiver) -> None:
        self.known = known
        self._receiver = receiver

    def write(self, lines: list[Line]) -> None:
        self._receiver.put_down(lines, self.known)


def key_of(body: bytes) -> str:
    """The idempotency key of a body; version numbers make each delivery another one."""
    return hashlib.sha256(body).hexdigest()[:40]


def signature(secret: bytes, at: str, body: bytes) -> str:
    """The HMAC-SHA256, in hex, of the moment (seconds since 1970), a point and the body."""
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
