"""Play a flow to its end: participants hand in or stay away, assessors grade."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from engine.sandbox.announcements import announce
from engine.sandbox.tables import STATE

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

_ABSENT = 0.06
_BLANK = 0.015
_DAY = 86_400


def play(store: Store, flow_id: int) -> dict[str, Any]:
    """What became of the participants, by number; the same for the same flow every time.

    A draft is activated. A flow that is archived, unknown or without participants is left alone,
    as are grades that exist.
    """
    nothing = {"flow_id": flow_id, "graded": 0, "absent": 0, "blank": 0}
    with store.transaction():
        flow = store.one(
            f"SELECT f.*, {STATE} AS state FROM flows f WHERE f.id = :id AND NOT f.deleted",  # noqa: S608
            now=store.clock.now(),
            id=flow_id,
        )
        if flow is None or flow["state"] == 5:
            return nothing
        people = store.all(
            "SELECT * FROM participants WHERE flow_id = ? AND activated ORDER BY number", flow_id
        )
        if not people:
            return nothing
        store.run("UPDATE flows SET activated = 1 WHERE id = ?", flow_id)
        played = [_Sitting(store, flow, person).play() for person in people]
    return nothing | {word: played.count(word) for word in ("graded", "absent", "blank")}


class _Sitting:
    """One participant's exam."""

    def __init__(self, store: Store, flow: Row, person: Row) -> None:
        self._store = store
        self._flow = flow
        self._person = person

    def play(self) -> str:
        """`graded`, `absent`, or `blank` (handed in without content, graded lowest)."""
        if self._chance("absent") < _ABSENT:
            self._submit(handed_in=False, blank=False)
            return "absent"
        blank = self._chance("blank") < _BLANK
        if self._submit(handed_in=True, blank=blank):
            self._write_and_hand_in()
        self._grade(blank=blank)
        return "blank" if blank else "graded"

    def _chance(self, about: str) -> float:
        """A number from 0 to 1 that depends on the seat and nothing else."""
        text = f"{about}/{self._flow['id']}/{self._person['user_id']}"
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _submit(self, *, handed_in: bool, blank: bool) -> bool:
        """Whether this made a submission; one that exists stays."""
        number = self._person["number"]
        made = self._store.run(
            "INSERT OR IGNORE INTO submissions (participant_id, handed_in, blank, handed_in_at, "
            "ip) VALUES (?, ?, ?, ?, ?)",
            self._person["id"],
            int(handed_in),
            int(blank),
            self._moment("moment", 0.55) if handed_in else None,
            f"10.20.{number // 250 % 250}.{number % 250 + 1}" if handed_in else None,
        )
        return made > 0

    def _moment(self, about: str, earliest: float) -> int:
        """A moment of the participation, not before a part of it has passed."""
        start = self._flow["participation_start"] or self._store.clock.now()
        end = self._flow["participation_end"] or start + 4 * 3600
        part = earliest + (0.99 - earliest) * self._chance(about)
        return int(start + (end - start) * part)

    def _write_and_hand_in(self) -> None:
        start = self._flow["participation_start"] or self._store.clock.now()
        end = self._moment("moment", 0.55)
        opened = start + int(min(600, (end - start) / 4) * self._chance("opened"))
        steps: list[tuple[str, int, dict[str, Any]]]
        steps = [("FLOW_OPENED", opened, {}), ("ASSIGNMENT_ACCESSED", opened + 30, {})]
        for part in (1, 2, 3):
            typed = int(4000 * part / 3 * (0.5 + self._chance(f"typed{part}")))
            at = opened + (end - opened) * part // 4
            steps += [("CHARACTERS_TYPED", at, {"characters": typed}), ("PAPER_SAVED", at, {})]
        for type_, at, payload in [*steps, ("PAPER_HANDED_IN", end, {})]:
            self._note("participant", type_, at, payload)
        self._announce("PAPER_SUBMITTED")

    def _note(self, context: str, type_: str, at: int, payload: dict[str, Any]) -> None:
        self._store.insert(
            "events",
            flow_id=self._flow["id"],
            user_id=self._person["user_id"],
            context=context,
            type=type_,
            at=at,
            payload=json.dumps(payload),
        )

    def _announce(self, event: str, **more: Any) -> None:
        payload = {"flowId": self._flow["id"], "participantId": self._person["id"], **more}
        announce(self._store, event, payload)

    def _grade(self, *, blank: bool) -> None:
        start = self._flow["marking_start"] or self._store.clock.now()
        end = max(self._flow["marking_end"] or 0, start + _DAY)
        grade = _grade_of(self._scale(), 1.0 if blank else self._chance("grade"))
        at = start + int((end - start) * self._chance("graded"))
        made = self._store.run(
            "INSERT OR IGNORE INTO grades (participant_id, assessor_id, grade, graded_at, "
            "export_state) VALUES (?, ?, ?, ?, 0)",
            self._person["id"],
            self._assessor(),
            grade,
            at,
        )
        if made:
            self._note("assessor", "GRADE_SUBMITTED", at, {"grade": grade})
            self._announce("ASSESSMENT", grade=grade)
            self._announce("FINAL_GRADE", grade=grade)

    def _scale(self) -> dict[str, Any]:
        scales = self._store.licence("grading_scales")
        chosen: dict[str, Any] = next(
            (s for s in scales if s["id"] == self._flow["grading_scale"]), scales[0]
        )
        return chosen

    def _assessor(self) -> int | None:
        found: int | None = self._store.scalar(
            "SELECT assessor_id FROM assessor_allocations WHERE participant_id = ?",
            self._person["id"],
        )
        if found is not None:
            return found
        return self._store.scalar(  # type: ignore[no-any-return]
            "SELECT min(id) FROM assessors WHERE flow_id = ?", self._flow["id"]
        )


def _grade_of(scale: dict[str, Any], chance: float) -> str:
    """A grade of the scale: the middle ones are the common ones, 1.0 is the lowest."""
    options = (scale.get("list") or {}).get("options") or []
    if options:
        spread = chance if len(options) < 3 else (3 * chance**2 - 2 * chance**3 + chance) / 2
        return str(options[min(int(spread * len(options)), len(options) - 1)]["grade"])
    limits = scale.get("input") or {}
    low, high = limits.get("min") or 0, limits.get("max") or 100
    step = limits.get("stepsize") or 1
    return str(low + int((1 - chance) * (high - low) / step) * step)
