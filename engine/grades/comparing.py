"""Grades beside what was delivered: new, changed, unchanged, withdrawn. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.grades.model import Difference, Item, Trouble

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from engine.grades.joining import Joined
    from engine.grades.model import Delivered, Grade


def compare(
    joined: Joined, delivered: Mapping[str, Delivered], taken_back: Container[str] = ()
) -> list[Item]:
    """Each grade with its difference, by person; what was delivered and is gone is withdrawn.

    Somebody whose grade is there and cannot be delivered is not among them: the trouble says why.
    Nor is what the receiver has taken back, once that was written down.
    """
    items = [_compared(grade, delivered.get(grade.person)) for grade in joined.grades]
    there = {grade.person for grade in joined.grades}
    gone = [one for one in delivered.values() if one.person not in there and one.content]
    for one in gone:
        if one.person in taken_back:
            items.append(Item(Difference.TAKEN_BACK, None, one))
        elif one.user not in joined.troubled:
            items.append(Item(Difference.WITHDRAWN, None, one))
    return sorted(items, key=lambda item: item.person)


def renamed(flow: str, items: Iterable[Item]) -> list[Trouble]:
    """Of people who have another identifier than the one under which they were delivered.

    The receiver has their grade twice then, once under somebody's who may be another person.
    """
    listed = list(items)
    new = {item.grade.user: item.grade for item in listed if item.grade}
    troubles = []
    for item in listed:
        if item.difference is Difference.WITHDRAWN and item.before and item.before.user in new:
            grade = new[item.before.user]
            message = "was delivered under another identifier before"
            hint = "have that one taken back where it was delivered to, then state taken_back"
            troubles.append(Trouble(flow, grade.number, grade.person, message, hint))
    return troubles


def unused(
    flow: str, taken_back: Iterable[str], items: Iterable[Item], known: Container[str]
) -> list[Trouble]:
    """Of people under `taken_back` of whom nothing is taken back: it would be, once they have none.

    Their next withdrawal would be believed to be done, though nobody at the receiver knows of it.
    """
    graded = {item.person: item for item in items if item.grade}
    troubles = []
    for person in sorted(taken_back):
        if item := graded.get(person):
            message = "stands under taken_back, and has a grade"
            troubles.append(Trouble(flow, item.number, person, message, "remove it there"))
        elif person not in known:
            message = "stands under taken_back, and was never delivered"
            troubles.append(Trouble(flow, None, person, message, "mend or remove it there"))
    return troubles


def _compared(grade: Grade, before: Delivered | None) -> Item:
    if before is None or not before.content:
        return Item(Difference.NEW, grade, before)
    same = dict(before.content) == grade.content
    return Item(Difference.UNCHANGED if same else Difference.CHANGED, grade, before)
