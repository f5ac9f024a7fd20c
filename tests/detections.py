"""What detects each hazard, guard and block, taken out one at a time: the second table of mutants.

Each names the tests that must notice: fast ones, over HTTP, that look at a plan. No other is asked,
so that a hazard whose own test is gone is not hidden by a law that trips over something near it.
"""

from __future__ import annotations

from typing import NamedTuple

E2E = "tests/e2e"
HAZARDS = f"{E2E}/test_hazards.py"
GUARDS = f"{E2E}/test_guards.py"
BASE = f"{E2E}/test_base.py"
SEQUENCES = f"{E2E}/test_sequences.py"
LIMITS = f"{E2E}/test_allocation_limits.py"
SETTINGS = f"{E2E}/test_flow_settings.py"
ORAL = f"{E2E}/test_oral.py"
INDIVIDUAL = f"{E2E}/test_individual.py"
UNSTATED_TIMEBOX = "test_a_longer_timebox_is_held_where_somebody_whom_nobody_states_stays_behind"
UNSTATED_END = "test_an_exam_is_not_moved_behind_the_end_of_somebody_whom_no_manifest_states"
ACCOMMODATIONS = f"{E2E}/test_accommodations.py"
WEBHOOKS = f"{E2E}/test_webhooks.py"
SIS = f"{E2E}/test_sis_fed.py"
LEAVE = f"{E2E}/test_rooms_and_webhooks_leave.py"


class Detection(NamedTuple):
    """What is taken out, where, what stands there instead, and the tests that must notice."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


def held(name: str) -> tuple[str, ...]:
    """The test of a name of --allow: it holds, and what it prints lets it go."""
    return (f"{GUARDS}::test_it_holds_and_what_it_prints_lets_it_go[{name}]",)


def oral(name: str) -> tuple[str, ...]:
    return (f"{ORAL}::test_what_takes_something_away_is_held[{name}]",)


def near(*names: str) -> tuple[str, ...]:
    test = "test_an_exam_is_moved_or_taken_from_within_48_hours_only_where_that_is_allowed"
    return tuple(f"{HAZARDS}::{test}[{name}]" for name in names)


def own(*names: str) -> tuple[str, ...]:
    test = "test_what_somebody_has_of_their_own_is_taken_only_where_that_is_allowed"
    return tuple(f"{HAZARDS}::{test}[{name}]" for name in names)


def reviewing(name: str) -> tuple[str, ...]:
    test = "test_nothing_is_taken_from_reviewing_after_marking_started_unless_it_is_allowed"
    return (f"{HAZARDS}::{test}[{name}]",)


OF_FLOWS = (
    Detection(
        "hazard: grading scale",
        "kinds/_flow_settings.py",
        '    if one.path == "grading_scale":\n',
        "    if False:\n",
        held("grading-scale"),
    ),
    Detection(
        "blocked: grading scale once somebody has a grade",
        "kinds/_flow_settings.py",
        '    if path == "grading_scale" and grades:\n',
        "    if False:\n",
        (f"{SETTINGS}::test_a_grading_scale_is_blocked_once_somebody_has_a_grade",),
    ),
    Detection(
        "hazard: activation messages people",
        "activation.py",
        '    yield Hazard(PART, message + (f" and {staff} staff" if staff else ""), False)\n',
        "",
        (f"{HAZARDS}::test_an_activation_says_whom_it_messages_and_that_there_is_no_way_back",),
    ),
    Detection(
        "hazard: activation, those deactivated before it",
        "activation.py",
        "    alone = sum(one.after - one.before for one in seats if one.role != role)\n",
        "    alone = 0\n",
        (f"{HAZARDS}::test_whoever_is_deactivated_before_it_is_not_messaged",),
    ),
    Detection(
        "hazard: activation in the last hour",
        "activation.py",
        "    if start - world.now <= LAST_HOUR:\n",
        "    if False:\n",
        held("last-hour"),
    ),
    Detection(
        "hazard: activation without participants",
        "activation.py",
        "    if not participants:\n",
        "    if False:\n",
        held("no-participants"),
    ),
    Detection(
        "hazard: shorter window",
        "kinds/_flow_plan.py",
        "    if shorter:\n",
        "    if False:\n",
        held("shorter"),
    ),
    Detection(
        "hazard: shorter window, of marking",
        "kinds/_flow_plan.py",
        '    shorter = [w for w in ("participation", "marking") if',
        '    shorter = [w for w in ("participation",) if',
        (f"{HAZARDS}::test_marking_that_becomes_shorter_is_held",),
    ),
    Detection(
        "hazard: shorter timebox",
        "kinds/_flow_settings.py",
        '    if one.path == "timebox" and _is_shorter(one, live):\n',
        "    if False:\n",
        (f"{GUARDS}::test_a_shorter_timebox_is_held_as_a_shorter_window_is",),
    ),
    Detection(
        "hazard: shorter timebox where there was the whole window",
        "kinds/_flow_settings.py",
        "    return bool(start and end and one.after * 60 < (end - start).total_seconds())\n",
        "    return False\n",
        (f"{GUARDS}::test_a_shorter_timebox_is_held_as_a_shorter_window_is",),
    ),
    Detection(
        "hazard: near, shorter timebox",
        "kinds/_flow_settings.py",
        "        if starts_soon(start, now):\n",
        "        if False:\n",
        (f"{GUARDS}::test_a_shorter_timebox_of_an_exam_that_starts_soon_is_taken_from_it",),
    ),
    Detection(
        "hazard: near, the start moves",
        "kinds/_flow_plan.py",
        "    if (moved or earlier) and (starts_soon(start, now) or starts_soon(new_start, now)):\n",
        "    if earlier and (starts_soon(start, now) or starts_soon(new_start, now)):\n",
        near("the start moves"),
    ),
    Detection(
        "hazard: near, an earlier end",
        "kinds/_flow_plan.py",
        "    if (moved or earlier) and (starts_soon(start, now) or starts_soon(new_start, now)):\n",
        "    if moved and (starts_soon(start, now) or starts_soon(new_start, now)):\n",
        (f"{HAZARDS}::test_an_end_that_comes_earlier_is_taken_from_an_exam_that_runs",),
    ),
    Detection(
        "hazard: near by the new start",
        "kinds/_flow_plan.py",
        "    if (moved or earlier) and (starts_soon(start, now) or starts_soon(new_start, now)):\n",
        "    if (moved or earlier) and starts_soon(start, now):\n",
        (f"{HAZARDS}::test_an_exam_that_comes_near_by_its_new_start_is_held",),
    ),
    Detection(
        "hazard: near, people go",
        "seats.py",
        "    if starts_soon(exam_start(live, world), world.now) and not is_allocation:\n",
        "    if False:\n",
        near("a participant goes", "an author goes"),
    ),
    Detection(
        "hazard: near, what 48 hours are",
        "seats.py",
        "SOON = timedelta(hours=48)\n",
        "SOON = timedelta(hours=47)\n",
        near("a participant goes"),
    ),
    Detection(
        "hazard: near, an oral exam by its periods",
        "periods.py",
        '    return live.fields.get("participation.start") or first_start(there)\n',
        '    return live.fields.get("participation.start")\n',
        (f"{HAZARDS}::test_an_oral_exam_is_near_when_its_first_period_is",),
    ),
    Detection(
        "hazard: near, an oral exam by periods that nobody states",
        "kinds/_flow_periods_io.py",
        "not (is_oral(desired) or hangs):\n",
        "not is_oral(desired):\n",
        (f"{HAZARDS}::test_periods_that_no_manifest_states_say_when_an_oral_exam_is",),
    ),
    Detection(
        "hazard: near, an oral exam whose periods are not read",
        "periods.py",
        "        return world.now\n",
        "        return None\n",
        (f"{HAZARDS}::test_an_oral_exam_counts_as_begun_where_its_periods_cannot_be_read",),
    ),
    Detection(
        "hazard: anonymisation after the start",
        "kinds/_flow_settings.py",
        '    if one.path == "anonymisation" and start is not None and start <= now:\n',
        "    if False:\n",
        (
            *held("anonymisation"),
            f"{HAZARDS}::test_anonymity_is_given_before_the_start_and_held_after_it",
        ),
    ),
    Detection(
        "hazard: marking started, an assessor goes",
        "seats.py",
        "    if owner in EXAMINING and is_marked(live, world):\n",
        "    if False:\n",
        held("marking-started"),
    ),
    Detection(
        "hazard: marking started, a reviewer goes",
        "seats.py",
        'EXAMINING = {"assessors", "reviewers", "assessor_groups"}\n',
        'EXAMINING = {"assessors", "assessor_groups"}\n',
        reviewing("a reviewer goes"),
    ),
    Detection(
        "hazard: marking started, an allocation goes",
        "seats.py",
        "    if owner in EXAMINING and is_marked(live, world):\n",
        "    if role in EXAMINING and is_marked(live, world):\n",
        (
            f"{LIMITS}::test_an_allocation_is_taken_after_marking_started_only_where_that_is_allowed",
            *reviewing("an allocation goes"),
        ),
    ),
    Detection(
        "hazard: marking started, an allocation to all goes",
        "seats.py",
        "        hazards=(MARKING_STARTED,),\n        after=(),\n",
        "        after=(),\n",
        reviewing("all whom somebody had go"),
    ),
    Detection(
        "hazard: marking started, an allocation to all holds nobody who comes",
        "seats.py",
        "    return [giving, taking] if kept or seats.add or seats.reactivate else [taking]\n",
        "    return [replace(change, hazards=(MARKING_STARTED,))]\n",
        reviewing("all whom somebody had go"),
    ),
    Detection(
        "held: marking started, whom somebody is left with after an allocation to all",
        "kinds/_flow_allocation.py",
        "            yield taking if mine and is_taken else",
        "            yield",
        (f"{HAZARDS}::test_whom_a_reviewer_is_left_with_waits_for_the_others_to_go",),
    ),
    Detection(
        "hazard: marking started, a group goes",
        "kinds/_flow_assessor_groups.py",
        "        hazards=(MARKING_STARTED,) if is_late and not fed else (),\n",
        "",
        (
            f"{LIMITS}::test_a_group_with_participants_is_deleted_after_marking_started_only_where_allowed",
        ),
    ),
    Detection(
        "hazard: deactivation",
        "seats.py",
        "    if sleeps:\n",
        "    if False:\n",
        held("deactivation"),
    ),
    Detection(
        "hazard: deactivation instead of a removal once the flow is activated",
        "seats.py",
        '    sleeps = role.role == "participants" and live.facts["state"] > 0\n',
        "    sleeps = False\n",
        (f"{HAZARDS}::test_a_participant_is_removed_from_a_draft_and_deactivated_after_it",),
    ),
    Detection(
        "hazard: deletion of a draft",
        "kinds/_flow_leave.py",
        "        hazards=() if reasons else (_hazard(desired, live),),\n",
        "",
        (f"{GUARDS}::test_a_draft_that_left_the_manifests_is_deleted_only_when_that_is_allowed",),
    ),
    Detection(
        "hazard: deletion in a sequence",
        "kinds/_flow_leave.py",
        '    if live.facts.get("sequence") or PARTS in was:\n',
        "    if False:\n",
        (f"{SEQUENCES}::test_the_last_part_is_deleted_for_good_once_that_is_allowed",),
    ),
    Detection(
        "blocked: deletion of a part with another after it",
        "kinds/_flow_leave.py",
        "    if stay:\n",
        "    if False:\n",
        (f"{SEQUENCES}::test_a_part_with_another_after_it_is_not_deleted",),
    ),
    Detection(
        "blocked: deletion of a flow that is activated",
        "kinds/_flow_leave.py",
        "    if state != DRAFT:\n",
        "    if False:\n",
        (f"{BASE}::test_an_activated_flow_that_left_is_blocked",),
    ),
    Detection(
        "hazard: unarchive",
        "kinds/_flow_archive.py",
        "        hazards=() if reasons else (Hazard(UNARCHIVE, message, True),),\n",
        "",
        held("unarchive"),
    ),
    Detection(
        "reported: fields that people changed in a started exam",
        "origins.py",
        "        if self.desired.base is None or not self._has_started():\n",
        "        if True:\n",
        (f"{BASE}::test_on_an_exam_that_has_started_what_people_did_in_wiseflow_is_reported",),
    ),
    Detection(
        "reported: seats that people changed in a started exam",
        "origins.py",
        "origin == LIVE and self._has_started()]\n",
        "False]\n",
        (f"{LIMITS}::test_what_people_change_in_an_exam_that_has_started_is_left_alone",),
    ),
    Detection(
        "hazard: what is held by the time of its turn",
        "applier.py",
        "            if reasons := self._held_by_now(change, step):\n",
        '            if reasons := "":\n',
        (
            f"{HAZARDS}::test_whom_a_reviewer_had_go_by_a_plan_that_marking_overtook_only_where_that_is_allowed",
        ),
    ),
)

BESIDE = (
    Detection(
        "hazard: a slot in a shorter period",
        "kinds/_flow_slots.py",
        "        if any(self._is_shorter(one) for one in (seats.change if seats else ())):\n",
        "        if False:\n",
        oral("shorter in another period"),
    ),
    Detection(
        "hazard: a source is attached",
        "kinds/_flow_attached.py",
        '            yield Hazard("sis-attach", TAKES_OVER, True)\n',
        "            yield from ()\n",
        held("sis-attach"),
    ),
    Detection(
        "hazard: a source goes",
        "kinds/_flow_attached.py",
        '            yield Hazard("sis-remove", LETS_GO if is_last else FEWER, True)\n',
        "            yield from ()\n",
        held("sis-remove"),
    ),
    Detection(
        "hazard: a reference goes",
        "kinds/_flow_attached.py",
        '                yield Hazard("reference", LOOSE, True)\n',
        "                yield from ()\n",
        held("reference"),
    ),
    Detection(
        "hazard: a booking goes with people in it",
        "kinds/_flow_rooms.py",
        "        if count := self._left_behind(going, seated, live):\n",
        "        if count := 0:\n",
        held("room-booking"),
    ),
    Detection(
        "hazard: a room is deleted",
        "kinds/_room_leave.py",
        "        hazards=() if reasons else (hazard,),\n",
        "",
        held("room-deletion"),
    ),
    Detection(
        "hazard: a webhook is deleted",
        "kinds/_webhook_leave.py",
        '        hazards=(Hazard("webhook-deletion", message, True),),\n',
        "",
        held("webhook-deletion"),
    ),
    Detection(
        "hazard: a period goes with people in it",
        "kinds/_flow_periods.py",
        "        if count := left_behind(sit, self.changes, seated, live, self.world):\n",
        "        if count := 0:\n",
        held("period"),
    ),
    Detection(
        "hazard: a shorter time of an oral exam",
        "kinds/_flow_periods.py",
        "        if any(one.after < one.before for one in old if",
        "        if any(False for one in old if",
        oral("shorter"),
    ),
    Detection(
        "hazard: near, other minutes of an oral exam",
        "kinds/_flow_periods.py",
        "        if any(starts_soon(moment(period_of(one.path)), self.world.now)",
        "        if any(False",
        oral("longer and near"),
    ),
    Detection(
        "hazard: near, a slot goes",
        "kinds/_flow_slots.py",
        "        if any(starts_soon(moment(one), self.world.now) for one in before):\n",
        "        if False:\n",
        oral("out of it, near"),
    ),
    Detection(
        "hazard: near, a period goes",
        "kinds/_flow_periods.py",
        "        if any(starts_soon(moment(period), self.world.now) for period in going):\n",
        "        if False:\n",
        oral("away with people in it, near"),
    ),
    Detection(
        "blocked: a room with bookings",
        "kinds/_room_leave.py",
        "    elif flows := [n for n in live.facts.get(FLOWS, ()) if",
        "    elif flows := [n for n in () if",
        (f"{LEAVE}::test_a_room_that_a_flow_has_booked_is_blocked_whatever_is_allowed",),
    ),
    Detection(
        "kept: the old webhook until the new one is there",
        "kinds/_webhook_live.py",
        '        needs = () if stays else (f"{desired.address}:{SECRET}",)\n',
        "        needs = ()\n",
        (f"{WEBHOOKS}::test_a_new_secret_version_is_made_before_the_old_one_is_deleted",),
    ),
    Detection(
        "kept: the old webhook where the new one could not be made",
        "kinds/_webhook_live.py",
        '        needs = () if stays else (f"{desired.address}:{SECRET}",)\n',
        "        needs = ()\n",
        (f"{WEBHOOKS}::test_the_old_one_stays_while_the_new_one_cannot_be_made",),
    ),
    Detection(
        "kept: fields of a flow that the SIS feeds",
        "kinds/_flow_sis.py",
        '    return bool(live.facts["sis"]) and part not in OURS\n',
        "    return False\n",
        (f"{SIS}::test_nothing_else_is_written_when_all_of_it_differs",),
    ),
    Detection(
        "kept: people of a flow that the SIS feeds",
        "kinds/_flow_sis.py",
        '    if live is None or not live.facts["sis"]:\n',
        "    if True:\n",
        (f"{SIS}::test_whoever_is_asleep_stays_so",),
    ),
    Detection(
        "kept: who leaves a set of a flow that the SIS feeds",
        "seats.py",
        "    if complete and not sis and (is_exact or named):\n",
        "    if complete and (is_exact or named):\n",
        (f"{SIS}::test_what_the_sis_owns_is_told_and_left_alone",),
    ),
)

OF_PEOPLE = (
    Detection(
        "problem: somebody's own end before that of the exam",
        "kinds/_individual_times.py",
        "    return end is not None and exam.then.end is not None and end < exam.then.end\n",
        "    return False\n",
        (f"{INDIVIDUAL}::test_an_end_before_that_of_an_exam_which_states_none_is_a_problem_too",),
    ),
    Detection(
        "problem: somebody's own end before that which the manifests state",
        "individual_entries.py",
        "        if end and last and end.value < last.value:\n",
        "        if False:\n",
        (f"{INDIVIDUAL}::test_an_end_before_that_of_the_exam_is_a_problem",),
    ),
    Detection(
        "hazard: shorter, somebody's own participation",
        "kinds/_individual_times.py",
        "    if then[1] - then[0] < now[1] - now[0]:\n",
        "    if False:\n",
        (f"{ACCOMMODATIONS}::test_less_time_is_held_and_more_is_not", *own("a later end")),
    ),
    Detection(
        "hazard: shorter, somebody's own timebox",
        "kinds/_individual_times.py",
        'yield Hazard("shorter", "a timebox of somebody\'s own becomes shorter", True)\n',
        "yield from ()\n",
        own("a timebox"),
    ),
    Detection(
        "hazard: near, somebody's own timebox",
        "kinds/_individual_times.py",
        "            if starts_soon(exam.now.start, exam.world.now):\n",
        "            if False:\n",
        own("a timebox"),
    ),
    Detection(
        "hazard: near, somebody's own participation",
        "kinds/_individual_times.py",
        "    if (then[0] != now[0] or then[1] < now[1]) and is_near:\n",
        "    if False:\n",
        own("a later end", "a start"),
    ),
    Detection(
        "hazard: deactivation of single people",
        "kinds/_individual_plan.py",
        '    yield Hazard("deactivation", "participants are deactivated", True)\n',
        "",
        own("the seat"),
    ),
    Detection(
        "hazard: near, deactivation of single people",
        "kinds/_individual_plan.py",
        "    if exam.live and starts_soon(exam_start(exam.live, exam.world), exam.world.now):\n",
        "    if False:\n",
        own("the seat"),
    ),
    Detection(
        "held: an exam with those who would lose time by its move",
        "kinds/_individual_plan.py",
        "    return replace(change, hazards=(*change.hazards, *more))\n",
        "    return change\n",
        (f"{INDIVIDUAL}::test_a_line_that_is_gone_from_git_returns_to_the_exams_own_dates",),
    ),
    Detection(
        "held: an exam with those who have an end of their own that no manifest states",
        "kinds/_individual_others.py",
        "    return replace(change, hazards=(*change.hazards, hazard))\n",
        "    return change\n",
        (f"{ACCOMMODATIONS}::{UNSTATED_END}",),
    ),
    Detection(
        "held: a longer timebox with those who have one that no manifest states",
        "kinds/_individual_others.py",
        "        _held(one, bool(short), bool(reason), text)",
        "        _held(one, False, bool(reason), text)",
        (f"{INDIVIDUAL}::{UNSTATED_TIMEBOX}",),
    ),
    Detection(
        "hazard: a deactivated e-mail becomes primary",
        "kinds/_user_plan.py",
        "    if asleep and not asleep[0].primary:\n",
        "    if False:\n",
        (f"{GUARDS}::test_a_deactivated_e_mail_becomes_primary_only_when_that_is_allowed",),
    ),
    Detection(
        "shown: another primary e-mail",
        "kinds/_user_plan.py",
        "    if folded(before[:1]) == folded(after[:1]) and",
        "    if",
        (f"{HAZARDS}::test_another_primary_e_mail_is_shown_and_nobody_is_sent_an_activation",),
    ),
    Detection(
        "kept: a new primary e-mail is added before it is primary",
        "kinds/_user_write.py",
        '"primary": not there and email == stated[0]} for email in lacking]\n',
        '"primary": email == stated[0]} for email in lacking]\n',
        (f"{HAZARDS}::test_another_primary_e_mail_is_shown_and_nobody_is_sent_an_activation",),
    ),
    Detection(
        "shown: a phone that is emptied",
        "kinds/_user_plan.py",
        '    "phone": "phone",\n',
        "",
        (
            f"{HAZARDS}::test_a_phone_is_emptied_only_where_git_says_so_and_the_plan_shows_what_goes",
        ),
    ),
    Detection(
        "kept: a phone where nobody says that it goes",
        "kinds/_user_write.py",
        "    body = {theirs: row.get(theirs) for theirs in ATTRIBUTES.values()}\n",
        '    body = {t: row.get(t) for t in ATTRIBUTES.values()} | {"phone": ""}\n',
        (
            f"{HAZARDS}::test_a_phone_is_emptied_only_where_git_says_so_and_the_plan_shows_what_goes",
        ),
    ),
    Detection(
        "blocked: what blanks somebody protected",
        "guards.py",
        "        or any(_blanks(field) for field in change.fields)\n",
        "",
        (
            f"{HAZARDS}::test_a_phone_is_emptied_only_where_git_says_so_and_the_plan_shows_what_goes",
        ),
    ),
)

OF_PLANS = (
    Detection(
        "guard: a set ends empty",
        "guards.py",
        "    if seats.after == 0 and before:\n",
        "    if False:\n",
        held("empty"),
    ),
    Detection(
        "guard: more than half of a set leaves",
        "guards.py",
        "        refused = count * 2 > before\n",
        "        refused = False\n",
        held("replaced"),
    ),
    Detection(
        "guard: more removals than the limit",
        "guards.py",
        "        yield Checked(guard, tuple(refused) if total > limit else ())\n\n\ndef _greater",
        "        yield Checked(guard, ())\n\n\ndef _greater",
        held("removals"),
    ),
    Detection(
        "guard: more updates than the limit",
        "guards.py",
        "        yield Checked(guard, tuple(refused) if total > limit else ())\n\n\n# ---- UNIWeb",
        "        yield Checked(guard, ())\n\n\n# ---- UNIWeb",
        held("updates"),
    ),
    Detection(
        "guard: a flow without a manager",
        "guards.py",
        '    if seats.role == "managers" and seats.after == 0:\n',
        "    if False:\n",
        held("no-manager"),
    ),
    Detection(
        "guard: a UNIWeb read that is short",
        "guards.py",
        "        if now < least and _comes_from(profile, one, world)\n",
        "        if False\n",
        (f"{GUARDS}::test_a_short_uniweb_read_holds_who_leaves_by_it",),
    ),
    Detection(
        "blocked: what is protected, whatever is allowed",
        "holding.py",
        "    if where is None or change.status is not Status.PLANNED:\n",
        "    if True:\n",
        (f"{GUARDS}::test_a_protected_flow_is_left_alone_whatever_is_allowed",),
    ),
    Detection(
        "held: what an ended entry allowed",
        "holding.py",
        "        if one.until is None or one.until > world.now:\n",
        "        if True:\n",
        (f"{GUARDS}::test_an_entry_that_ended_has_no_effect_and_the_plan_names_its_place",),
    ),
    Detection(
        "held: more than an entry allows",
        "holding.py",
        "    return covered if allowance.allows(count) else []\n",
        "    return covered\n",
        (f"{GUARDS}::test_more_leave_than_an_entry_allows",),
    ),
    Detection(
        "held: what needs a held change",
        "planner.py",
        "        if change.status is Status.PLANNED and stopped:\n",
        "        if False:\n",
        (f"{E2E}/test_archive.py::test_an_archived_flow_comes_back_when_people_ask_and_allow_it",),
    ),
    Detection(
        "blocked: a login of somebody whom a flow still has",
        "kinds/_user_leave.py",
        "    elif titles := live.facts[FLOWS]:\n",
        "    elif titles := ():\n",
        (f"{E2E}/test_answers.py::test_a_login_is_disabled_only_once_no_flow_has_the_person",),
    ),
)

DETECTIONS = (*OF_FLOWS, *BESIDE, *OF_PEOPLE, *OF_PLANS)
