"""Northfield's WISEflow users: part of the example's people, with gaps, and strangers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.institution.names import DOMAIN, full_names, login, phone
from engine.sandbox.institution.people import (
    StaffMember,
    Student,
    academics,
    externals,
    office,
    office_phone,
    students,
)
from engine.sandbox.institution.uniweb import other_members

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from engine.sandbox.institution.licence import Licence

User = dict[str, Any]

TOTAL = 300
_OTHER_STAFF = 40
_FORMER_NAMES = ("Holm", "Barlow", "Nyström", "Kelly", "Mistry")


class Users:
    """Makes user rows and hands out their ids; `ids` finds a user by Personal Organisation Id."""

    def __init__(self, licence: Licence, numbers: Iterator[int]) -> None:
        self.rows: list[User] = []
        self.ids: dict[str, int] = {}
        self._licence = licence
        self._numbers = numbers
        self._types = {t["name"]: t["id"] for t in licence.user_data_types}

    def add(
        self,
        key: str,
        name: tuple[str, str],
        roles: tuple[str, ...],
        *,
        data: dict[str, str],
        email: str = "",
        phone_number: str = "",
        login_deactivated: bool = False,
    ) -> int:
        user_id = next(self._numbers)
        values = {"Personal Organisation Id": key} | data
        self.ids[key] = user_id
        self.rows.append(
            {
                "id": user_id,
                "firstName": name[0],
                "lastName": name[1],
                "phone": phone_number,
                "language": "en_GB",
                "loginDeactivated": login_deactivated,
                "emails": [_email(email or key)],
                "roles": self._licence.role_ids(roles),
                "data": [
                    {"userDataTypeId": self._types[t], "value": v} for t, v in values.items() if v
                ],
            }
        )
        return user_id


def _email(address: str) -> dict[str, Any]:
    return {
        "email": address,
        "primary": True,
        "fromExternalSource": False,
        "activated": True,
        "receiveNotifications": True,
    }


def add_users(users: Users, rng: Random) -> None:
    """Everybody whom WISEflow knows, three hundred in all; the last students vary by seed."""
    users.add(
        f"licence.admin@{DOMAIN}",
        ("Licence", "Administrator"),
        ("Administrator", "Manager"),
        data={},
        phone_number=phone(1),
    )
    for number, member in enumerate(academics()):
        _add_academic(users, number, member)
    for member in office():
        _add_office(users, member)
    for member in externals()[:3]:
        users.add(member.key, (member.first_name, member.last_name), member.roles, data={})
    for number, student in enumerate(students()):
        _add_student(users, number, student)
    for member in other_members()[14 : 14 + _OTHER_STAFF]:
        _add_other_staff(users, member)
    _add_other_students(users, rng, TOTAL - len(users.rows))


def _add_academic(users: Users, number: int, member: StaffMember) -> None:
    """Of four, one is right, one lacks the department, one is stale, one is not there."""
    if number % 4 == 3:
        return
    last_name, department, roles = member.last_name, member.department, member.roles
    if number % 4 == 1:
        department = ""
    elif number % 12 == 2:
        last_name = _FORMER_NAMES[number // 12]
    elif number % 12 == 6:
        department = "Applied Sciences"
    elif number % 12 == 10:
        roles = roles[1:]
    users.add(
        member.key,
        (member.first_name, last_name),
        roles,
        data={"External User Id": member.employee_id, "Department": department},
        phone_number=phone(100 + number) if number % 3 == 0 else "",
    )


def _add_office(users: Users, member: StaffMember) -> None:
    """One has a number without the country, one lacks a role, the rest are right."""
    number, roles = office_phone(member), member.roles
    if member.first_name == "Joakim":
        number = number.replace("+44 ", "0").replace(" ", "")
    if member.first_name == "Sunita":
        roles = roles[:1]
    data = {"External User Id": member.employee_id}
    name = (member.first_name, member.last_name)
    users.add(member.key, name, roles, data=data, phone_number=number)


def _add_student(users: Users, number: int, student: Student) -> None:
    """Every other one stands in WISEflow; of these, three are not as they should be."""
    if number % 2:
        return
    users.add(
        student.key,
        (student.first_name, "Prior" if number == 30 else student.last_name),
        () if number in (20, 130) else ("Participant",),
        data={"Student Number": student.student_number},
        email=student.email,
        phone_number="960 4" if number == 10 else "",
    )


def _add_other_staff(users: Users, member: StaffMember) -> None:
    users.add(
        member.key,
        (member.first_name, member.last_name),
        ("Manager", "Author", "Assessor", "Reviewer"),
        data={"External User Id": member.employee_id, "Department": member.department},
    )


def _add_other_students(users: Users, rng: Random, count: int) -> None:
    names = full_names(rng, set())
    for number in range(count):
        first, last = next(names)
        student_number = f"{7_200_000 + 11 * number + int(rng.random() * 11):08}"
        users.add(
            f"s{student_number[-6:]}@{DOMAIN}",
            (first, last),
            ("Participant",),
            data={"Student Number": student_number},
            email=login(first, last).replace("@", f".{number}@students."),
            login_deactivated=number % 29 == 28,
        )
