"""Grades posted to an address, signed, in batches that the receiver can tell from each other.

A batch goes into the ledger before it is sent, with the bytes that are sent, and is settled once
the receiver has taken it. One of which nobody knows is sent again, byte by byte the same and with
the same idempotency key, whatever the manifest says by then: from the key the receiver knows that
it has it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import ApiError
from engine.grades.columns import cells
from engine.grades.oneroster import result_id
from engine.grades.receiver import OpenedFlow, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.grades.ledger import Ledger, Line
    from engine.grades.ledger_file import LedgerFile
    from engine.grades.model import Delivered, GradeExport
    from engine.grades.posting import Poster

SIGNATURE = "Wisectl-Signature"
KEY = "Idempotency-Key"
REFUSALS = frozenset({400, 404, 409, 410, 413, 415, 422})
"""The receiver has read a batch and does not take it: to send it again would change nothing."""

BODIES = sa.Table(
    "wisectl_posts",
    sa.MetaData(),
    sa.Column("export", sa.String(200), primary_key=True),
    sa.Column("batch", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
"""What is posted of each batch that is on its way."""


class Receiver:
    """One address; its ledger is a file of ours."""

    def __init__(
        self, export: GradeExport, poster: Poster, secret: str, ledger: LedgerFile
    ) -> None:
        self._export, self._poster, self._file = export, poster, ledger
        self._secret = secret.encode()
        self._sent = 0

    async def recover(self) -> int:
        found = self.unfinished()
        refused = await self.send()
        return found - sum(len(one.people) for one in refused)

    def unfinished(self) -> int:
        return self._file.unfinished()

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedFlow]:
        yield OpenedFlow(self._file.delivered(flow), self.put_down)

    def put_down(self, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes down what is on its way, in batches with the keys that they are sent with."""
        most = self._export.to.batch
        with self._file.writing() as ledger:
            BODIES.create(ledger.connection, checkfirst=True)
            for at in range(0, len(lines), most):
                some = sorted(lines[at : at + most], key=lambda one: (one.flow, one.person))
                body = self._body(some)
                ledger.write(some, known, key_of(body))
                row = {"export": self._export.name, "batch": key_of(body), "body": body}
                ledger.connection.execute(sa.insert(BODIES).values(row))

    async def send(self) -> list[Refused]:
        """Sends every batch on its way. Raises: ApiError, where nobody knows what came of one."""
        if not self._file.path.exists():
            return []
        refused = []
        with self._file.transaction() as ledger:
            names = list(ledger.on_their_way())
        for name in names:
            with self._file.transaction() as ledger:
                people = tuple(line.person for line in ledger.batch(name))
                body = ledger.connection.execute(self._of(sa.select(BODIES.c.body), name)).scalar()
            why = await self._send(name, bytes(body or b""))
            with self._file.transaction() as ledger:
                self._end(ledger, name, taken=not why)
            if why:
                refused.append(Refused(people, why))
            else:
                self._sent += len(people)
        return refused

    async def finish(self) -> tuple[str, ...]:
        return (f"{self._sent} posted",) if self._sent else ()

    def _of(self, statement: Any, name: str) -> Any:
        """The statement about the body of one batch alone."""
        return statement.where(BODIES.c.export == self._export.name, BODIES.c.batch == name)

    def _end(self, ledger: Ledger, name: str, *, taken: bool) -> None:
        """A batch has arrived, or is what it was before."""
        (ledger.settle if taken else ledger.take_back)(name)
        ledger.connection.execute(self._of(sa.delete(BODIES), name))

    async def _send(self, name: str, body: bytes) -> str:
        """Why the receiver does not take the batch; empty where it does."""
        at = str(int(time.time()))
        headers = {KEY: name, SIGNATURE: f"t={at},v1={signature(self._secret, at, body)}"}
        try:
            await self._poster.post(body, headers)
        except ApiError as error:
            if error.status not in REFUSALS:
                raise
            return f"the receiver refused them: {error.status}"
        return ""

    def _body(self, lines: list[Line]) -> bytes:
        """The batch as it is sent: no two batches are the same, as ids with versions are not."""
        grades = [
            {
                "id": result_id(line),
                "change": "new" if line.version == 1 else "changed",
                "version": line.version,
                **cells(line, self._export.columns),
            }
            for line in lines
        ]
        whole: dict[str, Any] = {"export": self._export.key, "grades": grades}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def key_of(body: bytes) -> str:
    """The idempotency key of a body; version numbers make each delivery another one."""
    return hashlib.sha256(body).hexdigest()[:40]


def signature(secret: bytes, at: str, body: bytes) -> str:
    """The HMAC-SHA256, in hex, of the moment (seconds since 1970), a point and the body."""
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
