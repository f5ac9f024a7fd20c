"""Flows that are concluded and graded, with the manifests that export their grades."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.office import Office

EXPORT: dict[str, Any] = {"key": "sis", "flows": {"key": "exam-*"}, "known_by": "Student Number"}


@dataclass
class Graded:
    """An office whose sandbox has concluded exams with grades."""

    office: Office
    flows: dict[str, int]
    """From key to WISEflow's number."""

    def export(self, **fields: Any) -> None:
        """States the one export there is."""
        entry = {**EXPORT, "to": {"csv": "out/grades.csv"}, **fields}
        self.office.write(json.dumps({"grade_exports": [entry]}), "exports.yaml")

    def run(self, *flags: str) -> tuple[int, str]:
        return self.office.call("grades", "export", *flags)

    def told(self, *flags: str) -> tuple[int, Any]:
        """The exit code, and the one export of the JSON document."""
        code, text = self.office.call("grades", "export", "--json", *flags)
        start = text.index("{")
        return code, json.JSONDecoder().raw_decode(text[start:])[0]["exports"][0]

    def seats(self, key: str) -> list[dict[str, Any]]:
        """The participants of a flow with their assessments, by number."""
        number = self.flows[key]
        path = f"/flows/{number}/participants"
        rows: list[dict[str, Any]] = []
        while len(rows) % 100 == 0:
            answer = self.office.stage.by_hand("GET", f"{path}?offset={len(rows)}&limit=100")
            rows += answer["data"]
            if not answer["data"]:
                break
        grades = self.office.stage.by_hand("GET", f"/flow/{number}/assessments")
        by_seat = {one["participantId"]: one for one in grades}
        return [row | {"assessment": by_seat.get(row["participantId"], {})} for row in rows]

    def graded(self, key: str) -> list[dict[str, Any]]:
        """The participants who have a grade."""
        return [
            one
            for one in self.seats(key)
            if one["assessment"].get("grade") or one["assessment"].get("adminGrade")
        ]

    def grade(self, seat: dict[str, Any], **changes: Any) -> None:
        """Sets, corrects or withdraws a grade by hand."""
        body = {"participant_id": seat["participantId"], **changes}
        self.office.stage.control("POST", "grades", body)


def number_of(seat: dict[str, Any]) -> str:
    """The student number of a participant."""
    ids = {one["name"]: one["value"] for one in seat["user"]["externalIds"]}
    return str(ids["Student Number"])


def set_out(
    office: Office,
    flows: int,
    participants: int,
    scale: str = "",
    keys: Sequence[str] = (),
    **more: Any,
) -> Graded:
    """Some concluded exams, exam-1 and so on unless `keys` name them, all graded."""
    body = {"flows": flows, "participants": participants, **more}
    body |= {"grading_scale": scale} if scale else {}
    numbers = office.stage.control("POST", "cohort", body)["flow_ids"]
    names = keys or [f"exam-{at}" for at, _ in enumerate(numbers, 1)]
    found = dict(zip(names, numbers, strict=True))
    for key, number in found.items():
        reference = {"reference": f"wisectl-{key}"}
        office.stage.by_hand("POST", f"/flows/{number}/external-sources", reference)
    office.stage.control("POST", "simulate", {"flow_ids": numbers})
    entries = [{"key": key} for key in found]
    office.write(json.dumps({"flows": entries}), "flows.yaml")
    return Graded(office, found)


LETTERS = {"6": "A", "5": "B", "4": "C", "3": "D", "2": "E", "1": "Fx", "0": "F"}


def due(exams: Graded) -> dict[tuple[str, str], str]:
    """What WISEflow has, as the receiver must see it."""
    found = {}
    for key in exams.flows:
        for seat in exams.graded(key):
            one = seat["assessment"]
            stored = one.get("adminGrade") or one["grade"]
            found[key, number_of(seat)] = letter(stored)
    return found


def letter(stored: str) -> str:
    return LETTERS.get(stored, stored)
