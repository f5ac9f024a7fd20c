"""Extra time: counted from the exam, given with it, moved along with it, and never lost by it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Status
from tests.e2e.accommodated import (
    ANN,
    ANN_LONGER,
    BOB,
    CAT,
    EARLY,
    HOUR_AND_DAY_LATER,
    HOUR_EARLIER,
    HOUR_LATER,
    SAM,
    SAM_LONGER,
    KilledError,
    Killer,
    flow,
    give_end,
    known_by_two_names,
    minutes_after,
    person,
    term,
    timebox,
)
from tests.e2e.edges import between
from tests.laws.server import keep, restore

if TYPE_CHECKING:
    from engine.sandbox.serve import RunningSandbox
    from tests.e2e.rehearsal import Rehearsal

BOTH = (SAM_LONGER, ANN_LONGER)


def _applied(rehearsal: Rehearsal, text: str, *allow: str) -> None:
    rehearsal.write(text)
    rehearsal.apply(*allow)
    assert rehearsal.failures() == []
    assert rehearsal.plan(*allow).changes == ()


def _statuses(rehearsal: Rehearsal, *allow: str) -> dict[str, Status]:
    return {change.part: change.status for change in rehearsal.plan(*allow).changes}


# ---- given ---------------------------------------------------------------------------------------


def test_a_new_exam_has_its_extra_times_in_the_same_apply(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=BOTH, timebox=180))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (45, 225)
    assert (minutes_after(rehearsal, ANN), timebox(rehearsal, ANN)) == (30, 210)
    assert (minutes_after(rehearsal, BOB), timebox(rehearsal, BOB)) == (0, None)


def test_a_share_is_one_of_the_participation_without_a_timebox_rounded_up(
    rehearsal: Rehearsal,
) -> None:
    window = {"start": "2027-05-03 09:00", "length": "1h31m"}
    _applied(rehearsal, term(accommodations=(SAM_LONGER,), participation=window))
    assert minutes_after(rehearsal, SAM) == 23  # 22.75
    assert timebox(rehearsal, SAM) is None


def test_the_longest_of_several_holds(rehearsal: Rehearsal) -> None:
    less = {"people": {"users": [SAM]}, "extra_time": "59m", "flows": ["law"]}
    _applied(rehearsal, term(accommodations=(less, SAM_LONGER)))
    assert minutes_after(rehearsal, SAM) == 60


def test_who_comes_to_an_exam_that_is_there_gets_it_in_the_same_apply(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term(accommodations=BOTH, sit=(BOB,)))
    _applied(rehearsal, term(accommodations=BOTH, sit=(BOB, SAM, ANN), timebox=240))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (60, 300)


def test_nobody_is_put_on_an_exam_and_applying_to_nobody_is_a_note(rehearsal: Rehearsal) -> None:
    cat = {"people": [CAT], "extra_time": "25%", "flows": ["law"]}
    _applied(rehearsal, term(accommodations=(cat,)))
    assert len(flow(rehearsal)["participants"]) == 3
    (note,) = rehearsal.plan().notes
    assert "nobody whom it names sits an exam" in note.message


def test_somebody_known_by_two_names_is_one_person(rehearsal: Rehearsal) -> None:
    key, nr = known_by_two_names(rehearsal)
    rehearsal.write(f"nr,extra_time\n{nr},30m\n", "extra.csv")
    listed = {"csv": "extra.csv", "column": "nr", "matches": "Student Number", "flows": ["law"]}
    named = {"people": [key], "extra_time": "20m", "flows": ["law"]}
    _applied(rehearsal, term(accommodations=(named, listed), sit=(key,)))
    assert minutes_after(rehearsal, key) == 30


def test_a_list_that_uniweb_answers_and_somebody_on_it_with_more(rehearsal: Rehearsal) -> None:
    members = ("malcolm.ashworth@northfield.example", "soeren.kjeldgaard@northfield.example")
    law = json.loads(term(sit=members))
    law["users"] += [{"key": key, "profile": "staff"} for key in members]
    law["rosters"] = [{"key": "professors", "profile": "staff"}]
    law["profiles"] = [
        {
            "key": "staff",
            "members": {"unit": "Civil Engineering", "title": "Professor"},
            "match": {"user": "key", "member": "login_name"},
            "fill": {
                "first_name": "profile/membership_information.first_name",
                "last_name": "profile/membership_information.last_name",
            },
        }
    ]
    law["accommodations"] = [
        {"people": {"rosters": ["professors"]}, "extra_time": "30m", "flows": ["law"]},
        {"people": [members[1]], "extra_time": "1h", "flows": ["law"]},
    ]
    _applied(rehearsal, json.dumps(law))
    assert [minutes_after(rehearsal, key) for key in members] == [30, 60]


def test_a_copy_has_extra_time_by_the_timebox_that_it_gets(rehearsal: Rehearsal) -> None:
    source = rehearsal.flows("wisectl-template-written")[0]["flowId"]
    body = {"enabled": True, "durationMinutes": 100}
    rehearsal.by_hand("PUT", f"/flows/{source}/timebox", body)
    text = term(accommodations=(SAM_LONGER,), copy_from={"flow": "template-written"})
    _applied(rehearsal, text.replace('"type": "FLOWassign", ', ""))
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (25, 125)


# ---- moved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [HOUR_EARLIER, HOUR_LATER, HOUR_AND_DAY_LATER])
def test_everybody_moves_along_with_the_exam(rehearsal: Rehearsal, later: dict[str, Any]) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    _applied(rehearsal, term(accommodations=BOTH, **later))
    assert (minutes_after(rehearsal, SAM), minutes_after(rehearsal, ANN)) == (60, 30)
    assert minutes_after(rehearsal, BOB) == 0


def test_moving_takes_two_requests_the_exam_first(rehearsal: Rehearsal) -> None:
    """Else a time that the exam still has would be taken for it, and move away with it."""
    _applied(rehearsal, term(accommodations=BOTH))
    before = rehearsal.writes()
    rehearsal.write(term(accommodations=BOTH, **HOUR_LATER))
    needs = {change.part: change.needs for change in rehearsal.plan().changes}
    assert needs == {"dates": (), "individual_dates": ("flow/law:dates",)}
    _applied(rehearsal, term(accommodations=BOTH, **HOUR_LATER))
    sent = {name: n - before.get(name, 0) for name, n in rehearsal.writes().items()}
    bulk = "PATCH /flows/{flowId}/participants/dates"
    assert {name: n for name, n in sent.items() if n} == {"PATCH /flows/{flowId}/dates": 1, bulk: 1}


def test_an_end_that_the_whole_exam_had_before_is_somebodys_own_after_it_is_shortened(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term())
    ann = {"people": [ANN], "extra_time": "1h", "flows": ["law"]}
    shorter = {"start": "2027-05-03 09:00", "length": "3h"}
    text = term(accommodations=(ann,), participation=shorter)
    _applied(rehearsal, text, "shorter:flow/law")
    assert minutes_after(rehearsal, ANN) == 60


STARTS: dict[str, str] = {
    "nobody has any": term(),
    "all have theirs": term(accommodations=BOTH, timebox=240),
}


@pytest.mark.parametrize("order", [1, -1])
def test_an_entry_that_another_one_outdoes_is_told_for_those_whom_it_names_alone(
    rehearsal: Rehearsal, order: int
) -> None:
    """CAT sits no exam; SAM, who does, is named by both entries: neither of them is for nobody."""
    both = {"people": [CAT, SAM], "extra_time": "25%", "flows": ["law"]}
    sam = {"people": [SAM], "extra_time": "1h", "flows": ["law"]}
    rehearsal.write(term(accommodations=(both, sam)[::order]))
    assert [one for one in rehearsal.plan().notes if "nobody whom" in one.message] == []


@pytest.mark.parametrize("after", [False, True], ids=["before a request", "after a request"])
@pytest.mark.parametrize("later", [HOUR_LATER, HOUR_AND_DAY_LATER], ids=["an hour", "a day more"])
@pytest.mark.parametrize("start", STARTS)
def test_a_crash_between_any_two_calls_loses_nobody_their_time(
    rehearsal: Rehearsal, sandbox: RunningSandbox, start: str, later: dict[str, Any], after: bool
) -> None:
    rehearsal.checked = False
    _applied(rehearsal, STARTS[start])
    rehearsal.write(term(accommodations=BOTH, sit=(SAM, ANN, BOB, CAT), timebox=200, **later))
    allow = ("shorter:flow/law",)
    data, before = rehearsal.save_plan(*allow), keep(sandbox.store)
    for at in range(20):
        restore(sandbox.store, before)
        died = False
        with (
            between(lambda network, at=at: Killer(network, at, after=after)),
            suppress(KilledError),
        ):  # type: ignore[misc]
            died = True
            rehearsal.apply_saved(data)
            died = False
        rehearsal.apply_saved(data)
        assert rehearsal.failures() == []
        assert rehearsal.plan(*allow).changes == ()
        assert (minutes_after(rehearsal, SAM), minutes_after(rehearsal, ANN)) == (50, 30)
        assert (timebox(rehearsal, SAM), timebox(rehearsal, ANN)) == (250, 230)
        if not died:
            assert at > 3
            return
    pytest.fail("the run never ended by itself")


@pytest.mark.parametrize(
    "stated",
    [{"accommodations": (SAM_LONGER,)}, {"individual": (person(SAM, timebox=250),)}],
    ids=list,
)
def test_the_same_plan_goes_on_after_the_timebox_went_of_which_somebody_had_more(
    rehearsal: Rehearsal, stated: dict[str, Any]
) -> None:
    """Nobody is asked for a timebox of their own any more, as nobody can have one."""
    rehearsal.checked = False
    entries, longer = stated.get("individual", ()), stated.get("accommodations", ())
    _applied(rehearsal, term(*entries, accommodations=longer, timebox=200))
    off = term(*entries, accommodations=longer, timebox="off", title="Law of Things")
    rehearsal.write(off)
    data = rehearsal.save_plan()
    with between(lambda network: Killer(network, 1, after=True)), suppress(KilledError):
        rehearsal.apply_saved(data)
    rehearsal.apply_saved(data)
    assert rehearsal.failures() == []
    assert not [one for one in rehearsal.plan().changes if one.status is Status.PLANNED]


# ---- taken ---------------------------------------------------------------------------------------


def test_less_time_is_held_and_more_is_not(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    less = SAM_LONGER | {"extra_time": "10%"}
    rehearsal.write(term(accommodations=(less, ANN_LONGER | {"extra_time": "2h"})))
    assert _statuses(rehearsal) == {
        "individual_dates": Status.PLANNED,
        "individual_dates.taking": Status.HELD,
    }
    rehearsal.apply("shorter:flow/law")
    assert (minutes_after(rehearsal, SAM), minutes_after(rehearsal, ANN)) == (24, 120)


def test_extra_time_is_given_though_the_exam_runs_but_not_taken(rehearsal: Rehearsal) -> None:
    running = {"participation": None, "marking": None}
    _applied(rehearsal, term())
    there, now = flow(rehearsal)["id"], int(rehearsal.plan().now.timestamp())
    rehearsal.by_hand("PATCH", f"/flows/{there}/activate")
    dates = {"participation": {"start": now - 3600, "end": now + 3600}}
    rehearsal.by_hand("PATCH", f"/flows/{there}/dates", dates)
    sam = SAM_LONGER | {"extra_time": "15m"}
    _applied(rehearsal, term(accommodations=(ANN_LONGER, sam), **running))
    assert (minutes_after(rehearsal, SAM), minutes_after(rehearsal, ANN)) == (15, 30)
    rehearsal.write(term(accommodations=(ANN_LONGER, sam | {"extra_time": "5m"}), **running))
    allowed = ("shorter:flow/law",)
    assert _statuses(rehearsal) == {"individual_dates.taking": Status.HELD}
    assert _statuses(rehearsal, *allowed) == {"individual_dates.taking": Status.HELD}
    allowed = (*allowed, "starts-soon:flow/law")
    assert _statuses(rehearsal, *allowed) == {"individual_dates.taking": Status.PLANNED}


def test_a_time_that_nobody_states_is_a_note_and_stays(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    give_end(rehearsal, BOB, 90)
    notes = [note.message for note in rehearsal.plan().notes]
    assert notes == ["bob@x.org has an end of their own that no manifest states: it stays as it is"]
    rehearsal.write(term(**HOUR_LATER))
    notes = [note.message for note in rehearsal.plan().notes]
    assert f"their own end is before that of the exam, no manifest states it: {ANN}" in notes
    assert any("does not move along" in note for note in notes)
    _applied(rehearsal, term())
    assert minutes_after(rehearsal, SAM) == 60
    assert minutes_after(rehearsal, BOB) == 90


DAY_LATER = EARLY | {"participation": {"start": "2027-05-04 09:00", "length": "4h"}}


def test_an_exam_is_not_moved_behind_the_end_of_somebody_whom_no_manifest_states(
    rehearsal: Rehearsal,
) -> None:
    """He would have an end before the exam starts, and could not sit it."""
    _applied(rehearsal, term())
    give_end(rehearsal, BOB, 60)
    rehearsal.write(term(**DAY_LATER))
    plan = rehearsal.plan()
    (moved,) = plan.changes
    assert (moved.part, moved.status) == ("dates", Status.HELD)
    assert [hazard.name for hazard in moved.hazards] == ["shorter"]
    assert f"no manifest states it: {BOB}" in "".join(note.message for note in plan.notes)
    assert _statuses(rehearsal, "shorter:flow/law") == {"dates": Status.PLANNED}


def test_an_exam_moves_away_from_an_end_that_stays_long_enough(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=(SAM_LONGER,)))
    give_end(rehearsal, BOB, 120)
    rehearsal.write(term(accommodations=(SAM_LONGER,), **HOUR_LATER))
    assert set(_statuses(rehearsal).values()) == {Status.PLANNED}


def test_somebody_with_less_than_another_who_is_stated_is_found_when_the_exam_moves(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term(accommodations=(SAM_LONGER,)))
    give_end(rehearsal, BOB, 30)
    assert rehearsal.plan().notes == ()
    rehearsal.write(term(accommodations=(SAM_LONGER,), **HOUR_LATER))
    assert _statuses(rehearsal)["dates"] is Status.HELD
    rehearsal.write(term(accommodations=(SAM_LONGER,), sit=(SAM, ANN), **HOUR_LATER))
    assert _statuses(rehearsal)["dates"] is Status.HELD
    stated = {"people": [BOB], "extra_time": "30m", "flows": ["law"]}
    _applied(rehearsal, term(accommodations=(SAM_LONGER, stated), **HOUR_LATER))
    assert minutes_after(rehearsal, BOB) == 30


def test_an_exam_is_not_moved_while_nobody_knows_who_has_an_end_of_their_own(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term())
    give_end(rehearsal, BOB, 60)
    rehearsal.write(term(**DAY_LATER))
    rehearsal.checked = False
    path = "/flows/{flowId}/participants/{participantId}/dates"
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])
    assert _statuses(rehearsal) == {"dates": Status.BLOCKED}


def test_who_leaves_the_exam_needs_nothing(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    text = term(accommodations=BOTH, sit=(ANN, BOB, CAT), **HOUR_LATER)
    rehearsal.write(text.replace('"managers"', '"membership": "exact", "managers"'))
    (moved,) = [c for c in rehearsal.plan().changes if c.part.startswith("individual")]
    assert moved.seats is not None
    assert [seat.person for seat in moved.seats.change] == [ANN]


# ---- what is not possible ------------------------------------------------------------------------


def test_what_is_over_is_blocked_with_the_reason(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(timebox=240))
    ended = flow(rehearsal)["participation"]["end"]
    rehearsal.control("POST", "clock", {"now": ended + 4 * 3600})
    rehearsal.write(term(accommodations=BOTH, timebox=240))
    blocked = {c.part: (c.status, c.reasons) for c in rehearsal.plan().changes}
    reason = (Status.BLOCKED, ("the participation has ended",))
    assert blocked == {"individual_dates.blocked": reason, "individual_timebox.blocked": reason}


def test_extra_time_that_is_not_over_opens_an_exam_that_has_ended(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(timebox=240))
    ended = flow(rehearsal)["participation"]["end"]
    rehearsal.control("POST", "clock", {"now": ended + 40 * 60})
    rehearsal.write(term(accommodations=BOTH, timebox=240))
    rehearsal.apply()
    assert rehearsal.failures() == []
    assert (minutes_after(rehearsal, SAM), timebox(rehearsal, SAM)) == (60, 300)
    assert minutes_after(rehearsal, ANN) == 0


NO_DATES: dict[str, Any] = {"participation": None, "marking": None}


def test_an_oral_exam_has_no_individual_times_and_the_plan_says_so(rehearsal: Rehearsal) -> None:
    _applied(rehearsal, term(accommodations=BOTH, type="FLOWoral", **NO_DATES))
    (note,) = rehearsal.plan().notes
    assert note.message == f"a FLOWoral has no individual times: {ANN}, {SAM} have none"


def test_without_dates_nobody_knows_how_long_an_exam_is(rehearsal: Rehearsal) -> None:
    rehearsal.write(term(accommodations=(ANN_LONGER,), **NO_DATES))
    for _ in range(2):
        blocked = [c for c in rehearsal.plan().changes if c.status is Status.BLOCKED]
        assert [c.part for c in blocked] == ["individual_dates.blocked"]
        rehearsal.apply()


# ---- what is not read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/flows/{flowId}/participants",
        "/flows/{flowId}/participants/{participantId}/dates",
        "/flows/{flowId}/dates",
        "/flows/{flowId}/timebox",
    ],
)
def test_what_is_not_read_plans_nothing(rehearsal: Rehearsal, path: str) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    rehearsal.write(term(accommodations=(SAM_LONGER | {"extra_time": "2h"},)))
    rehearsal.checked = False
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 99}
    rehearsal.control("POST", "faults", [fault])
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert plan.incomplete
    assert any("could not be read" in problem.message for problem in plan.problems)


def test_a_file_that_is_not_read_takes_nothing_from_those_whom_it_may_name(
    rehearsal: Rehearsal,
) -> None:
    listed = {"csv": "sis:extra.csv", "flows": ["law"]}
    source = rehearsal.root / "export" / "extra.csv"
    source.parent.mkdir()
    source.write_text(f"key,extra_time\n{SAM},2h\n{BOB},\n")
    _applied(rehearsal, term(accommodations=(listed, SAM_LONGER)))
    assert (minutes_after(rehearsal, SAM), minutes_after(rehearsal, BOB)) == (120, 0)
    source.write_text(f"key,extra_time\n{SAM},2 hours\n")
    plan = rehearsal.plan()
    assert plan.changes == ()
    assert [problem.location.file for problem in plan.problems] == ["sis:extra.csv"]


@pytest.mark.parametrize("gone", ["a file", "the dates of one", "the participants"])
def test_an_exam_is_not_moved_without_those_of_whom_nobody_knows(
    rehearsal: Rehearsal, gone: str
) -> None:
    source = rehearsal.root / "export" / "extra.csv"
    source.parent.mkdir()
    source.write_text(f"key,extra_time\n{SAM},2h\n")
    entry = {"csv": "sis:extra.csv", "flows": ["law"]}
    rehearsal.write(term(accommodations=(entry,)))
    rehearsal.checked = False
    paths = {"the dates of one": "/{participantId}/dates", "the participants": ""}
    fault = {"method": "GET", "kind": "status", "status": 500, "times": 99}
    fault["path"] = "/flows/{flowId}/participants" + paths.get(gone, "/nothing")

    def fail(moved: str) -> dict[str, tuple[Status, tuple[str, ...]]]:
        rehearsal.write(moved)
        source.write_text("" if gone == "a file" else source.read_text())
        rehearsal.control("POST", "faults", [fault])
        found = {c.part: (c.status, c.reasons) for c in rehearsal.plan().changes}
        rehearsal.control("POST", "faults", [])
        source.write_text(f"key,extra_time\n{SAM},2h\n")
        return found

    rehearsal.apply()
    blocked = (Status.BLOCKED, ("it is not known who has longer: they would be left behind",))
    assert fail(term(accommodations=(entry,), **HOUR_AND_DAY_LATER)) == {"dates": blocked}
    _applied(rehearsal, term(accommodations=(entry,), **HOUR_AND_DAY_LATER))
    assert minutes_after(rehearsal, SAM) == 120


def test_an_exam_is_moved_although_a_file_is_not_read_where_nobody_has_longer(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term())
    listed = {"csv": "sis:extra.csv", "flows": ["law"]}
    rehearsal.write(term(accommodations=(listed,), **HOUR_LATER))
    assert _statuses(rehearsal) == {"dates": Status.PLANNED}


def test_individual_dates_are_read_of_those_who_are_stated_and_else_only_where_there_are_any(
    rehearsal: Rehearsal,
) -> None:
    _applied(rehearsal, term(accommodations=BOTH))
    one = "GET /flows/{flowId}/participants/{participantId}/dates"
    assert rehearsal.plan().reads[one] == 2
    cat = {"people": [CAT], "extra_time": "25%", "flows": ["law"]}
    rehearsal.write(term(accommodations=(cat,)))
    reads = rehearsal.plan().reads
    assert (reads[one], reads.get("GET /flows/{flowId}/timebox")) == (3, None)
    rehearsal.write(term())
    assert not {one, "GET /flows/{flowId}/dates"} & set(rehearsal.plan().reads)
