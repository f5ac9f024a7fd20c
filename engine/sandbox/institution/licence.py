"""What Northfield's licence offers: roles, data types, scales, types. Names never vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sandbox.institution.names import ascending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

Rows = list[dict[str, Any]]

ROLES = ("Administrator", "Manager", "Author", "Assessor", "Reviewer", "Invigilator", "Participant")
PROTECTED_ROLES = ("Administrator",)

_DATA_TYPES = (
    # name, meta type, pattern, several values, unique, protected
    # Source of values per user and uniqueness: UNIwise help, user data meta types.
    ("Personal Organisation Id",) * 2 + (r"^[^@\s]+@[^@\s]+$", True, True, False),
    ("Personal Unique Id", "Personal Unique Id", r"^[0-9]{6}-?[0-9]{4}$", True, True, True),
    ("External User Id", "External User Id", r"^[A-Za-z0-9_-]{1,64}$", False, True, False),
    ("Student Number", "Student Number", r"^[0-9]{8}$", True, False, False),
    ("User Alias", "User Alias", r"^.{1,255}$", False, False, False),
    ("UNIC ID", "UNIC ID", r"^[a-z0-9]{4,16}$", True, True, False),
    ("Department", "User Alias", r"^.{1,255}$", False, False, False),
)

_FLOW_TYPES = (
    ("FLOWassign", "Assignment handed out and answered within the participation period"),
    ("FLOWlock", "Assignment answered in a lockdown browser"),
    ("FLOWmulti", "Multiple choice and other questions that mark themselves"),
    ("FLOWhandin", "Paper handed in until a deadline, without an assignment"),
    ("FLOWoral", "Oral examination in slots"),
)

_PURPOSES = (
    ("Bachelor project", "BACHELOR"),
    ("Course work", "COURSE_WORK"),
    ("Examination", "EXAMINATION"),
    ("Master's thesis", "MASTER"),
)

_MODULES = (
    ("API", "FEATURE"),
    ("Flow External Sources", "FEATURE"),
    ("SIS integration", "FEATURE"),
    ("Rubrics", "FEATURE"),
    ("Reviewer approval", "FEATURE"),
    ("Room booking", "FEATURE"),
    ("Unique exam id", "FEATURE"),
    ("Standard login", "AUTHENTICATION"),
    ("WAYF", "AUTHENTICATION"),
)
REASSESSMENT = "Reassessment"
"""The module without which no flow is reassessed."""

_NO_INPUT = dict.fromkeys(("min", "max", "unit", "modifier", "stepsize", "pattern", "decimals"))


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence's rows, and the ids by name that users and flows refer to."""

    info: dict[str, Any]
    roles: Rows
    user_data_types: Rows
    flow_types: Rows
    grading_scales: Rows
    assessor_types: Rows
    flow_purposes: Rows
    modules: Rows
    sis_clients: Rows

    def role_ids(self, names: tuple[str, ...]) -> list[int]:
        ids = {role["name"]: role["roleId"] for role in self.roles}
        return [ids[name] for name in names]

    def data_type(self, name: str) -> int:
        return next(int(t["id"]) for t in self.user_data_types if t["name"] == name)

    def scale(self, name: str) -> int:
        return next(int(s["id"]) for s in self.grading_scales if s["name"] == name)

    def assessor_type(self, title: str) -> int:
        return next(int(t["id"]) for t in self.assessor_types if t["title"] == title)


def build_licence(rng: Random) -> Licence:
    """The licence; the seed moves its ids and nothing else."""
    return Licence(
        info={
            "id": next(ascending(rng, 400)),
            "name": "Northfield",
            "requireUniqueEmails": True,
            "defaultLanguage": "en_GB",
        },
        roles=_roles(ascending(rng, 5000)),
        user_data_types=_data_types(ascending(rng, 690)),
        # Not the bit values of the create call (2, 4, 8, …): a client has to look the names up.
        flow_types=_described(_FLOW_TYPES, ascending(rng, 40)),
        grading_scales=_grading_scales(ascending(rng, 900)),
        assessor_types=_assessor_types(ascending(rng, 170)),
        flow_purposes=[
            {"id": id_, "name": name, "value": value}
            for id_, (name, value) in zip(ascending(rng, 60), _PURPOSES, strict=False)
        ],
        modules=[
            {"id": id_, "name": name, "type": type_}
            for id_, (name, type_) in zip(ascending(rng, 80), _MODULES, strict=False)
        ]
        + [{"id": 79, "name": REASSESSMENT, "type": "FEATURE"}],
        sis_clients=[
            {
                "integrationId": next(ascending(rng, 300)),
                "name": "Northfield STADS",
                "institutionCode": "NFLD",
            }
        ],
    )


def _roles(ids: Iterator[int]) -> Rows:
    return [
        {"roleId": id_, "name": name, "isProtected": name in PROTECTED_ROLES}
        for id_, name in zip(ids, ROLES, strict=False)
    ]


def _data_types(ids: Iterator[int]) -> Rows:
    return [
        {
            "id": id_,
            "name": name,
            "type": meta_type,
            "pattern": pattern,
            "supportsMultipleValues": several,
            "protected": protected,
            "visible": name != "Personal Unique Id",
            "unique": unique,
            "required": False,
        }
        for id_, (name, meta_type, pattern, several, unique, protected) in zip(
            ids, _DATA_TYPES, strict=False
        )
    ]


def _described(pairs: tuple[tuple[str, str], ...], ids: Iterator[int]) -> Rows:
    return [
        {"id": id_, "name": name, "description": text}
        for id_, (name, text) in zip(ids, pairs, strict=False)
    ]


def _list_scale(id_: int, name: str, description: str, *grades: tuple[str, str]) -> dict[str, Any]:
    """A list of grades as entered, each with the value that is stored for it.

    Source of stored values being whole numbers, written as text: WISEflow OpenAPI, the grade of
    an audit event and the final grade of a submission.
    """
    options = [{"grade": grade, "value": value} for grade, value in grades]
    return {
        "id": id_,
        "name": name,
        "description": description,
        "input": dict(_NO_INPUT),
        "list": {"options": options},
    }


def _grading_scales(ids: Iterator[int]) -> Rows:
    seven = tuple((g, str(int(g))) for g in ("12", "10", "7", "4", "02", "00", "-3"))
    points = _NO_INPUT | {
        "min": 0,
        "max": 100,
        "unit": "points",
        "modifier": 1,
        "stepsize": 1,
        "pattern": "^(100|[1-9]?[0-9])$",
        "decimals": 0,
    }
    rows = [
        _list_scale(next(ids), "7-point scale", "From -3 to 12; 02 is the lowest pass", *seven),
        _list_scale(
            next(ids), "Pass/fail", "No differentiated grade", ("Pass", "1"), ("Fail", "0")
        ),
        {
            "id": next(ids),
            "name": "0-100 points",
            "description": None,
            "input": points,
            "list": {"options": []},
        },
    ]
    return rows + _later_scales(rows[-1]["id"])


def _later_scales(last: int) -> Rows:
    """Scales whose other kind is null, not empty: the document allows both.

    Their ids take nothing from the generator, so that what a seed gives stays what it was.
    """
    letters = ("A", "B", "C", "D", "E", "Fx", "F")
    letter_values = tuple((letter, str(6 - place)) for place, letter in enumerate(letters))
    percent = {
        "min": 0,
        "max": 100,
        "unit": "%",
        "modifier": 100,
        "stepsize": None,
        "pattern": "/^(100([,.]0{1,2})?|[1-9]?[0-9]([,.][0-9]{1,2})?)$/",
        "decimals": 2,
    }
    return [
        _list_scale(last + 4, "A-F", "E is the lowest pass", *letter_values) | {"input": None},
        {
            "id": last + 9,
            "name": "Percentage",
            "description": "With two decimals",
            "input": percent,
            "list": None,
        },
    ]


def _assessor_types(ids: Iterator[int]) -> Rows:
    return [
        _assessor_type(next(ids), "Internal", "Examiner of the institution", "#1f6f8b"),
        _assessor_type(next(ids), "External", "Examiner from outside", "#b5651d"),
    ]


def _assessor_type(id_: int, title: str, description: str, colour: str) -> dict[str, Any]:
    internal = title == "Internal"
    return {
        "id": id_,
        "title": title,
        "description": description,
        "updatedBy": 0,
        "flowDefault": True,
        "color": colour,
        "privileges": {
            "accessToSimilarityReport": internal,
            "visibleToParticipant": True,
            "coAssessorGradeTransparency": True,
            "modifyAutoScore": internal,
        },
        "feedbackSharing": {
            "defaultSelection": "PARTICIPANTS" if internal else "COASSESSORS",
            "available": {"private": True, "participants": internal, "coAssessors": True},
        },
        "updatedAt": "2025-08-18T09:12:41Z",
        "createdAt": "2023-06-05T07:30:00Z",
    }
