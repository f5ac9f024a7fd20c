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
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from engine.errors import ApiError
from engine.grades.columns import cells
from engine.grades.oneroster import result_id
from engine.grades.receiver import IN_A_ROW, NOBODY_ELSE, OpenedFlow, Refused, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.grades.ledger import Ledger, Line
    from engine.grades.ledger_file import LedgerFile
    from engine.grades.model import Delivered, GradeExport
    from engine.grades.posting import Poster
    from engine.grades.receiver import Stamp

SIGNATURE = "Wisectl-Signature"
KEY = "Idempotency-Key"
REFUSALS = frozenset({400, 404, 409, 410, 413, 415, 422})
"""The receiver has read a batch and does not take it: to send it again would change nothing."""

ABOUT_GRADES = frozenset({400, 413, 422})
"""Of these, what may be about some grades of the batch: the others are sent without them."""
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
        self._refused_in_a_row = 0

    async def recover(self) -> int:
        found = self.unfinished()
        sent = await self.send()
        if sent.error:
            raise sent.error
        return found - sum(len(one.people) for one in sent.refused)

    def unfinished(self) -> int:
        """Raises: EngineError, where what was delivered went to another host."""
        if self._file.path.exists():
            with self._file.transaction() as ledger:
                self._settle_place(ledger, writes=False)
        return self._file.unfinished()

    def _settle_place(self, ledger: Ledger, *, writes: bool) -> None:
        to = self._export.to
        before = origin_of(to.moved_from) if to.moved_from else ""
        ledger.settle_place(origin_of(to.value), before, writes=writes)

    def stamp(self, flow: str) -> Stamp:
        """Always the same: a run has the ledger to itself."""
        return NOBODY_ELSE

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedFlow]:
        yield OpenedFlow(self._file.delivered(flow), self.put_down)

    def put_down(self, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes down what is on its way, in batches with the keys that they are sent with."""
        most = self._export.to.batch
        coming = [line for line in lines if line.content]
        with self._file.writing() as ledger:
            BODIES.create(ledger.connection, checkfirst=True)
            ledger.write([line for line in lines if not line.content], known)
            for at in range(0, len(coming), most):
                some = coming[at : at + most]
                ledger.write(some, known, self._put_body(ledger, some))

    async def send(self) -> Sent:
        """Sends every batch on its way; what comes after one of which nobody knows waits too."""
        refused: list[Refused] = []
        if not self._file.path.exists():
            return Sent()
        with self._file.transaction() as ledger:
            names = deque(ledger.on_their_way())
        while names:
            name = names.popleft()
            with self._file.transaction() as ledger:
                lines = ledger.batch(name)
                body = ledger.connection.execute(self._of(sa.select(BODIES.c.body), name)).scalar()
            try:
                status = await self._send(name, bytes(body or b""))
            except ApiError as error:
                return Sent(refused, self._left(), error)
            with self._file.transaction() as ledger:
                if self._is_parted(status, lines):
                    names.extendleft(self._part(ledger, name, lines))
                    continue
                self._end(ledger, name, taken=not status)
            if status:
                self._refused_in_a_row += 1
                people = tuple(line.person for line in lines)
                refused.append(Refused(people, f"the receiver refused them: {status}"))
            else:
                self._refused_in_a_row = 0
                self._sent += len(lines)
        return Sent(refused)

    def _left(self) -> frozenset[tuple[str, str]]:
        """The flow and the person of every grade that is still on its way."""
        with self._file.transaction() as ledger:
            lines = (line for name in ledger.on_their_way() for line in ledger.batch(name))
            return frozenset((line.flow, line.person) for line in lines)

    def _is_parted(self, status: int, lines: list[Line]) -> bool:
        """Whether some grades of a batch may be taken without the others."""
        may_be = status in ABOUT_GRADES and self._refused_in_a_row < IN_A_ROW
        return may_be and len(lines) > 1

    def _part(self, ledger: Ledger, name: str, lines: list[Line]) -> list[str]:
        """Two batches in the place of one, so that one grade does not keep back all others."""
        ledger.connection.execute(self._of(sa.delete(BODIES), name))
        half, names = len(lines) // 2, []
        for some in (lines[half:], lines[:half]):
            key = self._put_body(ledger, some)
            ledger.split(name, [line.person for line in some], key)
            names.append(key)
        return names

    def _put_body(self, ledger: Ledger, lines: list[Line]) -> str:
        """The key of what is posted of some grades."""
        in_order = sorted(lines, key=lambda one: (one.flow, one.person))
        body = self._body(in_order, ledger.since())
        row = {"export": self._export.name, "batch": key_of(body), "body": body}
        ledger.connection.execute(sa.insert(BODIES).values(row))
        return key_of(body)

    async def finish(self) -> tuple[str, ...]:
        return (f"{self._sent} posted",) if self._sent else ()

    def _of(self, statement: Any, name: str) -> Any:
        """The statement about the body of one batch alone."""
        return statement.where(BODIES.c.export == self._export.name, BODIES.c.batch == name)

    def _end(self, ledger: Ledger, name: str, *, taken: bool) -> None:
        """A batch has arrived, and this is the place; or it is what it was before."""
        if taken:
            self._settle_place(ledger, writes=True)
            ledger.settle(name)
        else:
            ledger.take_back(name)
        ledger.connection.execute(self._of(sa.delete(BODIES), name))

    async def _send(self, name: str, body: bytes) -> int:
        """The status with which the receiver refuses the batch; 0 where it takes it."""
        at = str(int(time.time()))
        headers = {KEY: name, SIGNATURE: f"t={at},v1={signature(self._secret, at, body)}"}
        try:
            await self._poster.post(body, headers)
        except ApiError as error:
            if error.status not in REFUSALS:
                raise
            return error.status
        return 0

    def _body(self, lines: list[Line], since: int) -> bytes:
        """The batch as it is sent: no two batches are the same, as ids with versions are not.

        Versions count on from when the ledger was begun: were it lost, those of the next ledger
        would be lower than what the receiver has, which would keep that.
        """
        grades = [
            {
                "id": result_id(line),
                "change": "new" if line.version == 1 else "changed",
                "version": since + line.version,
                **cells(line, self._export.columns),
            }
            for line in lines
        ]
        whole: dict[str, Any] = {"export": self._export.key, "grades": grades}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def origin_of(url: str) -> str:
    """Scheme and host: a path may hold a token, and tokens are changed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()


def key_of(body: bytes) -> str:
    """The idempotency key of a body; version numbers make each delivery another one."""
    return hashlib.sha256(body).hexdigest()[:40]


def signature(secret: bytes, at: str, body: bytes) -> str:
    """The HMAC-SHA256, in hex, of the moment (seconds since 1970), a point and the body."""
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
