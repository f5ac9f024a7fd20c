"""What is wrong with periods of oral exams, and with who is examined in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.manifests.cases_people import ROSTER, role

if TYPE_CHECKING:
    from tests.manifests.repositories import Case


def period(text: str) -> str:
    return f"flows: [{{key: math, periods: [{text}]}}]\n"


def slot(text: str, more: str = "") -> str:
    return role(f"slots: [{text}]", more)


MONDAY = "period: 2027-05-10 09:00"
TUESDAY = "period: 2027-05-11 09:00"

ORAL_CASES: dict[str, Case] = {
    "periods in a mapping": ("flows: [{key: math, ¶periods: {}}]\n", "must be a list"),
    "a period without a start": (period("¶{examination: 20}"), 'lacks "start"'),
    "a period without minutes": (period("¶{start: 2027-05-10 09:00}"), 'lacks "examination"'),
    "a period on a day that is not": (
        period("{¶start: 2027-02-30 09:00, examination: 20}"),
        "does not exist",
    ),
    "a date as the start of a period": (
        period("{¶start: 2027, examination: 20}"),
        "is no date",
    ),
    "minutes as a length": (
        period("{start: 2027-05-10 09:00, ¶examination: 20m}"),
        "must be a whole number",
    ),
    "no minutes at all": (
        period("{start: 2027-05-10 09:00, ¶examination: 0}"),
        "1",
    ),
    "a period twice, written in two ways": (
        period(
            "{start: 2027-05-10 09:00, examination: 20}, "
            "{¶start: 2027-05-10 07:00Z, examination: 30}"
        ),
        "twice",
    ),
    "an unknown key of a period": (
        period("{start: 2027-05-10 09:00, examination: 20, ¶room: hall}"),
        "unknown key",
    ),
    "null as slots": (role("¶slots:"), "[]"),
    "slots without a period": (slot("¶{participants: [kim]}"), 'lacks "period"'),
    "slots of nobody": (slot(f"¶{{{MONDAY}}}"), 'lacks "participants"'),
    "slots on a day that is not": (
        slot("{¶period: 2027-02-30 09:00, participants: [kim]}"),
        "does not exist",
    ),
    "a participant twice in one period": (
        slot(f"{{{MONDAY}, participants: [kim, ¶Kim]}}"),
        "twice",
    ),
    "a participant in two periods": (
        slot(f"{{{MONDAY}, participants: [kim]}}, {{{TUESDAY}, participants: [¶Kim]}}"),
        'the same person has period "2027-05-10 07:00:00Z" there and "2027-05-11 07:00:00Z" here',
    ),
    "one period in two lists": (
        slot(f"{{{MONDAY}, participants: [kim]}}, {{¶{MONDAY}, participants: [ada]}}"),
        "the slots of this period are stated at",
    ),
    "one period in two entries": (
        slot(
            f"{{{MONDAY}, participants: [kim]}}",
            f"  - flows: [math]\n    slots: [{{¶{MONDAY}, participants: [ada]}}]\n",
        ),
        "the slots of this period are stated at",
    ),
    "an unknown roster in a period": (
        slot(f"{{{MONDAY}, participants: {{rosters: [¶panal]}}}}", ROSTER),
        "did you mean panel?",
    ),
}
