"""What is wrong with rosters, selectors and role assignments."""

from __future__ import annotations

from tests.manifests.repositories import FLOW, Case


def role(line: str, more: str = "") -> str:
    return f"{FLOW}role_assignments:\n  - flows: [math]\n    {line}\n{more}"


def flows(text: str) -> str:
    return f"{FLOW}role_assignments:\n  - {text}\n    managers: [kim]\n"


ROSTER = "rosters: [{key: panel, users: [ada]}]\n"

PEOPLE_CASES: dict[str, Case] = {
    # selectors
    "an unknown flow": (flows("flows: [math, ¶maths]"), 'no flow "maths" … did you mean math?'),
    "a flow named twice": (flows("flows: [math, ¶Math]"), "twice"),
    "no flows": (f"{FLOW}role_assignments:\n  - ¶managers: [kim]\n", 'lacks "flows"'),
    "no flows and other problems": (
        f"{FLOW}role_assignments:\n  - ¶managers: [¶7]\n    participants: {{rosters: [¶nobody]}}\n",
        'lacks "flows"',
        'write "7"',
        'no roster "nobody"',
    ),
    "an empty list of flows": (flows("¶flows: []"), "empty"),
    "null as flows": (flows("¶flows:"), "empty"),
    "an empty selector": (flows("¶flows: {}"), "key, term, code or purpose"),
    "one flow as text": (flows("¶flows: math"), "list"),
    "a glob that matches nothing": (flows("¶flows: {key: phys-*}"), "no flow has"),
    "a term that matches nothing": (flows("¶flows: {term: Autumn 2027}"), "no flow has … term"),
    "a code that matches nothing": (flows("¶flows: {code: M1}"), "no flow has"),
    "terms that match nothing together": (
        flows("¶flows: {key: m*, term: Autumn 2027}"),
        "no flow has",
    ),
    "a purpose that is none": (flows("flows: {¶purpose: exam}"), "EXAMINATION"),
    "a number as a code": (flows("flows: {¶code: 101}"), 'write "101"'),
    "an unknown selector": (flows("flows: {¶title: Maths}"), "unknown key"),
    "a number as a flow": (flows("flows: [¶101]"), 'write "101"'),
    # people
    "one person as text": (role("¶managers: kim"), "list"),
    "null as people": (role("¶managers:"), "[]"),
    "a number as a person": (role("managers: [¶004217]"), 'write "004217"'),
    "a number among participants": (role("participants: {users: [¶1e5]}"), 'write "1e5"'),
    "an empty person": (role('managers: [¶""]'), "empty"),
    "a person twice in a list": (role("managers: [kim, ¶KIM]"), "twice … m.yaml:4:16"),
    "a person twice among users": (role("participants: {users: [kim, ¶kim]}"), "twice"),
    "a person twice in short form": (role("assessors: [kim, ¶kim]"), "twice"),
    "an unknown key of people": (role("participants: {¶user: [kim]}"), "did you mean users?"),
    "an empty mapping of people": (role("¶participants: {}"), "users: []"),
    "an unknown roster": (
        role("participants: {rosters: [¶panal]}", ROSTER),
        "did you mean panel?",
    ),
    "a roster twice": (role("participants: {rosters: [panel, ¶Panel]}", ROSTER), "twice"),
    "column without csv": (role("participants: {users: [a], ¶column: key}"), "csv"),
    "matches without csv": (role("participants: {users: [a], ¶matches: Department}"), "csv"),
    "an unknown role": (role("¶examiners: [kim]"), "unknown key"),
    "a role in the singular": (role("¶manager: [kim]"), "did you mean managers?"),
    "no role at all": (f"{FLOW}role_assignments:\n  - ¶flows: [math]\n", "names no role"),
    "assessors with people of text": (
        role("assessors: [{¶people: kim}]"),
        "list",
    ),
    "assessors without people": (role("assessors: [¶{type: Internal}]"), 'lacks "people"'),
    "a number as an assessor": (role("assessors: [¶17]"), 'write "17"'),
    "a list in assessors": (role("assessors: [¶[kim]]"), "must be text"),
    "text as assessors": (role("¶assessors: kim"), "must be a list"),
    "an unknown flag": (role("assessors: [{people: [kim], ¶head: true}]"), "unknown key"),
    "a flag that is a word": (
        role("reviewers: [{people: [kim], ¶allocated_to_all: yes}]"),
        "true or false",
    ),
    "a flag in quotes": (
        role('invigilators: [{people: [kim], ¶head: "true"}]'),
        "true or false",
    ),
    "a flag that is a number": (
        role("invigilators: [{people: [kim], ¶head: 1}]"),
        "true or false",
    ),
    "a flag that is nothing": (role("invigilators: [{people: [kim], ¶head: }]"), "is empty"),
    "participants that are not active": (
        role("participants: {users: [a], ¶active: false}"),
        "true",
    ),
    "contradictory flags": (
        role(
            "invigilators: [{people: [kim], head: true}]",
            "  - flows: [math]\n    invigilators: [{people: [Kim], ¶head: false}]\n",
        ),
        "m.yaml:4",
    ),
    "contradictory flags in one list": (
        role("assessors: [{people: [kim], type: A}, {people: [kim], ¶type: B}]"),
        "m.yaml:4",
    ),
    "contradictory membership": (
        role(
            "managers: [kim]\n    membership: exact",
            "  - flows: [math]\n    managers: [ada]\n    ¶membership: add_only\n",
        ),
        "m.yaml:5",
    ),
    # rosters
    "a roster of nobody": ("rosters:\n  - ¶key: panel\n", "names nobody"),
    "a roster with null users": ("rosters:\n  - key: panel\n    ¶users:\n", "[]"),
    "a roster with a number": ("rosters:\n  - key: panel\n    users: [¶7]\n", 'write "7"'),
    "a roster that names itself": (
        "rosters:\n  - {key: panel, rosters: [¶panel]}\n",
        "itself",
    ),
    "rosters that name each other": (
        "rosters:\n  - {key: a, rosters: [b]}\n  - {key: b, rosters: [¶a]}\n",
        "itself",
    ),
    "a roster of an unknown profile": (
        "rosters:\n  - {key: panel, ¶profile: staff}\n",
        'no profile "staff"',
    ),
    "a roster of a profile with modified_since": (
        "rosters:\n  - {key: panel, ¶profile: p}\nprofiles:\n"
        "  - {key: p, members: {modified_since: 2027-01-01 08:00:00}, fill: {phone: a/b.c},\n"
        "     match: {user: key, member: login_name}}\n",
        "modified_since",
    ),
    "a value of two users": (
        {
            "m.yaml": "users:\n"
            "  - {key: a, data: {Student Number: s1}}\n  - {key: b, data: {Student Number: S1}}\n"
            "rosters:\n  - {key: r, csv: r.csv, matches: Student Number}\n",
            "r.csv": "key\n¶s1\n",
        },
        "a, b",
    ),
}
