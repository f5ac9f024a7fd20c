"""Northfield in UNIWeb: units, titles, members and the schema of their sections. Never varies.

A field that people choose from a list stands here as `{"option": [list, id]}`; the server writes
it out in the language of the request.
"""

from __future__ import annotations

from random import Random
from typing import Any

from engine.sandbox.institution.names import DOMAIN, full_names, login_part, pick
from engine.sandbox.institution.people import SECOND_DEPARTMENT, StaffMember, academics
from engine.sandbox.institution.uniweb_schema import GROUPS, OPTIONS, RESEARCH, SCHEMA, UNITS

Member = dict[str, Any]

_OTHERS = (
    ("Civil Engineering", 4),
    ("Mathematics", 4),
    ("Computer Science", 6),
    ("Nursing", 42),
    ("Law", 36),
    ("History", 18),
    ("Economics", 30),
)
"""How many members a unit has whom the example does not name: 140 beside its 60."""

_OTHER_TITLES = (
    "Emeritus Professor",
    "Postdoctoral Fellow",
    "Associate Professor",
    "Senior Lecturer",
    "Lecturer",
    "Lecturer",
    "Teaching Fellow",
)
_STREETS = ("Ferry Lane", "Kirkegade", "Mill Bank", "Observatory Road", "Strandvejen")
_UNIVERSITIES = ("Lund", "Edinburgh", "Aarhus", "Bergen", "Leeds", "Aalto", "Cardiff", "Nairobi")
_MODIFIED_FROM = 1_704_096_000  # 2024-01-01 08:00 UTC
_MODIFIED_SPAN = 3 * 365 * 86_400


def build_uniweb() -> dict[str, Any]:
    """Everything that the UNIWeb server holds, ready to be stored."""
    rng = Random(1861)  # noqa: S311 - example data, not secrets
    people = [*academics(), *_others(rng)]
    return {
        "schema": SCHEMA,
        "options": OPTIONS,
        "units": [_unit(unit) for unit in UNITS],
        "titles": OPTIONS["titles"],
        "groups": GROUPS,
        "members": [_member(person, number, rng) for number, person in enumerate(people)],
    }


def other_members() -> tuple[StaffMember, ...]:
    """The 140 members whom the example does not name."""
    return tuple(_others(Random(1861)))  # noqa: S311 - example data, not secrets


def _others(rng: Random) -> list[StaffMember]:
    taken = {member.key for member in academics()}
    names = full_names(rng, taken)
    departments = [department for department, count in _OTHERS for _ in range(count)]
    return [
        _other(rng, *next(names), department, 20011 + 7 * number)
        for number, department in enumerate(departments)
    ]


def _other(rng: Random, first: str, last: str, department: str, number: int) -> StaffMember:
    return StaffMember(
        key=f"{login_part(first)}.{login_part(last)}@{DOMAIN}",
        first_name=first,
        last_name=last,
        department=department,
        title=pick(rng, (*_OTHER_TITLES, "Professor") if number > 20111 else _OTHER_TITLES),
        roles=("Assessor",),
        employee_id=f"E{number:05}",
    )


def _option(list_name: str, label: str) -> dict[str, Any]:
    for row in OPTIONS[list_name]:
        if row["en"][0] == label:
            return {"option": [list_name, row["id"]]}
    raise LookupError(label)


def _unit(unit: dict[str, Any]) -> dict[str, Any]:
    name = {"en": unit["en"], "fr": unit["fr"]}
    sections = {
        "profile/unit_information": {"name": name, "type": _option("unit_types", unit["type"])},
        "profile/description": f"{unit['en']} is a {unit['type'].lower()} of Northfield.",
    }
    modified = _MODIFIED_FROM + unit["id"] * 86_400
    return unit | {"modified": modified, "sections": sections}


def _member(person: StaffMember, number: int, rng: Random) -> Member:
    second = SECOND_DEPARTMENT.get(person.key) or ("Economics" if number in (120, 150) else None)
    departments = [person.department, *([second] if second else [])]
    return {
        "id": 801 + 3 * number,
        "login_name": person.key,
        "user_name": person.key.partition("@")[0],
        "employee_id": person.employee_id,
        "title": _option("titles", person.title)["option"][1],
        "units": [_option("units", name)["option"][1] for name in departments],
        "modified": _MODIFIED_FROM + int(rng.random() * _MODIFIED_SPAN),
        "picture": number % 3 != 2,
        "sections": _profile(person, departments, rng) | _cv(person, number, rng),
    }


def _profile(person: StaffMember, departments: list[str], rng: Random) -> dict[str, Any]:
    topics = RESEARCH[person.department]
    interests = [pick(rng, topics) for _ in range(2)]
    sections: dict[str, Any] = {
        "profile/membership_information": {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "position_title": _option("titles", person.title),
            "email": person.key,
        },
        "profile/affiliations": [
            {"unit": _option("units", name), "primary": place == 0, "since": 2008 + len(name) % 15}
            for place, name in enumerate(departments)
        ],
        "profile/biography": f"{person.first_name} {person.last_name} works on "
        f"{interests[0][0].lower()} at Northfield.",
        "profile/research_interests": [_interest(*pair) for pair in dict.fromkeys(interests)],
        "profile/selected_degrees": [
            {
                "degree_name": "PhD",
                "organization": f"University of {pick(rng, _UNIVERSITIES)}",
                "specialty": person.department,
            }
        ],
    }
    if rng.random() < 0.1:  # not everybody writes one
        del sections["profile/biography"]
    return sections


def _interest(english: str, french: str) -> dict[str, Any]:
    """Bilingual in the spelling of older sections; a translation may be missing."""
    names = {"english": english, "french": french}
    return {"interest": {language: text for language, text in names.items() if text}}


def _cv(person: StaffMember, number: int, rng: Random) -> dict[str, Any]:
    topic = pick(rng, RESEARCH[person.department])
    thesis = {"en": f"Essays on {topic[0].lower()}"} | ({"fr": topic[1]} if topic[1] else {})
    return {
        "cv/personal_information/identification": {
            "first_name": person.first_name,
            "family_name": person.last_name,
            "correspondence_language": _option("languages", "English"),
        },
        "cv/personal_information/address": [
            {
                "address_type": _option("address_types", "Primary Affiliation"),
                "address_-_line_1": f"{1 + number} {pick(rng, _STREETS)}",
                "location": _option("locations", "Northfield"),
                "postal_zip_code": f"NF{1 + number % 9} {1 + number % 7}AB",
            }
        ],
        "cv/education/degrees": [
            {
                "degree_name": "PhD",
                "specialization": person.department,
                "thesis_title": thesis,
                "completion_year": 1990 + number % 30,
                "supervisors": [{"name": "Prof. E. Whitcombe", "role": "Principal"}],
            },
            {"degree_name": "MSc", "specialization": person.department},
        ],
    }
