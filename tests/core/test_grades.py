"""Grades without a server: scales, codes, and what is new beside what was delivered."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Location
from engine.grades.comparing import compare, renamed
from engine.grades.joining import Joined, join
from engine.grades.model import Delivered, Destination, Difference, Grade, GradeExport
from engine.grades.reading import Reading
from engine.grades.scales import GradeError, Scale, code_of
from engine.wiseflow.assessments import EXPORTED, Assessment, Sitter

HERE = Location("manifests/exports.yaml", 3, 5)
LETTERS = Scale("A-C", {"3": "A", "2": "B", "1": "C"})
NUMBER = "Student Number"


def export(**fields: Any) -> GradeExport:
    to = Destination("csv", "out/g.csv", HERE, Path("out/g.csv"))
    return GradeExport("sis", HERE, ("law",), to, NUMBER, **fields)


def sitter(at: int, value: str | None = None, **fields: Any) -> Sitter:
    ids = {} if value == "" else {NUMBER: (value or f"S{at}",)}
    plain = {"active": True, "submission": None, "name": f"Sam {at}", "ids": ids}
    return Sitter(participant=100 + at, user=at, number=at, **{**plain, **fields})


def reading(*people: tuple[Sitter, Assessment | None], scale: Scale | None = LETTERS) -> Reading:
    sitters = {one.participant: one for one, _ in people}
    return Reading(tuple(row for _, row in people if row), sitters, scale, {})


def graded(at: int, grade: str = "3", **fields: Any) -> Assessment:
    return Assessment(participant=100 + at, grade=grade, at=1_800_000_000, **fields)


def messages(joined: Joined) -> list[str]:
    return [one.message for one in joined.troubles]


# ---- scales --------------------------------------------------------------------------------------


@given(st.integers(-(10**6), 10**6), st.sampled_from([1, 10, 100, 1000]), st.booleans())
def test_a_number_is_told_as_it_was_entered(stored: int, modifier: int, shown: bool) -> None:
    decimals = len(str(modifier)) - 1 if shown else None
    entered = Scale("n", modifier=modifier, decimals=decimals).entered(str(stored))
    assert Decimal(entered) * modifier == stored
    assert "E" not in entered
    if shown and decimals:
        assert len(entered.partition(".")[2]) == decimals


def test_more_decimals_than_a_scale_shows_are_no_grade_of_it() -> None:
    with pytest.raises(GradeError, match="more decimals"):
        Scale("n", modifier=100, decimals=1).entered("8999")


@pytest.mark.parametrize("stored", ["A", "4", "", " 3", "3.0", "３"])
def test_what_is_not_on_a_list_is_no_grade_of_it(stored: str) -> None:
    with pytest.raises(GradeError, match="is no grade of the scale"):
        LETTERS.entered(stored)


@pytest.mark.parametrize("stored", ["A", "1e5", "NaN", "0x10", "1_000", "9" * 99, "--1", "٣"])
def test_what_is_no_number_is_no_grade_of_numbers(stored: str) -> None:
    with pytest.raises(GradeError, match="is no number"):
        Scale("n").entered(stored)


@pytest.mark.parametrize(
    ("pattern", "stored", "fits"),
    [
        ("/^([0-9]|10)([,.](0|5))?$/", "95", True),
        ("/^([0-9]|10)([,.](0|5))?$/", "93", False),
        ("^[0-9.]+$", "100", True),
        ("(unclosed", "95", True),
        ("", "95", True),
    ],
)
def test_a_pattern_decides_what_is_a_grade(pattern: str, stored: str, fits: bool) -> None:
    scale = Scale("n", modifier=10, decimals=1, pattern=pattern)
    if fits:
        assert scale.entered(stored)
    else:
        with pytest.raises(GradeError, match="as the scale"):
            scale.entered(stored)


@given(st.decimals(0, 100, places=2))
def test_every_number_of_a_range_has_its_code_and_none_outside(number: Decimal) -> None:
    codes = {"n": {"50 .. 100": "A", "0 .. 49.99": "F"}}
    assert code_of(Scale("n"), f"{number:f}", codes) == ("A" if number >= 50 else "F")


def test_a_code_is_never_guessed() -> None:
    assert code_of(LETTERS, "A", {}) == "A"
    assert code_of(LETTERS, "A", {"A-C": {"A": "1"}}) == "1"
    for codes in ({"A-C": {"B": "2"}}, {"a-c": {"A": "1"}}, {"A-C": {"a": "1"}}):
        with pytest.raises(GradeError, match=r"has no code|nothing in codes"):
            code_of(LETTERS, "A", codes)


# ---- joining -------------------------------------------------------------------------------------


def test_everybody_with_a_grade_is_delivered_or_told() -> None:
    found = join(
        "law",
        reading(
            (sitter(1), graded(1)),
            (sitter(2, ""), graded(2)),
            (sitter(3), None),
            (sitter(4), Assessment(104)),
            (sitter(5), graded(5, "9")),
            (sitter(6, active=False), graded(6)),
            (sitter(7, ids={NUMBER: ("a", "b")}), graded(7)),
        ),
        export(),
    )
    assert [one.person for one in found.grades] == ["S1"]
    assert found.without == 2
    assert {one.number for one in found.troubles} == {2, 5, 6, 7}
    assert found.troubled == {2, 5, 6, 7}


def test_every_reason_of_one_person_is_told() -> None:
    found = join("law", reading((sitter(1, "", active=False), graded(1, "9"))), export())
    assert len(messages(found)) == 3


@pytest.mark.parametrize("second", ["S1", "s1"])
def test_of_two_who_are_one_for_the_receiver_nobody_is_delivered(second: str) -> None:
    people = reading((sitter(1), graded(1)), (sitter(2, second), graded(2)), (sitter(3), graded(3)))
    found = join("law", people, export())
    assert [one.person for one in found.grades] == ["S3"]
    assert set(messages(found)) == {
        "participant 1 and participant 2 are one person for the receiver"
    }


def test_a_grade_of_nobody_on_the_list_is_told() -> None:
    found = join("law", Reading((graded(1),), {}, LETTERS, {}), export())
    assert messages(found) == ["a grade of somebody who is not on the list of participants"]


def test_an_administrative_grade_overrules_unless_it_does_not_count() -> None:
    row = graded(1, "3", admin_grade="1", admin_at=1_800_000_001)
    for counts, code, word in (
        (("administrative", "final"), "C", "administrative"),
        (("final",), "A", "final"),
        (("final", "administrative"), "A", "final"),
    ):
        (grade,) = join("law", reading((sitter(1), row)), export(counts=counts)).grades
        assert (grade.code, grade.counts_as) == (code, word)


def test_a_word_in_the_place_of_a_grade_has_a_code_or_is_told() -> None:
    row = graded(1, "", admin_grade="Sick")
    people = reading((sitter(1), row))
    codes = {"A-C": {"A": "1", "B": "2", "C": "3"}}
    assert join("law", people, export()).grades[0].code == "Sick"
    assert join("law", people, export(alternative_codes={"Sick": "S"})).grades[0].code == "S"
    found = join("law", people, export(codes=codes))
    assert found.grades == []
    assert messages(found) == [
        "the administrative grade has no code: alternative_codes do not name it"
    ]


def test_what_wiseflow_has_exported_itself_is_left_out_where_that_is_asked() -> None:
    people = reading((sitter(1), graded(1, export_state=EXPORTED)), (sitter(2), graded(2)))
    assert len(join("law", people, export()).grades) == 2
    found = join("law", people, export(exported_too=False))
    assert [one.person for one in found.grades] == ["S2"]
    assert found.exported == 1


# ---- comparing -----------------------------------------------------------------------------------

grades = st.lists(
    st.builds(
        Grade,
        person=st.sampled_from(["S1", "S2", "S3", "S4"]),
        code=st.sampled_from("ABC"),
        entered=st.sampled_from("ABC"),
        stored=st.sampled_from("123"),
        counts_as=st.sampled_from(["final", "administrative"]),
        graded=st.none() | st.integers(1, 3),
        user=st.integers(1, 4),
        participant=st.integers(1, 4),
        number=st.integers(1, 4),
        data=st.just({}),
    ),
    unique_by=lambda grade: grade.person,
)


def ledger(items: list[Any], before: dict[str, Delivered]) -> dict[str, Delivered]:
    """What was delivered once all that moves is."""
    after = dict(before)
    for item in items:
        if item.grade and item.difference in (Difference.NEW, Difference.CHANGED):
            one = item.grade
            after[one.person] = Delivered(one.person, one.user, item.version, one.content)
    return after


@given(grades, grades)
def test_what_was_delivered_is_not_delivered_again(first: list[Grade], second: list[Grade]) -> None:
    delivered: dict[str, Delivered] = {}
    for several in (first, second, second):
        items = compare(Joined(grades=several), delivered)
        delivered = ledger(items, delivered)
    moved = [item for item in items if item.grade and item.difference is not Difference.UNCHANGED]
    assert moved == []
    assert {one.person: one.content for one in second} == {
        person: one.content
        for person, one in delivered.items()
        if person in {grade.person for grade in second}
    }


@given(grades, grades)
def test_nothing_that_was_delivered_is_forgotten(first: list[Grade], second: list[Grade]) -> None:
    delivered = ledger(compare(Joined(grades=first), {}), {})
    items = compare(Joined(grades=second), delivered)
    gone = {item.before.person for item in items if item.grade is None and item.before}
    assert gone == {one.person for one in first} - {one.person for one in second}
    assert set(ledger(items, delivered)) == {one.person for one in (*first, *second)}


def test_who_cannot_be_delivered_now_is_not_withdrawn() -> None:
    before = {"S1": Delivered("S1", 1, 1, {"code": "A"})}
    assert compare(Joined(troubled={1}), before) == []
    assert [one.difference for one in compare(Joined(), before)] == [Difference.WITHDRAWN]


def test_what_was_taken_back_is_told_once_and_counts_on_when_it_is_back() -> None:
    grade = join("law", reading((sitter(1), graded(1))), export()).grades[0]
    before = {grade.person: Delivered(grade.person, 1, 3, grade.content)}
    (gone,) = compare(Joined(), before, {grade.person})
    assert gone.difference == Difference.TAKEN_BACK
    after = {grade.person: Delivered(grade.person, 1, 3, {})}
    assert compare(Joined(), after, {grade.person}) == []
    (back,) = compare(Joined(grades=[grade]), after, {grade.person})
    assert (back.difference, back.version) == (Difference.NEW, 4)


def test_who_was_delivered_under_another_identifier_is_told() -> None:
    old = join("law", reading((sitter(1, "OLD"), graded(1))), export())
    delivered = ledger(compare(old, {}), {})
    new = join("law", reading((sitter(1, "NEW"), graded(1))), export())
    items = compare(new, delivered)
    assert [one.difference for one in items] == [Difference.NEW, Difference.WITHDRAWN]
    (trouble,) = renamed("law", items)
    assert "another identifier" in trouble.message
