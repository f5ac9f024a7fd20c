"""From what was read of a flow to its grades, and to what keeps some from being delivered. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.grades.model import ADMINISTRATIVE, ALTERNATIVE, FINAL, Grade, Trouble
from engine.grades.oneroster import AN_ID
from engine.grades.scales import GradeError, ScaleError, code_of
from engine.wiseflow.assessments import EXPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.grades.model import GradeExport
    from engine.grades.reading import Reading
    from engine.wiseflow.assessments import Assessment, Sitter


@dataclass(slots=True)
class Joined:
    """A flow's grades with their people."""

    grades: list[Grade] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    troubled: set[int] = field(default_factory=set)
    """The users of whom a grade is there and not delivered."""
    without: int = 0
    exported: int = 0
    scaleless: Counter[str] = field(default_factory=Counter)
    """By what is wrong with the scale, how many grades wait for it."""


def join(flow: str, reading: Reading, export: GradeExport) -> Joined:
    """The grades of everybody who has one, each with the person whom the receiver knows."""
    joined = Joined()
    by_seat = {row.participant: row for row in reading.assessments}
    for seat, row in by_seat.items():
        if seat not in reading.sitters and _counted(row, None, export):
            message = "a grade of somebody who is not on the list of participants"
            trouble = Trouble(flow, None, f"seat #{seat}", message, "look at the flow in WISEflow")
            joined.troubles.append(trouble)
    for seat, sitter in sorted(reading.sitters.items(), key=lambda pair: pair[1].number):
        counted = _counted(by_seat.get(seat), reading.alternatives.get(seat), export)
        if counted is None:
            joined.without += 1
            continue
        exported = by_seat[seat].export_state == EXPORTED if seat in by_seat else False
        joined.exported += exported
        if exported and not export.exported_too:
            continue
        _take(flow, sitter, counted, reading, export, joined)
    _refuse_twice(flow, joined, reading)
    for message, count in joined.scaleless.items():
        told = f"{message}, and keeps back {count}"
        joined.troubles.append(Trouble(flow, None, "", told, _see_codes(export)))
    return joined


def _see_codes(export: GradeExport) -> str:
    place = export.codes_at or export.location
    return f"see codes at {place.file}:{place.line}"


Counted = tuple[str, str, int | None]
"""Which of somebody's grades counts, as it is stored, and when it was set."""


def _counted(
    row: Assessment | None, alternative: tuple[str, int | None] | None, export: GradeExport
) -> Counted | None:
    there = {
        ADMINISTRATIVE: (row.admin_grade, row.admin_at) if row else ("", None),
        FINAL: (row.grade, row.at) if row else ("", None),
        ALTERNATIVE: alternative or ("", None),
    }
    for word in export.counts:
        grade, at = there[word]
        if grade:
            return word, grade, at
    return None


def _take(
    flow: str,
    sitter: Sitter,
    counted: Counted,
    reading: Reading,
    export: GradeExport,
    joined: Joined,
) -> None:
    """Adds the grade, or why it is not delivered: every reason, not the first one only."""
    word, stored, at = counted
    troubles = list(_troubles_of_person(sitter, export))
    entered = code = why = ""
    try:
        entered, code = _told(word, stored, reading, export)
    except ScaleError as error:
        why = str(error)
        joined.scaleless[why] += 1
    except GradeError as error:
        why = str(error)
        troubles.append((f"the {word} grade {error}", _see_codes(export)))
    if troubles or why:
        joined.troubled.add(sitter.user)
        joined.troubles += [
            Trouble(flow, sitter.number, _who(sitter, export), *one) for one in troubles
        ]
        return
    grade = Grade(
        person=sitter.ids[export.known_by][0],
        code=code,
        entered=entered,
        stored=stored,
        counts_as=word,
        graded=at,
        user=sitter.user,
        participant=sitter.participant,
        number=sitter.number,
        submission=sitter.submission,
        data={name: sitter.ids.get(name, ("",))[0] for name in export.data_types[1:]},
    )
    joined.grades.append(grade)


def _troubles_of_person(sitter: Sitter, export: GradeExport) -> Iterator[tuple[str, str]]:
    ids = sitter.ids.get(export.known_by, ())
    if not ids:
        yield f"has no {export.known_by}", "add it in WISEflow, or under users as data"
    elif len(ids) > 1:
        yield f"has {len(ids)} values of {export.known_by}", "leave one of them"
    if export.to.kind == "oneroster_csv" and not all(AN_ID.fullmatch(one) for one in ids):
        hint = "letters, digits and . - _ / @ alone make one: name other user data as known_by"
        yield f"has a {export.known_by} that cannot be a sourcedId", hint
    if not sitter.active:
        yield "is not active on the flow any more, and has a grade", "decide it in WISEflow"


def _told(word: str, stored: str, reading: Reading, export: GradeExport) -> tuple[str, str]:
    """The grade as it was entered, and its code. Raises: GradeError."""
    if word == ALTERNATIVE or (word == ADMINISTRATIVE and stored in export.alternative_codes):
        return stored, _alternative(stored, export)
    if reading.scale is None:
        raise ScaleError("the licence does not list the scale of the flow")
    try:
        entered = reading.scale.entered(stored)
    except GradeError:
        if word != ADMINISTRATIVE:
            raise
        # The document names no scale for it: it may be a word, such as Sick.
        return stored, _alternative(stored, export)
    return entered, code_of(reading.scale, entered, export.codes)


def _alternative(stored: str, export: GradeExport) -> str:
    """The code of a word such as Sick; the word itself where no codes are stated at all."""
    if stored in export.alternative_codes:
        return export.alternative_codes[stored]
    if export.codes or export.alternative_codes:
        raise GradeError("has no code: alternative_codes do not name it")
    return stored


def _who(sitter: Sitter, export: GradeExport) -> str:
    ids = sitter.ids.get(export.known_by, ())
    return ids[0] if ids else sitter.name or f"user #{sitter.user}"


def _refuse_twice(flow: str, joined: Joined, reading: Reading) -> None:
    """Of people who come to one person for the receiver, nobody's grade is delivered."""
    alike: dict[str, list[Grade]] = {}
    for grade in joined.grades:
        alike.setdefault(grade.person.casefold(), []).append(grade)
    twice = {key: several for key, several in alike.items() if len(several) > 1}
    joined.grades = [one for one in joined.grades if one.person.casefold() not in twice]
    for several in twice.values():
        numbers = " and ".join(f"participant {one.number}" for one in several)
        for one in several:
            joined.troubled.add(one.user)
            message = f"{numbers} are one person for the receiver"
            hint = "mend the identifiers in WISEflow"
            joined.troubles.append(Trouble(flow, one.number, one.person, message, hint))


def refuse_elsewhere(flow: str, joined: Joined, people: dict[str, tuple[int, str]]) -> None:
    """Whose identifier another user has on an earlier flow is not delivered: one of them is wrong.

    `people` holds the user and the flow by identifier, and takes up those of this flow.
    """
    kept = []
    for one in joined.grades:
        user, earlier = people.setdefault(one.person.casefold(), (one.user, flow))
        if user == one.user:
            kept.append(one)
            continue
        joined.troubled.add(one.user)
        message = f"has the identifier of somebody else on {earlier}"
        hint = "mend the identifiers, or merge the users in WISEflow"
        joined.troubles.append(Trouble(flow, one.number, one.person, message, hint))
    joined.grades = kept
