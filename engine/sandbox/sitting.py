"""One participant's exam, from opening it to the export of its grade: rows out, nothing stored.

Everything depends on the seat (flow and user) and on nothing else, so that it can be played again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.sandbox.marking import (
    BY_MANAGER,
    CONFLICTING,
    SUBMITTED,
    AuditEvent,
    Markers,
    finalized,
)
from engine.sandbox.scales import Scale, drawn, neighbour

if TYPE_CHECKING:
    from engine.sandbox.announcements import News
    from engine.sandbox.store import Row

# Shares of a cohort.
_ABSENT = 0.06
_BLANK = 0.015
_SICK = 0.3  # of the absent: a manager says why
_CONFLICT = 0.15
_CORRECTED = 0.02
_EXPORTED, _QUEUED, _FAILED = 0.6, 0.7, 0.75  # limits, not shares

_HOUR, _DAY = 3_600, 86_400
_FAILURES = (
    "The person is not registered for this assessment",
    "The assessment is closed for results",
    "The student information system did not answer",
)


@dataclass(frozen=True, slots=True)
class Exam:
    """What all participants of a flow have in common."""

    flow: Row
    scale: Scale
    markers: Markers
    now: int

    @property
    def marking(self) -> tuple[int, int]:
        """Start and end of marking, at least a day."""
        start = self.flow["marking_start"] or self.now
        return start, max(self.flow["marking_end"] or 0, start + _DAY)


@dataclass(slots=True)
class Outcome:
    """Rows for the tables, and what webhooks are told."""

    submissions: list[tuple[Any, ...]] = field(default_factory=list)
    grades: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    audits: list[AuditEvent] = field(default_factory=list)
    news: list[News] = field(default_factory=list)


class Sitting:
    """A participant's row, with `submission` and `result` where they have these already."""

    def __init__(self, exam: Exam, person: Row, outcome: Outcome) -> None:
        self._exam = exam
        self._person = person
        self._outcome = outcome
        self._id: int = person["id"]
        self._seat = f"{exam.flow['id']}/{person['user_id']}"

    def play(self) -> str:
        """`graded`, `absent`, or `blank` (handed in without content, graded lowest)."""
        absent = self._chance("absent") < _ABSENT
        blank = not absent and self._chance("blank") < _BLANK
        if self._person["submission"] is None:
            self._submit(handed_in=not absent, blank=blank)
        if self._person["result"] is None:
            if not absent:
                self._grade(blank=blank)
            elif self._chance("sick") < _SICK:
                self._excuse()
        return "absent" if absent else "blank" if blank else "graded"

    def _chance(self, about: str) -> float:
        """A number from 0 to 1 that depends on the seat and nothing else."""
        digest = hashlib.blake2b(f"{about}/{self._seat}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _submit(self, *, handed_in: bool, blank: bool) -> None:
        number = self._person["number"]
        ip = f"10.20.{number // 250 % 250}.{number % 250 + 1}" if handed_in else None
        opened, end = self._times()
        row = (self._id, int(handed_in), int(blank), end if handed_in else None, ip)
        self._outcome.submissions.append(row)
        if handed_in:
            self._write_and_hand_in(opened, end)

    def _times(self) -> tuple[int, int]:
        """When the flow was opened and when the paper was handed in, late in the participation."""
        flow, person = self._exam.flow, self._person
        start = person["participation_start"] or flow["participation_start"] or self._exam.now
        end = person["participation_end"] or flow["participation_end"] or start + 4 * _HOUR
        handed_in = int(start + (end - start) * (0.55 + 0.44 * self._chance("moment")))
        opened = start + int(min(600, (handed_in - start) / 4) * self._chance("opened"))
        return opened, handed_in

    def _write_and_hand_in(self, opened: int, end: int) -> None:
        self._note("participant", "FLOW_OPENED", opened)
        self._note("participant", "ASSIGNMENT_ACCESSED", opened + 30)
        for part in (1, 2, 3):
            typed = int(4000 * part / 3 * (0.5 + self._chance(f"typed{part}")))
            at = opened + (end - opened) * part // 4
            self._note("participant", "CHARACTERS_TYPED", at, f'{{"characters": {typed}}}')
            self._note("participant", "PAPER_SAVED", at)
        self._note("participant", "PAPER_HANDED_IN", end)
        self._tell("PAPER_SUBMITTED")

    def _note(self, context: str, type_: str, at: int, payload: str = "{}") -> None:
        person, flow = self._person["user_id"], self._exam.flow["id"]
        self._outcome.events.append((flow, person, context, type_, at, payload))

    def _tell(self, event: str, **more: Any) -> None:
        payload = {"flowId": self._exam.flow["id"], "participantId": self._id, **more}
        self._outcome.news.append((event, payload))

    def _grade(self, *, blank: bool) -> None:
        grade = drawn(self._exam.scale, 1.0 if blank else self._chance("grade"))
        at = self._mark(grade)
        self._audit(finalized(self._exam.markers, self._id, at, **self._as_audited(grade)))
        self._note("assessor", "GRADE_SUBMITTED", at, json.dumps({"grade": grade}))
        self._tell("FINAL_GRADE", grade=grade)
        admin: tuple[str | None, int | None] = (None, None)
        if self._chance("corrected") < _CORRECTED:
            admin = self._correct(neighbour(self._exam.scale, grade))
        self._outcome.grades.append((self._id, grade, at, *admin, *self._export(at)))

    def _as_audited(self, grade: str) -> dict[str, Any]:
        return {"grade": grade, "scale": self._exam.scale["id"]}

    def _event(self, type_: str, at: int, user: int, grade: str) -> AuditEvent:
        return AuditEvent(self._id, type_, at, user, user, **self._as_audited(grade))

    def _audit(self, event: AuditEvent) -> None:
        self._outcome.audits.append(event)

    def _mark(self, grade: str) -> int:
        """When the grade is agreed upon; two assessors first differ now and then."""
        start, end = self._exam.marking
        last = start + _HOUR + int((end - start - 3 * _HOUR) * self._chance("graded"))
        assessors = self._exam.markers.of(self._id)
        if not assessors:
            return last
        differ = len(assessors) == 2 and self._chance("conflict") < _CONFLICT
        if len(assessors) == 2:
            mark = neighbour(self._exam.scale, grade) if differ else grade
            earlier = int((last - start) * self._chance("first") / 2)
            self._hand_over(assessors[0], mark, last - 60 - earlier)
        self._hand_over(assessors[-1], grade, last)
        if differ:
            self._audit(self._event(CONFLICTING, last + 1, assessors[-1], grade))
            last += _HOUR
            self._hand_over(assessors[0], grade, last)
        return last + 1

    def _hand_over(self, user: int, grade: str, at: int) -> None:
        self._audit(self._event(SUBMITTED, at, user, grade))
        self._tell("ASSESSMENT", grade=grade)

    def _correct(self, grade: str) -> tuple[str, int]:
        """An administrative grade of the scale, days after marking."""
        at = self._exam.marking[1] + int(_DAY * (3 + 17 * self._chance("late")))
        return self._set_admin(grade, at, **self._as_audited(grade))

    def _excuse(self) -> None:
        """An administrative grade in a word, where there is nothing to mark."""
        at = self._times()[1] + int(_DAY * (1 + 6 * self._chance("late")))
        admin = self._set_admin("Sick", at, grade=None, scale=None, note="Sick")
        self._outcome.grades.append((self._id, None, None, *admin, *self._export(at)))

    def _set_admin(self, word: str, at: int, **audited: Any) -> tuple[str, int]:
        manager = self._exam.markers.manager
        self._audit(AuditEvent(self._id, BY_MANAGER, at, manager, None, **audited))
        self._tell("ALTERNATIVE_GRADE", grade=word)
        return word, at

    def _export(self, graded: int) -> tuple[int, int | None, str | None]:
        """State, date and message; only who came through a SIS is exported to it.

        Source: WISEflow help, export of grades to a student information system.
        """
        chance = self._chance("export")
        if not self._person["sis"] or chance >= _FAILED:
            return 0, None, None
        if chance >= _QUEUED:
            return 3, None, _FAILURES[int(self._chance("failure") * len(_FAILURES))]
        if chance >= _EXPORTED:
            return 1, None, None
        after = max(self._exam.marking[1], graded)
        return 2, after + int(2 * _DAY * self._chance("exported")), None
