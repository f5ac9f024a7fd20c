"""Grades set, corrected and withdrawn by hand: what people do in WISEflow and its API cannot.

The same audit events and webhooks come of it as of marking. Nothing documents a webhook for a grade
that is withdrawn, so that nobody is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sandbox.announcements import announce
from engine.sandbox.marking import (
    AUDIT_INSERT,
    BY_MANAGER,
    REMOVED,
    SUBMITTED,
    UNLOCKED,
    AuditEvent,
    Markers,
    finalized,
)
from engine.sandbox.scales import Scale, scale_of, stored

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

_EXPORTED, _FAILED = 2, 3
_MEMBERS = ("participant_id", "grade", "admin_grade", "at", "export_state", "export_message")
_REFUSED = "The student information system refused the grade"
_SHOWN = (
    "SELECT p.id AS participant_id, g.grade, g.graded_at, g.admin_grade, g.admin_graded_at, "
    "g.export_state, g.exported_at, g.export_message FROM participants p "
    "LEFT JOIN grades g ON g.participant_id = p.id WHERE p.id = ?"
)


class GradeError(Exception):
    """A change of grades that cannot be made; the message says why."""


def change_grades(store: Store, body: Any) -> list[dict[str, Any]]:
    """How the grades of the participants stand after all changes of a list, or after none."""
    entries = body if isinstance(body, list) else [body]
    with store.transaction():
        for entry in entries:
            _check(entry)
            _change(_book(store, entry), entry)
        return [dict(store.all(_SHOWN, entry["participant_id"])[0]) for entry in entries]


def _check(entry: Any) -> None:
    if not isinstance(entry, dict) or not _whole(entry.get("participant_id")):
        raise GradeError('send [{"participant_id": n, "grade": the grade as entered, …}]')
    unknown = sorted(set(entry) - set(_MEMBERS))
    if unknown:
        raise GradeError(f"unknown {', '.join(unknown)}; there is {', '.join(_MEMBERS)}")
    for name in ("grade", "admin_grade", "export_message"):
        if not isinstance(entry.get(name), str | None):
            raise GradeError(f"{name} must be a text or null")
    if not _whole(entry.get("at", 0)):
        raise GradeError("at must be Unix seconds")
    state = entry.get("export_state", 0)
    if not _whole(state) or state > _FAILED:
        raise GradeError("export_state must be 0, 1, 2 or 3")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


@dataclass(frozen=True, slots=True)
class _Book:
    """One participant, and what its grades depend on."""

    store: Store
    person: Row
    scale: Scale
    markers: Markers
    at: int

    @property
    def grades(self) -> Row | None:
        return self.store.one("SELECT * FROM grades WHERE participant_id = ?", self.person["id"])

    def set(self, **columns: Any) -> None:
        """Change the row of the grades, which is made where there is none."""
        self.store.run(
            "INSERT OR IGNORE INTO grades (participant_id, export_state) VALUES (?, 0)",
            self.person["id"],
        )
        names = ", ".join(f"{name} = ?" for name in columns)
        self.store.run(
            f"UPDATE grades SET {names} WHERE participant_id = ?",  # noqa: S608
            *columns.values(),
            self.person["id"],
        )

    def note(self, type_: str, user: int | None, marker: int | None = None, **what: Any) -> None:
        said: dict[str, Any] = {"grade": None, "scale": None} | what
        self.audit(AuditEvent(self.person["id"], type_, self.at, user, marker, **said))

    def audit(self, event: AuditEvent) -> None:
        self.store.many(AUDIT_INSERT, [event])

    def tell(self, event: str, grade: str) -> None:
        ids = {"flowId": self.person["flow_id"], "participantId": self.person["id"]}
        announce(self.store, event, ids | {"grade": grade})


def _book(store: Store, entry: dict[str, Any]) -> _Book:
    person = store.one("SELECT * FROM participants WHERE id = ?", entry["participant_id"])
    if person is None:
        raise GradeError(f"there is no participant {entry['participant_id']}")
    flow = store.one("SELECT * FROM flows WHERE id = ?", person["flow_id"])
    assert flow is not None  # noqa: S101 - a participant has a flow
    at = entry.get("at", store.clock.now())
    return _Book(store, person, scale_of(store, flow), Markers(store, flow["id"]), at)


def _change(book: _Book, entry: dict[str, Any]) -> None:
    """Members that are left out change nothing; null withdraws a grade."""
    if "grade" in entry:
        _set_grade(book, entry["grade"])
    if "admin_grade" in entry:
        _set_admin_grade(book, entry["admin_grade"])
    if "export_state" in entry:
        _set_export(book, entry["export_state"], entry.get("export_message"))
    book.store.run(
        "DELETE FROM grades WHERE participant_id = ? AND grade IS NULL AND admin_grade IS NULL",
        book.person["id"],
    )


def _set_grade(book: _Book, entered: str | None) -> None:
    before = book.grades
    old = None if before is None else before["grade"]
    if old is not None:
        book.note(UNLOCKED, book.markers.manager, grade=old, scale=book.scale["id"])
    if entered is None:
        _withdraw(book, old)
        return
    value = stored(book.scale, entered)
    if value is None:
        raise GradeError(f"{entered!r} is no grade of the scale {book.scale['name']!r}")
    _mark(book, value)
    book.set(grade=value, graded_at=book.at)
    book.tell("FINAL_GRADE", value)


def _withdraw(book: _Book, old: str | None) -> None:
    if old is None:
        return
    last = [None, *book.markers.of(book.person["id"])][-1]
    book.note(REMOVED, last, last, grade=old, scale=book.scale["id"])
    book.set(grade=None, graded_at=None)


def _mark(book: _Book, value: str) -> None:
    """Every assessor of the participant hands in the same grade, and it is final."""
    audited = {"grade": value, "scale": book.scale["id"]}
    for user in book.markers.of(book.person["id"]):
        book.note(SUBMITTED, user, user, **audited)
        book.tell("ASSESSMENT", value)
    book.audit(finalized(book.markers, book.person["id"], book.at, **audited))


def _set_admin_grade(book: _Book, entered: str | None) -> None:
    """A grade of the scale is stored as one; any other word stays as it is.

    Source of an exported one being final: WISEflow help, export of alternative grades.
    """
    row = book.grades
    old = None if row is None else row["admin_grade"]
    if row is not None and old is not None and (row["exported_at"] or 0) >= row["admin_graded_at"]:
        raise GradeError("an alternative grade that was exported can no longer be changed")
    if entered is None:
        if old is not None:
            book.note(UNLOCKED, book.markers.manager, note=old)
            book.set(admin_grade=None, admin_graded_at=None)
        return
    value = stored(book.scale, entered)
    told = {"note": entered} if value is None else {"grade": value, "scale": book.scale["id"]}
    book.note(BY_MANAGER, book.markers.manager, **told)
    book.set(admin_grade=value or entered, admin_graded_at=book.at)
    book.tell("ALTERNATIVE_GRADE", value or entered)


def _set_export(book: _Book, state: int, message: str | None) -> None:
    """The date belongs to what was exported, the message to what failed."""
    if book.grades is None:
        raise GradeError(f"participant {book.person['id']} has no grade to export")
    book.set(
        export_state=state,
        exported_at=book.at if state == _EXPORTED else None,
        export_message=(message or _REFUSED) if state == _FAILED else None,
    )
