"""Northfield's flows: a dozen that nobody declares, and the drafts that the example copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from engine.sandbox.institution.licence import Licence

Flow = dict[str, Any]

CLOCK_START = 1_799_654_400
"""2027-01-11 08:00 UTC, where the clock of a new sandbox stands."""

HOUR, DAY = 3_600, 86_400
REFERENCE_PREFIX = "wisectl-"
"""Before a flow's key in its external source reference."""


@dataclass(frozen=True, slots=True)
class Exam:
    """One flow as it is written down here; days count from the clock's start."""

    title: str
    subtitle: str
    type: str
    term: str
    code: str
    start: float
    """Days from the clock's start to the start of participation."""
    hours: int
    marking_days: int = 28
    marking_after: int = 2
    state: str = "active"
    """`draft`, `active`, `archived` or `deleted`; the clock decides the rest."""
    purpose: str = "EXAMINATION"
    examination_type: str = "ORDINARY"
    participants: int = 0
    scale: str = "7-point scale"
    sis: bool = False
    key: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


UNDECLARED = (
    Exam("Wound Care", "Practical test", "FLOWassign", "Spring 2027", "NUR203",
         120, 4, state="draft"),
    Exam("Law of Contract", "Written examination", "FLOWassign", "Autumn 2026", "LAW110",
         2, 5, participants=24),
    Exam("Law of Contract", "Re-examination", "FLOWassign", "Spring 2027", "LAW110",
         40, 5, state="draft", examination_type="REEXAMINATION"),
    Exam("Pharmacology", "Take-home examination", "FLOWhandin", "Autumn 2026", "NUR310",
         -7, 264, participants=18),
    Exam("Labour Economics", "Written examination", "FLOWlock", "Autumn 2026", "ECO220",
         -4, 4, participants=21, settings={"timebox": {"enabled": True, "durationMinutes": 240}}),
    Exam("Modern European History", "Essay", "FLOWhandin", "Autumn 2026", "HIS140",
         -60, 72, marking_days=25, participants=14, purpose="COURSE_WORK"),
    Exam("Microeconomics", "Written examination", "FLOWassign", "Spring 2026", "ECO101",
         -230, 4, state="archived", participants=30),
    Exam("Anatomy and Physiology", "Written examination", "FLOWlock", "Autumn 2026", "NUR105",
         7, 4, participants=28, sis=True),
    Exam("Maritime Law", "Oral examination", "FLOWoral", "Spring 2027", "LAW330",
         135, 8, state="draft"),
    Exam("Public Health", "Multiple choice", "FLOWmulti", "Spring 2027", "NUR120",
         30, 2, participants=26, scale="0-100 points"),
    Exam("Constitutional Law", "Written examination", "FLOWassign", "Spring 2027", "LAW120",
         100, 4, state="deleted"),
    Exam("Palliative Care", "Master's thesis", "FLOWhandin", "Spring 2027", "NUR590",
         -20, 2_880, purpose="MASTER", participants=5, settings={"allocationType": "GROUPED"}),
)  # fmt: skip

TEMPLATES = (
    Exam("Template: written examination", "", "FLOWassign", "", "TPL-WRITTEN",
         1.04, 5, state="draft", key="template-written",
         settings={
             "description": "Answer all questions. Written and printed aids are allowed.",
             "timebox": {"enabled": True, "durationMinutes": 240},
             "reviewerApproval": True,
         }),
    Exam("Template: examination in the lockdown browser", "", "FLOWlock", "", "TPL-LOCKDOWN",
         1.04, 5, state="draft", key="template-lockdown",
         settings={
             "description": "No aids. Start the lockdown browser ten minutes before the exam.",
             "timebox": {"enabled": True, "durationMinutes": 180},
             "reviewerApproval": True,
         }),
    Exam("Template: course work", "", "FLOWhandin", "", "TPL-COURSEWORK",
         1.04, 240, state="draft", key="template-coursework", purpose="COURSE_WORK",
         scale="Pass/fail",
         settings={"description": "Hand in one PDF file with a cover sheet."}),
    Exam("Template: multiple choice", "", "FLOWmulti", "", "TPL-MULTIPLE-CHOICE",
         1.04, 2, state="draft", key="template-multiple-choice", scale="0-100 points",
         settings={"description": "Each question has one right answer."}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cast:
    """The user ids from whom seats are filled."""

    office: int
    staff: Sequence[int]
    students: Sequence[int]


def build_flow(exam: Exam, ids: Iterator[int], licence: Licence, cast: Cast, rng: Random) -> Flow:
    """The row of one flow."""
    start = CLOCK_START + int(exam.start * DAY)
    end = start + exam.hours * HOUR
    marking_start = end + exam.marking_after * DAY
    flow_id = next(ids)
    row = {
        "id": flow_id,
        "title": exam.title,
        "subtitle": exam.subtitle,
        "type": exam.type,
        "activated": exam.state in ("active", "archived"),
        "archived": exam.state == "archived",
        "deleted": exam.state == "deleted",
        "code": exam.code,
        "term": exam.term,
        "examinationType": exam.examination_type,
        "purpose": exam.purpose,
        "participation": {"start": start, "end": end},
        "marking": {"start": marking_start, "end": marking_start + exam.marking_days * DAY},
        "gradingScaleId": licence.scale(exam.scale),
        "assignments": _assignments(exam, flow_id),
        "sources": _sources(exam, ids, licence),
        "externalSources": _external_sources(exam),
        "assessorTypes": _assessor_types(licence),
    }
    return row | _settings() | exam.settings | _seats(exam, licence, cast, rng)


def _settings() -> dict[str, Any]:
    """What a flow has where nobody set anything."""
    index = {"participantIndex": True, "userDataTypeId": None, "uniqueExamId": False}
    return {
        "description": "",
        "timebox": {"enabled": False, "durationMinutes": None},
        "anonymisation": {"enabled": True, "type": index},
        "allocationType": "SINGLE_ASSESSOR",
        "reviewerApproval": False,
    }


def _assignments(exam: Exam, flow_id: int) -> list[dict[str, Any]]:
    """The examination paper, where the type has one; instructions where it is copied."""
    if exam.type == "FLOWoral" or (exam.type == "FLOWhandin" and not exam.key):
        return []
    reference = f"NF-{exam.code}-{flow_id}"
    return [
        {
            "id": flow_id * 10 + 1,
            "publishedReference": reference,
            "assignment": _file(f"{exam.code}.pdf", 184_320, reference),
            "appendices": [_file("Formulae.pdf", 40_960, f"{reference}-A")] if exam.key else [],
        }
    ]


def _file(name: str, size: int, reference: str) -> dict[str, Any]:
    return {
        "name": name,
        "size": size,
        "content-type": "application/pdf",
        "url": f"https://files.northfield.example/{reference}.pdf",
    }


def _sources(exam: Exam, ids: Iterator[int], licence: Licence) -> list[dict[str, Any]]:
    if not exam.sis:
        return []
    client = licence.sis_clients[0]
    code = f"{exam.code}-{exam.term.replace(' ', '-')}"
    return [{"sourceId": next(ids), "code": code, "integration": client["name"]}]


def _external_sources(exam: Exam) -> list[dict[str, Any]]:
    if not exam.key:
        return []
    return [{"reference": f"{REFERENCE_PREFIX}{exam.key}", "description": "Key of this flow"}]


def _assessor_types(licence: Licence) -> list[dict[str, Any]]:
    internal, external = licence.assessor_type("Internal"), licence.assessor_type("External")
    return [
        {"id": internal, "instruction": "Mark all questions."},
        {"id": external, "instruction": ""},
    ]


def _seats(exam: Exam, licence: Licence, cast: Cast, rng: Random) -> dict[str, Any]:
    if exam.key:
        return _people([cast.office], [], [], [], [], [])
    lead, second, third = _some(rng, cast.staff, 3)
    internal = licence.assessor_type("Internal")
    # Before it is activated a flow often has nobody but its manager.
    if not exam.participants:
        return _people([lead], [], [], [], [], [])
    return _people(
        [lead, cast.office],
        [lead],
        [{"userId": person, "assessorTypeId": internal} for person in (lead, second)],
        [
            {
                "userId": third,
                "isAllocatedToAll": True,
                "hasAccessToAssessmentInformation": True,
                "canDecideOnFinalGrade": False,
            }
        ],
        [{"userId": second, "isHeadInvigilator": True}],
        [
            {"userId": person, "activated": place != 3, "sis": exam.sis}
            for place, person in enumerate(_some(rng, cast.students, exam.participants))
        ],
    )


def _people(
    managers: list[int],
    authors: list[int],
    assessors: list[dict[str, Any]],
    reviewers: list[dict[str, Any]],
    invigilators: list[dict[str, Any]],
    participants: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "managers": managers,
        "authors": authors,
        "assessors": assessors,
        "reviewers": reviewers,
        "invigilators": invigilators,
        "participants": participants,
    }


def _some(rng: Random, people: Sequence[int], count: int) -> list[int]:
    """So many of the people, in a row from a place that the seed chooses."""
    first = int(rng.random() * len(people))
    return [people[(first + step) % len(people)] for step in range(min(count, len(people)))]
