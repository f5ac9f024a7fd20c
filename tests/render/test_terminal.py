"""What people read: golden texts (UPDATE_GOLDEN=1 rewrites them), and what no text may do."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Location
from engine.model import Address
from engine.plan import Action, Change, FieldChange, Note, Outcome, Plan, Result, Status
from engine.render.style import Style
from engine.render.terminal import render_outcomes, render_plan
from tests.render import plans

GOLDEN = Path(__file__).parent / "golden"
STYLE = Style(zone=ZoneInfo("Europe/Copenhagen"))
CASES = {
    "one_seat": plans.one_seat,
    "every_kind_of_change": plans.every_kind_of_change,
    "marking_moved_on_38_flows": lambda: plans.moved_marking(38),
    "large": lambda: plans.large(1000),
    "no_changes": lambda: plans.plan(unchanged=40),
}


def compare(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_plan_reads_as_agreed(name: str) -> None:
    compare(name, render_plan(CASES[name](), STYLE))


def test_one_seat_reads_as_the_design_shows_it() -> None:
    lines = render_plan(plans.one_seat(), STYLE).splitlines()
    assert lines[0].startswith("staging")
    assert lines[0].endswith("Sun 2 May 23:04 Copenhagen")
    assert "~ update flow/math101-2027s   starts in 9 h   manifests/math.yaml:12" in lines
    assert "    participants  + add s099@northfield.example   180 → 181" in lines
    assert lines[-2:] == [
        "Plan: 0 to create, 1 to update, 0 to remove.",
        "Seats: 1 to add, 0 to take away.",
    ]


def test_the_order_of_changes_does_not_change_the_text() -> None:
    plan = plans.every_kind_of_change()
    other = replace(plan, changes=tuple(reversed(plan.changes)))
    assert render_plan(other, STYLE) == render_plan(plan, STYLE)


def test_what_needs_allowing_stands_before_every_other_change() -> None:
    text = render_plan(plans.every_kind_of_change(), STYLE)
    assert text.index("--allow shorter:flow/chem-2027s") < text.index("~ update flow/math101")
    assert "--allow 'removals:*:40'" in text


def test_blocked_and_waiting_alone_are_no_changes() -> None:
    waiting = plans.change(plans.flow(), "activation", status=Status.WAITING, reasons=("by time",))
    lines = render_plan(plans.plan(waiting), STYLE).splitlines()
    assert lines[-1] == "No changes. WISEflow matches the manifests."
    assert any("by time" in line for line in lines[:-1])


def test_something_held_is_not_no_changes() -> None:
    held = plans.change(plans.flow(), "dates", status=Status.HELD, reasons=("allow it",))
    assert "No changes" not in render_plan(plans.plan(held), STYLE)


def test_where_a_problem_stands_nothing_is_said_to_match() -> None:
    plan = replace(plans.plan(), problems=plans.every_kind_of_change().problems)
    last = render_plan(plan, STYLE).splitlines()[-1]
    assert last == "No changes planned, but there are problems: see above."


def test_an_address_counts_once_and_creation_comes_first() -> None:
    new = plans.change(plans.flow(), "", action=Action.CREATE)
    dates = plans.change(plans.flow(), "dates")
    assert "Plan: 1 to create, 0 to update, 0 to remove." in render_plan(
        plans.plan(new, dates), STYLE
    )


def test_who_loses_a_seat_is_named_in_a_plan_of_a_hundred_flows() -> None:
    plan = plans.large(100)
    text = render_plan(plan, Style(verbose=False))
    assert "- remove assessors   100 seats of 100 flows" in text
    assert "a00000@northfield.example (f00000)" in text


def test_verbose_folds_nothing() -> None:
    text = render_plan(plans.large(100), replace(STYLE, verbose=True))
    assert " more (" not in text
    assert all(f"a{n:05}@northfield.example" in text for n in range(100))


def test_colour_only_adds_escape_codes() -> None:
    plan = plans.every_kind_of_change()
    coloured = render_plan(plan, replace(STYLE, color=True))
    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == render_plan(plan, STYLE).splitlines()


HOSTILE = "\x1b[2J\x9b31m\u202e\r\n\x00\u200b\ud800"


def hostile() -> Plan:
    address = Address("user", HOSTILE)
    place = Location(HOSTILE, 1, 1)
    field = FieldChange(HOSTILE, HOSTILE, (HOSTILE, {HOSTILE: HOSTILE}), HOSTILE)
    change = Change(address, HOSTILE, Action.UPDATE, place, (field,), reasons=(HOSTILE,))
    held = replace(change, status=Status.HELD, part="held")
    note = Note(address, HOSTILE, HOSTILE)
    return replace(plans.plan(change, held, notes=(note,)), environment=HOSTILE)


@pytest.mark.parametrize("masked", [True, False])
def test_no_text_from_elsewhere_can_steer_the_terminal(masked: bool) -> None:
    plan = hostile()
    text = render_plan(plan, Style(mask=masked))
    text += render_outcomes(plan, [Outcome(plan.changes[0], Result.FAILED, HOSTILE)], Style())
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "\\x1b[2J" in text


def personal() -> Plan:
    known, stranger = "ada@northfield.example", "eve@northfield.example"
    fields = (
        FieldChange("phone", "+44 1", "+44 2", "manifests/u.yaml:3:4"),
        FieldChange("last_name", "Old", "Byron", "uniweb:members/833 profile/x.last_name"),
        FieldChange("roles", ("Author",), ("Assessor",), "manifests/u.yaml:4:4"),
    )
    gone = plans.seats("participants", 2, 1, remove=(plans.seat("eve", ""),))
    return plans.plan(
        plans.change(Address("user", known), fields=fields),
        plans.change(plans.flow(), "participants", seats=gone),
        notes=(Note(plans.flow(), f"{stranger} sits here, {known} too"),),
    )


def test_in_ci_live_personal_values_are_masked_and_keys_of_the_manifests_are_not() -> None:
    style = Style(mask=True, known=frozenset({"ada@northfield.example"}))
    text = render_plan(personal(), style)
    assert "eve@" not in text
    assert "Byron" not in text
    assert "+44 1" not in text
    assert "e•••@northfield.example sits here, ada@northfield.example too" in text
    assert "+44 2" in text
    assert "Author → Assessor" in text


def test_mask_all_hides_the_manifests_too() -> None:
    text = render_plan(personal(), Style(mask=True))
    assert "ada@" not in text
    assert "+44 2" not in text


def test_outcomes_tell_failures_first_and_end_with_the_summary() -> None:
    changes = [plans.change(plans.flow(f"f{n}"), action=Action.CREATE) for n in range(5)]
    results = [Result.DONE, Result.NOT_TRIED, Result.BLOCKED, Result.FAILED, Result.UNKNOWN]
    outcomes = [Outcome(c, r, f"m{r}") for c, r in zip(changes, results, strict=True)]
    compare("outcomes", render_outcomes(plans.plan(*changes), outcomes, STYLE))


def test_a_complete_apply_says_so() -> None:
    done = [
        Outcome(plans.change(plans.flow("a"), action=Action.CREATE), Result.DONE),
        Outcome(plans.change(plans.flow("b"), action=Action.CREATE), Result.DONE),
        Outcome(plans.change(plans.flow("b"), "dates"), Result.DONE),
        Outcome(plans.change(plans.flow("c"), "dates"), Result.DONE),
    ]
    text = render_outcomes(plans.plan(), done, STYLE)
    assert text == "Apply complete: 2 created, 1 updated, 0 removed.\n"
