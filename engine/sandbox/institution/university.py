"""The size `university`: so many more people and exams that only paging and batches get through."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from engine.sandbox.institution.flows import Exam
from engine.sandbox.institution.names import DOMAIN, FAMILY, GIVEN, login_part, pick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from engine.sandbox.institution.users import Users

USERS, FLOWS = 29_700, 2_984
"""What is added to the small institution, to make 30,000 users and 3,000 flows."""

_SUBJECTS = ("Accounting", "Archaeology", "Biochemistry", "Dentistry", "Ecology", "Geography")
_LEVELS = ("Introduction to {}", "{} in Practice", "Advanced {}", "Topics in {}", "History of {}")
_TYPES = ("FLOWassign", "FLOWlock", "FLOWmulti", "FLOWhandin")

_local_part = cache(login_part)


def add_university_users(users: Users, rng: Random) -> None:
    """One in fifteen is staff, the others are students."""
    for number in range(USERS):
        first, last = pick(rng, GIVEN), pick(rng, FAMILY)
        staff = number % 15 == 0
        identity = f"{20_000_000 + number:08}"
        mailbox = f"{_local_part(first)}.{_local_part(last)}.{number}"
        users.add(
            f"{'u' if staff else 's'}{identity}@{DOMAIN}",
            (first, last),
            ("Author", "Assessor") if staff else ("Participant",),
            data={"External User Id" if staff else "Student Number": identity},
            email=f"{mailbox}@{'' if staff else 'students.'}{DOMAIN}",
        )


def university_exams(rng: Random) -> Iterator[Exam]:
    """Exams of the last and the coming term, between one and two hundred participants each."""
    for number in range(FLOWS):
        subject, level = pick(rng, _SUBJECTS), pick(rng, _LEVELS)
        spring = number % 2 == 0
        start = 60 + rng.random() * 110 if spring else -40 + rng.random() * 40
        yield Exam(
            level.format(subject),
            f"Group {1 + number % 40}",
            _TYPES[number % 4],
            "Spring 2027" if spring else "Autumn 2026",
            f"{subject[:3].upper()}{100 + number}",
            start,
            4,
            state="draft" if spring and number % 6 else "active",
            participants=1 + int(rng.random() * 200),
        )
