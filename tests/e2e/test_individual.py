"""What one participant has and nobody else: times, a unique exam id, and whether they may sit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import ManifestError
from engine.plan import Status
from tests.e2e.accommodated import (
    ANN,
    ANN_LONGER,
    BOB,
    CAT,
    EARLY,
    HOUR_LATER,
    SAM,
    SAM_LONGER,
    flow,
    known_by_two_names,
    minutes_after,
    number,
    own,
    person,
    term,
    timebox,
)

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.e2e.rehearsal import Rehearsal

LATE_END = {"end": "2027-05-03 15:00"}


def _applied(rehearsal: Rehearsal, text: str, *allow: str) -> None:
    rehearsal.write(text)
    rehearsal.apply(*allow)
    assert rehearsal.failures() == []
    assert rehearsal.plan(*allow).changes == ()


def _ids(rehearsal: Rehearsal) -> dict[str, Any]:
    return {key: own(rehearsal, key)["uniqueExamId"] for key in (SAM, ANN, BOB)}


# ---- times ---------------------------------------------------------------------------------------


def test_an_end_and_a_timebox_of_ones_own(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(person(SAM, participation=LATE_END, timebox=300), timebox=240))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (120, 300)


def test_extra_time_counts_from_a_later_start_of_ones_own(rehearsal: Rehearsal) -> None:
    later = {"start": "2027-05-03 14:00", "end": "2027-05-03 18:00"}
    _applied(rehearsal, term(person(SAM, participation=later), accommodations=(SAM_LONGER,)))
    assert minutes_after(rehearsal, SAM) == 6 * 60


def test_an_end_before_that_of_the_exam_is_a_problem(rehearsal: Rehearsal) -> None:
    text = term(person(SAM, participation=LATE_END))
    _applied(rehearsal, text)
    moved = EARLY | {"participation": {"start": "2027-05-03 12:00", "length": "4h"}}
    rehearsal.write(term(person(SAM, participation=LATE_END), **moved))
    with pytest.raises(ManifestError) as caught:
        rehearsal.plan()
    assert [p.message for p in caught.value.problems] == ["ends before the exam law does"]


def test_an_end_before_that_of_an_exam_which_states_none_is_a_problem_too(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term(**HOUR_LATER))
    path = f"/flows/{flow(rehearsal)['id']}/activate"
    rehearsal.by_hand("PATCH", path)
    early = {"end": "2027-05-03 13:30"}
    rehearsal.write(term(person(SAM, participation=early), participation=None, marking=None))
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert [problem.message for problem in plan.problems] == ["ends before the exam law does"]


def test_a_timebox_needs_one_of_the_exam(rehearsal: Rehearsal) -> None:
    rehearsal.write(term(person(SAM, timebox=300)))
    rehearsal.apply()
    (blocked,) = rehearsal.plan().changes
    assert blocked.reasons == ("the flow has no timebox, so nobody can have one",)
    _applied(rehearsal, term(person(SAM, timebox=300), timebox=200), "shorter:flow/law")
    assert timebox(rehearsal, SAM) == 300


# ---- exam ids ------------------------------------------------------------------------------------


def test_exam_ids_pass_from_one_to_the_next(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(person(SAM, unique_exam_id="X-1"), person(ANN, unique_exam_id="X-2")))
    passed = [person(k, unique_exam_id=i) for k, i in ((BOB, "X-1"), (SAM, "X-2"), (ANN, "X-3"))]
    _applied(rehearsal, term(*passed))
    assert _ids(rehearsal) == {SAM: "X-2", ANN: "X-3", BOB: "X-1"}
    _applied(rehearsal, term(person(SAM, unique_exam_id=None)))
    assert _ids(rehearsal) == {SAM: None, ANN: "X-3", BOB: "X-1"}


def test_an_exam_id_that_a_stranger_keeps_is_blocked(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(person(SAM, unique_exam_id="X-1")))
    there, bob = flow(rehearsal)["id"], own(rehearsal, BOB)["participantId"]
    path = f"/flows/{there}/participants/{bob}/unique-exam-id"
    rehearsal.by_hand("PUT", path, {"uniqueExamId": "X-9"})
    follows = person(ANN, unique_exam_id="X-1")
    rehearsal.write(term(person(SAM, unique_exam_id="X-9"), follows))
    (blocked,) = [c for c in rehearsal.plan().changes if c.part.startswith("unique")]
    assert (blocked.part, blocked.status) == ("unique_exam_ids.blocked", Status.BLOCKED)
    assert blocked.seats is not None
    assert [one.person for one in blocked.seats.change] == [ANN, SAM]
    assert "X-" not in str(blocked.reasons)


RINGS = {
    "two": {SAM: "X-2", ANN: "X-1"},
    "three": {SAM: "X-2", ANN: "X-3", BOB: "X-1"},
}


@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS)
def test_exam_ids_in_a_ring_are_passed_on(rehearsal: Rehearsal, ring: dict[str, str]) -> None:
    begun = {SAM: "X-1", ANN: "X-2", BOB: "X-3"}
    _applied(rehearsal, term(*(person(k, unique_exam_id=i) for k, i in begun.items())))
    _applied(rehearsal, term(*(person(k, unique_exam_id=i) for k, i in ring.items())))
    assert _ids(rehearsal) == begun | ring


@pytest.mark.parametrize("operation", ["DELETE", "PUT"])
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_ring_that_breaks_off_is_finished_by_the_same_plan(
    office: Office, operation: str, fault: str, skip: int
) -> None:
    """Who gave their exam id up first has none then."""
    control, path = (
        office.stage.control,
        "/flows/{flowId}/participants/{participantId}/unique-exam-id",
    )
    begun = {SAM: "X-1", ANN: "X-2", BOB: "X-3"}
    office.write(term(*(person(k, unique_exam_id=i) for k, i in begun.items())))
    office.apply()
    office.write(term(*(person(k, unique_exam_id=i) for k, i in RINGS["three"].items())))
    assert office.call("plan", "--out", str(office.root / "plan.bin"))[0] == 0
    wanted = {"method": operation, "path": path, "times": 99, "skip": skip, "kind": fault}
    control("POST", "faults", [wanted])
    first, _ = office.call("apply", str(office.root / "plan.bin"))
    assert (first == 0) == (operation == "DELETE" and skip == 1)
    control("POST", "faults", [])
    assert office.call("apply", str(office.root / "plan.bin"))[0] == 0
    assert _ids(office.stage) == RINGS["three"]


def test_who_comes_gets_the_exam_id_of_who_goes(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(person(SAM, unique_exam_id="X-1")))
    text = term(person(CAT, unique_exam_id="X-1"), sit=(CAT, ANN, BOB))
    text = text.replace('"managers"', '"membership": "exact", "managers"')
    _applied(rehearsal, text, "replaced:*")
    assert own(rehearsal, CAT)["uniqueExamId"] == "X-1"


# ---- active or not -------------------------------------------------------------------------------


def test_a_participant_is_deactivated_only_when_that_is_allowed(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term())
    text = term(person(SAM, unique_exam_id="X-1", active=False))
    rehearsal.write(text)
    statuses = {change.part: change.status for change in rehearsal.plan().changes}
    assert statuses["individual_active.taking"] is Status.HELD
    assert statuses["unique_exam_ids"] is Status.PLANNED
    _applied(rehearsal, text, "deactivation:flow/law")
    assert own(rehearsal, SAM)["activated"] is False
    assert [note.message for note in rehearsal.plan().notes] == []
    _applied(rehearsal, term(person(SAM, active=True)))
    assert own(rehearsal, SAM)["activated"] is True


def _asleep_while_the_exam_moves(rehearsal: Rehearsal) -> dict[str, Any]:
    """SAM has longer, is deactivated, and the exam is another day: the flow as it is then."""
    _applied(rehearsal, term(accommodations=(SAM_LONGER,), timebox=120))
    entry = person(SAM, active=False)
    text = term(entry, timebox=120)
    _applied(rehearsal, text, "deactivation:*")
    moved = {"participation": {"start": "2027-05-04 09:00", "length": "5h"}, "timebox": 180}
    _applied(rehearsal, term(entry, **moved))
    assert minutes_after(rehearsal, SAM) < 0
    return moved


def test_who_may_sit_again_returns_to_the_times_of_the_exam_first(rehearsal: Rehearsal) -> None:
    moved = _asleep_while_the_exam_moves(rehearsal)
    rehearsal.write(term(person(SAM, active=True), **moved))
    changes = {change.part: change for change in rehearsal.plan().changes}
    assert set(changes) == {
        "individual_dates.back",
        "individual_timebox.back",
        "individual_active",
    }
    needs = ("flow/law:individual_dates.back", "flow/law:individual_timebox.back")
    assert set(changes["individual_active"].needs) == set(needs)
    saved = rehearsal.save_plan()
    rehearsal.apply_saved(saved)
    rehearsal.apply_saved(saved)
    assert rehearsal.failures() == []
    assert rehearsal.plan().changes == ()
    assert own(rehearsal, SAM)["activated"] is True
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (0, None)


def test_who_may_sit_again_while_the_exam_moves_returns_to_where_it_goes(
    rehearsal: Rehearsal,
) -> None:
    moved = _asleep_while_the_exam_moves(rehearsal)
    later = {"participation": {"start": "2027-05-04 11:00", "length": "5h"}, "timebox": 200}
    text = json.loads(term(sit=(ANN, BOB), **(moved | later)))
    text["role_assignments"][0]["participants"].append({"people": [SAM], "active": True})
    _applied(rehearsal, json.dumps(text))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (0, None)


def test_who_may_sit_again_and_has_a_line_gets_what_it_says_and_nothing_else(
    rehearsal: Rehearsal,
) -> None:
    moved = _asleep_while_the_exam_moves(rehearsal)
    late = person(SAM, active=True, participation={"start": "2027-05-04 10:00"})
    _applied(rehearsal, term(late, **moved))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (0, None)


def test_who_comes_and_may_not_sit_comes_deactivated(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(person(SAM, active=False), accommodations=(SAM_LONGER, ANN_LONGER)))
    assert own(rehearsal, SAM)["activated"] is False
    assert minutes_after(rehearsal, SAM) == 0


def test_the_entry_that_a_plan_proposes_lets_a_participant_be_deactivated(office: Office) -> None:
    _begin(office, term())
    office.write(term(person(SAM, active=False)))
    entries = office.proposed()
    assert "{remove: participants, flows: [law], up_to: 1" in entries
    office.write(entries.replace("say why", "they fell ill"), "allow.yaml")
    office.apply()
    assert own(office.stage, SAM)["activated"] is False


def test_the_last_who_may_sit_is_guarded(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(sit=(SAM,)))
    rehearsal.write(term(person(SAM, active=False), sit=(SAM,)))
    refused = {guard.name for guard in rehearsal.plan("deactivation:*").guards if guard.refused}
    assert refused == {"empty"}


# ---- in every state ------------------------------------------------------------------------------

STATES = {
    "a draft": 0,
    "activated": -30 * 24 * 60,
    "soon": -60,
    "running": 60,
    "past its end": 5 * 60,
    "concluded": 30 * 24 * 60,
}
"""Minutes from the start of the exam to the time of the plan."""


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "stated",
    [
        {"participation": {"end": "2027-05-03 17:00"}},
        {"participation": {"start": "2027-05-03 09:30", "end": "2027-05-03 18:00"}},
        {"timebox": 300},
        {"timebox": "off"},
        {"unique_exam_id": "X-1"},
        {"active": False},
    ],
    ids=str,
)
def test_what_is_planned_in_any_state_of_an_exam_is_done(
    rehearsal: Rehearsal, state: str, stated: dict[str, Any]
) -> None:
    _applied(rehearsal, term(timebox=240, lifecycle="active" if STATES[state] else "draft"))
    start = flow(rehearsal)["participation"]["start"]
    if STATES[state]:
        rehearsal.control("POST", "clock", {"now": start + STATES[state] * 60})
    rehearsal.write(term(person(SAM, **stated), accommodations=(ANN_LONGER,), timebox=240))
    allow = ("shorter:*", "starts-soon:*", "deactivation:*")
    assert {c.status for c in rehearsal.plan(*allow).changes} <= {Status.PLANNED, Status.BLOCKED}
    rehearsal.apply(*allow)
    assert rehearsal.failures() == []
    left = {change.reasons for change in rehearsal.plan(*allow).changes}
    assert left <= {("the participation has ended",)}
    assert bool(left) is (STATES[state] > 240)


# ---- against a base ------------------------------------------------------------------------------


def _begin(office: Office, text: str) -> None:
    office.write(text)
    office.commit()
    office.apply()
    office.scope = ("--base", "HEAD")


@pytest.mark.parametrize("gone", ["a line", "every line", "with the exam moved"])
def test_a_line_that_is_gone_from_git_returns_to_the_exams_own_dates(
    office: Office, gone: str
) -> None:
    lines = (person(ANN, participation={"start": "2027-05-03 10:00", "end": "2027-05-03 15:00"}),)
    _begin(office, term(*lines, accommodations=(SAM_LONGER,), timebox=200))
    kept = () if gone == "every line" else (ANN_LONGER,)
    moved = HOUR_LATER if gone == "with the exam moved" else EARLY
    office.write(term(accommodations=kept, timebox=200, **moved))
    held = [c["part"] for c in office.document()["changes"] if c["status"] == "held"]
    assert "individual_dates.taking" in held
    # Else somebody whose time is not taken yet would stay on the day before.
    assert ("dates" in held) is (gone == "with the exam moved")
    code, said = office.call("apply", "--auto-approve", "--allow", "shorter:flow/law")
    assert code == 0, said
    assert minutes_after(office.stage, SAM) == 0
    assert timebox(office.stage, SAM) is None
    assert own(office.stage, ANN)["participation"]["start"] is None
    assert minutes_after(office.stage, ANN) == (30 if kept else 0)
    assert office.document()["changes"] == []


def test_who_is_named_by_a_number_now_and_was_by_key_before_has_not_gone(office: Office) -> None:
    key, student = known_by_two_names(office.stage)
    named = {"people": [key], "extra_time": "60m", "flows": ["law"]}
    _begin(office, term(accommodations=(named,), sit=(key,)))
    office.write(f"nr,extra_time\n{student},30m\n", "extra.csv")
    listed = {"csv": "extra.csv", "column": "nr", "matches": "Student Number", "flows": ["law"]}
    office.write(term(accommodations=(listed,), sit=(key,)))
    code, said = office.call("apply", "--auto-approve", "--allow", "shorter:flow/law")
    assert code == 0, said
    assert minutes_after(office.stage, key) == 30
    assert office.document()["changes"] == []


def test_a_timebox_that_is_switched_off_takes_those_of_single_people_with_it(
    office: Office,
) -> None:
    _begin(office, term(accommodations=(SAM_LONGER,), timebox=240))
    office.write(term(accommodations=(SAM_LONGER,), timebox="off"))
    parts = [change["part"] for change in office.document()["changes"]]
    assert sorted(parts) == ["individual_timebox.cleared", "timebox"]
    office.apply()
    assert timebox(office.stage, SAM) is None
    assert office.document()["changes"] == []
    assert minutes_after(office.stage, SAM) == 60


def test_a_timebox_that_is_switched_on_again_finds_nobody_with_one_from_before(
    office: Office,
) -> None:
    _begin(office, term(accommodations=(SAM_LONGER,), timebox=120))
    office.write(term(timebox="off"))
    code, said = office.call("apply", "--auto-approve", "--allow", "shorter:flow/law")
    assert code == 0, said
    office.commit()
    assert office.document()["changes"] == []
    office.write(term(timebox=240))
    office.call("apply", "--auto-approve", "--allow", "shorter:flow/law")
    assert timebox(office.stage, SAM) is None
    assert office.document()["changes"] == []


def test_a_longer_timebox_is_held_where_somebody_whom_nobody_states_stays_behind(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term(timebox=120))
    path = f"/flows/{flow(rehearsal)['id']}/participants/{own(rehearsal, SAM)['participantId']}"
    body = {"enabled": True, "durationMinutes": 150}
    rehearsal.by_hand("PUT", f"{path}/timebox", body)
    rehearsal.write(term(timebox=140))
    assert {one.status for one in rehearsal.plan().changes} == {Status.PLANNED}
    rehearsal.write(term(timebox=240))
    plan = rehearsal.plan()
    assert [(one.part, one.status) for one in plan.changes] == [("timebox", Status.HELD)]
    assert f"no manifest states it: {SAM}" in "".join(note.message for note in plan.notes)
    _applied(rehearsal, term(accommodations=(SAM_LONGER,), timebox=240))
    assert timebox(rehearsal, SAM) == 300


def test_without_a_base_nobody_loses_what_no_manifest_states(office: Office) -> None:
    _begin(office, term(accommodations=(SAM_LONGER,)))
    office.scope = ()
    office.write(term())
    assert office.document()["changes"] == []


def test_what_somebody_gave_in_a_running_exam_is_reported_and_stays(office: Office) -> None:
    _begin(office, term(accommodations=(SAM_LONGER,), lifecycle="active"))
    office.clock("2027-05-03 09:30")
    there, seat = flow(office.stage), own(office.stage, SAM)
    end = {"participation": {"end": seat["participation"]["end"] + 1800}}
    path = f"/flows/{there['id']}/participants/{seat['participantId']}/dates"
    office.stage.by_hand("PATCH", path, end)
    document = office.document()
    assert document["changes"] == []
    assert "left alone since the exam has started: sam@x.org" in json.dumps(document["notes"])
    office.scope = ()
    assert [c["status"] for c in office.document()["changes"]] == ["held"]


def test_when_somebody_moves_the_exam_itself_the_others_still_move_along(office: Office) -> None:
    _begin(office, term(accommodations=(SAM_LONGER,), lifecycle="active"))
    office.clock("2027-05-03 09:30")
    there = flow(office.stage)
    end = {"participation": {"end": there["participation"]["end"] + 1800}}
    office.stage.by_hand("PATCH", f"/flows/{there['id']}/dates", end)
    (change,) = office.document()["changes"]
    assert (change["part"], change["status"], change["origin"]) == (
        *("individual_dates", "planned"),
        "both",
    )


# ---- what others see -----------------------------------------------------------------------------


def test_no_file_keeps_what_somebody_has_of_their_own(office: Office) -> None:
    _begin(office, term())
    office.write(term(person(SAM, unique_exam_id="X-4711"), accommodations=(SAM_LONGER,)))
    saved = office.root / "monday.plan"
    office.call("plan", "--out", str(saved))
    plan = saved.read_text()
    assert "X-4711" not in plan
    assert "2027-05-03T14:00" not in plan
    office.scope = ()
    code, said = office.call("apply", str(saved))
    assert code == 0, said
    assert own(office.stage, SAM)["uniqueExamId"] == "X-4711"
    journals = [path.read_text() for path in office.root.glob(".wisectl/journal/*/*.jsonl")]
    assert not any("X-4711" in text or "2027-05-03T12:00" in text for text in journals)
    assert str(number(office.stage, SAM)) in "".join(journals)
    assert "the journal keeps no times and exam ids" in office.call("undo", "--json")[1]


def test_the_plan_says_what_becomes_of_whom(office: Office) -> None:
    _begin(office, term(timebox=240))
    entry = person(ANN, unique_exam_id="X-1")
    office.write(term(entry, accommodations=(SAM_LONGER,), timebox=240))
    said = office.call("plan")[1]
    for words in (
        "individual dates    ~ change sam@x.org (end Mon 3 May 13:00 → Mon 3 May 14:00)",
        "individual timebox  ~ change sam@x.org (timebox 240 → 300)",
        "unique exam ids     ~ change ann@x.org (unique exam id X-1)",
    ):
        assert words in said
