"""Northfield's UNIWeb schema: sections and fields by content type, lists, units, groups."""

from __future__ import annotations

from typing import Any

Field = dict[str, Any]


def _text(title: str) -> Field:
    return {"title": title, "type": "text"}


def _number(title: str) -> Field:
    return {"title": title, "type": "number"}


def _yes_no(title: str) -> Field:
    return {"title": title, "type": "boolean"}


def _bilingual(title: str) -> Field:
    return {"title": title, "type": "bilingual"}


def _list(title: str, options: str) -> Field:
    return {"title": title, "type": "list_of_values", "options": options}


def _section(kind: str, title: str, fields: dict[str, Field] | None = None) -> dict[str, Any]:
    """Kind `single` is one object, `list` a list of items, `text` a plain value."""
    return {"kind": kind, "title": title, "fields": fields or {}}


SCHEMA: dict[str, dict[str, dict[str, Any]]] = {
    "members": {
        "profile/membership_information": _section(
            "single",
            "Membership Information",
            {
                "first_name": _text("First Name"),
                "last_name": _text("Last Name"),
                "position_title": _list("Position Title", "titles"),
                "email": _text("Email"),
            },
        ),
        "profile/affiliations": _section(
            "list",
            "Affiliations",
            {
                "unit": _list("Unit", "units"),
                "primary": _yes_no("Primary?"),
                "since": _number("Since"),
            },
        ),
        "profile/biography": _section("text", "Biography"),
        "profile/research_interests": _section(
            "list", "Research Interests", {"interest": _bilingual("Interest")}
        ),
        "profile/selected_degrees": _section(
            "list",
            "Selected Degrees",
            {
                "degree_name": _text("Degree Name"),
                "organization": _text("Organization"),
                "specialty": _text("Specialty"),
            },
        ),
        "cv/personal_information/identification": _section(
            "single",
            "Identification",
            {
                "first_name": _text("First Name"),
                "family_name": _text("Family Name"),
                "correspondence_language": _list("Correspondence Language", "languages"),
            },
        ),
        "cv/personal_information/address": _section(
            "list",
            "Address",
            {
                "address_type": _list("Address Type", "address_types"),
                "address_-_line_1": _text("Address - Line 1"),
                "location": _list("Location", "locations"),
                "postal_zip_code": _text("Postal / Zip Code"),
            },
        ),
        "cv/education/degrees": _section(
            "list",
            "Degrees",
            {
                "degree_name": _text("Degree Name"),
                "specialization": _text("Specialization"),
                "thesis_title": _bilingual("Thesis Title"),
                "completion_year": _number("Completion Year"),
                "supervisors": {"title": "Supervisors", "type": "subsection"},
            },
        ),
    },
    "units": {
        "profile/unit_information": _section(
            "single",
            "Unit Information",
            {"name": _bilingual("Name"), "type": _list("Type", "unit_types")},
        ),
        "profile/description": _section("text", "Description"),
    },
    "groups": {"profile/description": _section("text", "Description")},
}

_INSTITUTION = ("Northfield", "Northfield")
_ENGINEERING = ("Faculty of Engineering", "Faculté de génie")
_HEALTH = ("Faculty of Health", "Faculté de la santé")
_SOCIETY = ("Faculty of Society", "Faculté des sciences sociales")

UNITS: list[dict[str, Any]] = [
    {"id": id_, "en": name[0], "fr": name[1], "type": type_, "parent": parent}
    for id_, name, type_, parent in (
        (1, _INSTITUTION, "Institution", None),
        (11, _ENGINEERING, "Faculty", 1),
        (12, _HEALTH, "Faculty", 1),
        (13, _SOCIETY, "Faculty", 1),
        (21, ("Civil Engineering", "Génie civil"), "Department", 11),
        (22, ("Mathematics", "Mathématiques"), "Department", 11),
        (23, ("Computer Science", "Informatique"), "Department", 11),
        (24, ("Nursing", "Sciences infirmières"), "Department", 12),
        (25, ("Law", "Droit"), "Department", 13),
        (26, ("History", "Histoire"), "Department", 13),
        (27, ("Economics", "Sciences économiques"), "Department", 13),
    )
]


def _lineage(unit_id: int | None, language: str) -> list[str]:
    """The unit's label, its parent's, its grandparent's."""
    labels = []
    while unit_id is not None:
        unit = next(u for u in UNITS if u["id"] == unit_id)
        labels.append(unit[language])
        unit_id = unit["parent"]
    return labels


def _choices(*pairs: tuple[str, str], first_id: int = 1) -> list[dict[str, Any]]:
    return [
        {"id": id_, "en": [english], "fr": [french]}
        for id_, (english, french) in enumerate(pairs, first_id)
    ]


OPTIONS: dict[str, list[dict[str, Any]]] = {
    "units": [
        {"id": u["id"], "en": _lineage(u["id"], "en"), "fr": _lineage(u["id"], "fr")} for u in UNITS
    ],
    "titles": _choices(
        ("Professor", "Professeur titulaire"),
        ("Associate Professor", "Professeur agrégé"),
        ("Assistant Professor", "Professeur adjoint"),
        ("Senior Lecturer", "Maître de conférences"),
        ("Lecturer", "Chargé de cours"),
        ("Teaching Fellow", "Auxiliaire d'enseignement"),
        ("Emeritus Professor", "Professeur émérite"),
        ("Postdoctoral Fellow", "Boursier postdoctoral"),
        first_id=31,
    ),
    "unit_types": _choices(
        ("Institution", "Établissement"), ("Faculty", "Faculté"), ("Department", "Département")
    ),
    "languages": _choices(("English", "Anglais"), ("French", "Français")),
    "address_types": _choices(
        ("Primary Affiliation", "Affiliation principale"), ("Home", "Domicile")
    ),
    "locations": [
        {
            "id": 7,
            "en": ["Northfield", "Northshire", "United Kingdom"],
            "fr": ["Northfield", "Northshire", "Royaume-Uni"],
        }
    ],
}

GROUPS: list[dict[str, Any]] = [
    {
        "id": 61,
        "en": "Coastal Structures",
        "fr": "Structures côtières",
        "modified": 1_727_000_000,
        "sections": {"profile/description": "Sea walls, piers and what the sea does to them."},
    },
    {
        "id": 62,
        "en": "Trustworthy Software",
        "fr": "Logiciels fiables",
        "modified": 1_742_000_000,
        "sections": {"profile/description": "Proofs and tests for programs that matter."},
    },
]

RESEARCH: dict[str, tuple[tuple[str, str], ...]] = {
    "Civil Engineering": (
        ("Timber bridges", "Ponts en bois"),
        ("Soil liquefaction", "Liquéfaction des sols"),
        ("Low-carbon concrete", "Béton bas carbone"),
    ),
    "Mathematics": (
        ("Stochastic processes", "Processus stochastiques"),
        ("Algebraic topology", "Topologie algébrique"),
        ("Numerical linear algebra", ""),
    ),
    "Computer Science": (
        ("Type systems", "Systèmes de types"),
        ("Distributed databases", "Bases de données réparties"),
        ("Human-computer interaction", ""),
    ),
    "Nursing": (("Wound care", "Soin des plaies"), ("Palliative care", "Soins palliatifs")),
    "Law": (("Maritime law", "Droit maritime"), ("Data protection", "Protection des données")),
    "History": (("Hanseatic trade", "Commerce hanséatique"), ("Oral history", "")),
    "Economics": (("Labour markets", "Marchés du travail"), ("Auctions", "Enchères")),
}
