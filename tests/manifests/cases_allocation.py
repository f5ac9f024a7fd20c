"""What is wrong with who marks and reviews whom."""

from __future__ import annotations

from tests.manifests.cases_people import ROSTER, role
from tests.manifests.cases_sets import roled
from tests.manifests.repositories import FLOW, Case


def group(text: str) -> str:
    return role(f"assessor_groups: [{{{text}}}]")


FIFTY = ", ".join(f"{{title: G{number}, assessors: [ada]}}" for number in range(50))

ALLOCATION_CASES: dict[str, Case] = {
    # participants of assessors and reviewers
    "participants in another word": (
        role("assessors: [{people: [kim], ¶participants: everybody}]"),
        "all",
    ),
    "one participant as text": (
        role("reviewers: [{people: [kim], ¶participants: s1}]"),
        "all",
    ),
    "null as participants": (role("assessors: [{people: [kim], ¶participants: }]"), "[]"),
    "a number as a participant": (
        role("assessors: [{people: [kim], participants: [s1, ¶7]}]"),
        'write "7"',
    ),
    "a participant twice": (
        role("assessors: [{people: [kim], participants: [s1, ¶S1]}]"),
        "twice",
    ),
    "participants of an unknown roster": (
        role("assessors: [{people: [kim], participants: {rosters: [¶panal]}}]", ROSTER),
        "did you mean panel?",
    ),
    "participants of nobody": (
        role("assessors: [{people: [kim], ¶participants: {}}]"),
        "users: []",
    ),
    "a column of participants without a file": (
        role("assessors: [{people: [kim], participants: {users: [a], ¶column: key}}]"),
        "csv",
    ),
    "participants of a short mention": (
        role("assessors: [kim, ¶{participants: all}]"),
        'lacks "people"',
    ),
    "participants of invigilators": (
        role("invigilators: [{people: [kim], ¶participants: all}]"),
        "unknown key",
    ),
    "a reviewer of some who is allocated to all": (
        role("reviewers: [{people: [kim], participants: [s1], ¶allocated_to_all: true}]"),
        "contradicts participants at manifests/m.yaml:4:33",
    ),
    "a reviewer of all who is not allocated to all": (
        role("reviewers: [{people: [kim], participants: all, ¶allocated_to_all: false}]"),
        "contradicts participants",
    ),
    "a reviewer of some and, elsewhere, of all": (
        role(
            "reviewers: [{people: [kim], participants: [s1]}]",
            "  - flows: [math]\n    reviewers: [{people: [kim], ¶participants: all}]\n",
        ),
        "allocated_to_all false there and true here",
    ),
    # groups
    "groups in a mapping": (role("¶assessor_groups: {A: [kim]}"), "must be a list"),
    "null as groups": (role("¶assessor_groups:"), "[]"),
    "a group as text": (role("assessor_groups: [¶A]"), "must be a mapping"),
    "a group without a title": (role("assessor_groups: [¶{assessors: [kim]}]"), 'lacks "title"'),
    "a group without assessors": (role("assessor_groups: [¶{title: A}]"), 'lacks "assessors"'),
    "a group of no assessors": (group("title: A, ¶assessors: []"), "needs an assessor"),
    "a group of a mapping of no assessors": (
        group("title: A, ¶assessors: {users: []}"),
        "needs an assessor",
    ),
    "a number as a title": (group("¶title: 1, assessors: [kim]"), 'write "1"'),
    "an empty title": (group('¶title: "", assessors: [kim]'), "empty"),
    "a long title": (group(f"¶title: {'x' * 256}, assessors: [kim]"), "255"),
    "one assessor of a group as text": (group("title: A, ¶assessors: kim"), "list"),
    "an assessor of a group twice": (group("title: A, assessors: [kim, ¶Kim]"), "twice"),
    "all as participants of a group": (
        group("title: A, assessors: [kim], ¶participants: all"),
        "list",
    ),
    "an unknown key of a group": (group("title: A, assessors: [kim], ¶type: B"), "unknown key"),
    "a title twice": (
        role(
            "assessor_groups:\n"
            "      - {title: A, assessors: [kim]}\n      - {¶title: a, assessors: [ada]}"
        ),
        "twice",
    ),
    "more groups than a flow takes": (
        role(
            f"assessor_groups: [{FIFTY}]",
            "  - flows: [math]\n    assessor_groups: [{title: More, ¶assessors: [ada]}]\n",
        ),
        "a flow takes 50 groups, and 51 are stated for math",
    ),
    "two memberships of the groups of a flow": (
        role(
            "assessor_groups: [{title: A, assessors: [kim]}]\n    membership: exact",
            "  - flows: [math]\n    assessor_groups: [{title: B, assessors: [kim]}]\n"
            "    ¶membership: add_only\n",
        ),
        "the assessor_groups of math are exact there",
    ),
    "an allowance for groups": (
        f"{FLOW}allow:\n  - {{¶remove: assessor_groups, flows: [math], until: 2027-05-01,"
        " reason: r}\n",
        "unknown role",
    ),
    # flow sets
    "participants from a cell": (
        roled('assessors: [{people: [kim], participants: "{x}"}]', "all", "¶some"),
        "all",
    ),
    "a group of whom a cell is empty": (
        roled('assessor_groups: [{title: A, assessors: ["{x}"]}]', "kim", "¶"),
        'lacks "assessors"',
    ),
}
