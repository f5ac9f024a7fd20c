"""What a run meant to write and what came of it: append-only JSON Lines, synced before each write.

One file a run, below `.wisectl/journal/<environment>/`; it is the audit log too. No values of
people and no secrets stand in it: users by address, seats by WISEflow's numbers (times and exam
ids of single participants without their values), flow fields with their values (they are what
`undo` takes back), fields of users by name, but for their roles, login and language.

    run       who, where, when, commit, digest of the plan, environment, licence
    change    the intent: address, part, fields, seats
    call      the intent of one writing request: operation, path, number in this run
    answer    what came of that request: status and trace id, or how it was lost
    outcome   what came of the change
    end       how the run ended
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import JournalError
from engine.model import INDIVIDUAL
from engine.plan import VERBS

if TYPE_CHECKING:
    from pathlib import Path

    from engine.model import Value
    from engine.plan import Change, Outcome, SeatsChange

FORMAT = "1.0"
IMPERSONAL = frozenset({"roles", "login", "language"})
"""Fields of users whose values say nothing of the person; all others are left out."""

RECENT = 100
"""Runs that are looked through for the last count of a profile."""

NumberOf = Callable[[str], "int | None"]
"""From a name as the plan shows it to WISEflow's number of that person."""
_current: ContextVar[str] = ContextVar("change", default="")


@dataclass(frozen=True, slots=True)
class Run:
    """Who started a run, from what. `plan` is the digest of the plan, `commit` that of git."""

    environment: str
    who: str
    host: str
    commit: str | None
    plan: str
    licence: str
    source: str
    """`apply`, `plan file`, or `reviewed`."""
    members: Mapping[str, int]
    """For each profile how many members UNIWeb answered."""


class Journal:
    """One run's file. What is awaited stands on the disk; many that wait share one sync."""

    def __init__(self, folder: Path, run: Run, now: datetime) -> None:
        self.run_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
        self.path = folder / f"{self.run_id}.jsonl"
        self._file = _opened(self.path)
        self._lost: JournalError | None = None
        self._pending: list[bytes] = []
        self._added = self._flushed = 0
        self._flushing: asyncio.Task[None] | None = None
        self._calls = 0
        row = {name: getattr(run, name) for name in Run.__slots__}
        self._add("run", format_version=FORMAT, run=self.run_id, **row)
        self._write(self._taken())
        _sync_folder(folder)

    # ---- the applier's side ----------------------------------------------------------------

    async def starting(self, change: Change, number_of: NumberOf) -> None:
        """Notes the intent; returns once it is on the disk."""
        _current.set(change.id)
        self._add("change", **intent(change, number_of))
        await self._synced()

    def settled(self, outcome: Outcome) -> None:
        """Notes what came of a change; on the disk with the next sync."""
        self._add("outcome", id=outcome.change.id, result=str(outcome.result))

    async def end(self, exit_code: int) -> None:
        """Notes how the run ended, and closes the file; what cannot be written ends with no end."""
        self._add("end", exit_code=exit_code)
        await self.close()

    async def close(self) -> None:
        """Writes what is pending and closes the file; a second time it does nothing."""
        if self._file >= 0:
            with suppress(JournalError):
                await self._synced()
            os.close(self._file)
            self._file = -1

    # ---- the client's side -----------------------------------------------------------------

    async def calling(self, operation: str, path: str) -> int:
        """Notes that a request is about to be sent; its number, once that is on the disk."""
        self._calls += 1
        number = self._calls
        self._add("call", number=number, id=_current.get(), operation=operation, path=path)
        await self._synced()
        return number

    def answered(self, number: int, status: int, trace: str, lost: str = "") -> None:
        """Notes what came of a request; `lost` says why there is no answer."""
        row: dict[str, Any] = {"number": number, "status": status}
        row |= {name: value for name, value in (("trace", trace), ("lost", lost)) if value}
        self._add("answer", **row)

    # ---- the disk --------------------------------------------------------------------------

    def _add(self, kind: str, **row: Value) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json.dumps({"type": kind, "at": at, **row}, default=_plain)
        self._pending.append(text.encode() + b"\n")
        self._added += 1

    async def _synced(self) -> None:
        """Waits until all that was added so far is on the disk. Raises: JournalError."""
        mine = self._added
        while self._flushed < mine:
            if self._lost:
                raise self._lost  # What comes after lines that are lost would tell another story.
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush())
            await asyncio.shield(self._flushing)

    async def _flush(self) -> None:
        count = self._added
        await asyncio.to_thread(self._write, self._taken())
        self._flushed = count

    def _taken(self) -> bytes:
        lines, self._pending = self._pending, []
        return b"".join(lines)

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            self._lost = JournalError(self.path, error)
            raise self._lost from None


def _opened(path: Path) -> int:
    """A file of its own. Raises: JournalError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    except OSError as error:
        raise JournalError(path, error) from None


def intent(change: Change, number_of: NumberOf) -> dict[str, Any]:
    """A change as the journal keeps it: values of people are left out."""
    fields = [
        {"path": field.path}
        if change.address.kind == "user" and field.path not in IMPERSONAL
        else {"path": field.path, "before": field.before, "after": field.after}
        for field in change.fields
    ]
    row: dict[str, Any] = {"id": change.id, "action": str(change.action), "fields": fields}
    return row | ({"seats": _seats(change.seats, number_of)} if change.seats else {})


def _seats(seats: SeatsChange, number_of: NumberOf) -> dict[str, Any]:
    row: dict[str, Any] = {"role": seats.role}
    if seats.role.startswith("assessor_groups"):
        row["group"] = seats.of
    elif seats.of:
        row["of"] = number_of(seats.of)
    is_personal = seats.role in INDIVIDUAL
    for verb in VERBS:
        people = [
            {
                "user": seat.user_id or number_of(seat.person),
                "flags": {} if is_personal else dict(seat.before),
            }
            for seat in getattr(seats, verb)
        ]
        row |= {verb: people} if people else {}
    return row


def _plain(value: Value) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return dict(value) if isinstance(value, Mapping) else sorted(str(one) for one in value)


def _sync_folder(folder: Path) -> None:
    """A file is only there after a crash if its folder was synced too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- reading -----------------------------------------------------------------------------------


def runs(folder: Path) -> list[Path]:
    """The files of an environment's runs, oldest first."""
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of one run; a last line that a crash cut in two is left out."""
    for line in path.read_bytes().split(b"\n"):
        if _is_row(line):
            yield json.loads(line)


def as_kept(value: Value) -> Value:
    """A value as it comes back from a journal."""
    return json.loads(json.dumps(value, default=_plain))


def _is_row(line: bytes) -> bool:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and _has_due(row)


DUE: dict[str, dict[str, type]] = {
    "run": {"at": str, "run": str},
    "change": {"id": str, "action": str, "fields": list},
    "outcome": {"id": str, "result": str},
    "call": {"number": int, "operation": str, "path": str},
    "answer": {"number": int},
    "end": {"exit_code": int},
}
"""What every line of a type has; of a change's fields and seats, more below."""


def _has_due(row: dict[str, Any]) -> bool:
    due = DUE.get(str(row.get("type")))
    if due is None or not all(isinstance(row.get(name), kind) for name, kind in due.items()):
        return False
    seats = row.get("seats", {"role": ""})
    verbs = [seats.get(verb, []) for verb in VERBS] if isinstance(seats, dict) else [None]
    lists = [row.get("fields", []), *verbs]
    if not all(isinstance(one, list) and all(isinstance(r, dict) for r in one) for one in lists):
        return False
    paths = [one.get("path") for one in row.get("fields", ())]
    return all(isinstance(text, str) for text in (*paths, seats.get("role")))


def damage(path: Path) -> str:
    """What of a run's file cannot be read, or nothing; a crash cuts only the last line in two."""
    *lines, rest = path.read_bytes().split(b"\n")
    rows = [*read(path)]
    if not rows or rows[0]["type"] != "run":
        return "it does not begin as a journal does"
    unreadable = len(lines) - len(rows) + _is_row(rest)
    return f"{unreadable} of its lines cannot be read" if unreadable else ""


def last_members(folder: Path) -> dict[str, int]:
    """For each profile how many members UNIWeb answered in the last run that asked for it."""
    found: dict[str, int] = {}
    for path in reversed(runs(folder)[-RECENT:]):
        header = next(read(path), {})
        members = header.get("members")
        for profile, count in members.items() if isinstance(members, dict) else ():
            if isinstance(count, int):
                found.setdefault(profile, count)
    return found
