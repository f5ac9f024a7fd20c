"""Grades that are posted: each arrives once, whatever the receiver and the network do."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from engine.grades import posting
from engine.grades.receiver import IN_A_ROW
from engine.pacing import Rate
from engine.retrying import Surroundings
from tests.e2e.graded import LETTERS, Graded, due, number_of, set_out
from tests.e2e.receiver import (
    CUT_OFF,
    DROP_AFTER,
    DROP_BEFORE,
    HUGE,
    NEVER,
    SECRET,
    Inbox,
    receiving,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.office import Office


class Watch:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with receiving() as one:
        yield one


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    here = Surroundings(watch.clock, watch.sleep, lambda: 1.0)
    monkeypatch.setattr(posting, "HERE", here)
    monkeypatch.setattr(posting, "RATE", Rate(per_minute=100_000, per_second=10_000))
    return watch


@pytest.fixture
def exams(office: Office, inbox: Inbox, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> Graded:
    """Two flows whose grades are posted, ten in a batch at most."""
    assert watch.now == 0.0
    monkeypatch.setenv("SIS_SECRET", SECRET)
    exams = set_out(office, 2, 12, "A-F")
    post(exams, inbox)
    return exams


def post(exams: Graded, inbox: Inbox, fields: dict[str, Any] | None = None, **to: Any) -> None:
    address = {"url": inbox.url, "secret": "${SIS_SECRET}", "batch": 5, **to}
    exams.export(to={"http": address}, **(fields or {}))


def corrected(exams: Graded, grade: str = "") -> dict[str, Any]:
    """Somebody's grade becomes another one."""
    seat = next(one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade"))
    exams.grade(seat, grade=grade or ("C" if seat["assessment"]["grade"] == "5" else "B"))
    return seat


def test_every_grade_is_posted_once_signed_in_batches(exams: Graded, inbox: Inbox) -> None:
    code, said = exams.run()
    assert code == 0, said
    assert inbox.grades() == due(exams)
    assert len(inbox.posts) == len(inbox.taken)
    assert inbox.twice() == []
    sizes = [len(json.loads(body)["grades"]) for body in inbox.taken.values()]
    assert max(sizes) == 5
    assert {one["change"] for one in inbox.deliveries()} == {"new"}
    assert f"Written: {len(due(exams))} posted" in said


def test_where_nothing_is_new_nothing_is_posted(exams: Graded, inbox: Inbox) -> None:
    exams.run()
    posts = len(inbox.posts)
    code, said = exams.run()
    assert (code, len(inbox.posts)) == (0, posts)
    assert "0 new, 0 changed" in said


def test_a_dry_run_posts_nothing_and_keeps_nothing(exams: Graded, inbox: Inbox) -> None:
    code, said = exams.run("--dry-run")
    assert (code, inbox.posts) == (0, [])
    assert f"{len(due(exams))} new" in said
    assert not (exams.office.root / ".wisectl").exists()


def test_a_correction_is_one_item_with_its_version(exams: Graded, inbox: Inbox) -> None:
    exams.run()
    before, first = set(inbox.taken), inbox.deliveries()[0]["version"]
    seat = corrected(exams)
    exams.run()
    (key,) = set(inbox.taken) - before
    (one,) = json.loads(inbox.taken[key])["grades"]
    assert (one["change"], one["version"]) == ("changed", first + 1)
    assert one["person"] == number_of(seat)
    assert inbox.grades() == due(exams)
    assert len(inbox.held()) == len(due(exams))  # The same id through all its versions.


def test_a_grade_that_comes_back_is_another_delivery(exams: Graded, inbox: Inbox) -> None:
    seat = corrected(exams, "A")
    for grade in ("B", "A"):
        exams.run()
        exams.grade(seat, grade=grade)
    exams.run()
    mine = [one for one in inbox.deliveries() if one["person"] == number_of(seat)]
    mine = [one for one in mine if one["flow"] == "exam-1"]
    first = mine[0]["version"]
    versions = [(one["version"] - first, one["grade"]) for one in mine]
    assert versions == [(0, "A"), (1, "B"), (2, "A")]
    assert len(inbox.taken) == len(inbox.posts)


@pytest.mark.parametrize(
    "answer",
    [
        DROP_BEFORE,
        DROP_AFTER,
        CUT_OFF,
        500,
        502,
        507,
        521,
        (503, {"Retry-After": "7"}),
        (429, {"Retry-After": "30"}),
        409,
        408,
    ],
)
def test_what_says_nothing_is_repeated_byte_by_byte(
    exams: Graded, inbox: Inbox, answer: Any
) -> None:
    inbox.answers.extend([answer, answer])
    code, said = exams.run()
    assert code == 0, said
    assert len(inbox.posts) == len(inbox.taken) + 2
    assert inbox.posts[0] == inbox.posts[1] == inbox.posts[2]
    assert inbox.grades() == due(exams)
    assert inbox.twice() == []


def test_the_receiver_says_how_long_to_wait(exams: Graded, inbox: Inbox, watch: Watch) -> None:
    inbox.answers.append((429, {"Retry-After": "40"}))
    exams.run()
    assert 40 <= watch.now < 45


@pytest.mark.parametrize("answer", [200, 201, 202, HUGE])
def test_what_is_said_beside_yes_is_not_read(exams: Graded, inbox: Inbox, answer: Any) -> None:
    inbox.always = answer
    code, said = exams.run()
    assert code == 0, said
    assert len(inbox.posts) == len(inbox.taken)
    assert inbox.grades() == due(exams)


def refusing(person: str, status: int) -> Callable[[list[dict[str, Any]]], int]:
    """A receiver that takes no batch in which somebody's grade on the first exam is."""

    def refuses(grades: list[dict[str, Any]]) -> int:
        return status if (person, "exam-1") in [(g["person"], g["flow"]) for g in grades] else 0

    return refuses


@pytest.mark.parametrize(
    ("status", "count"), [(404, 5), (409, 5), (415, 5), (400, 1), (413, 1), (422, 1)]
)
def test_what_is_refused_is_told_and_keeps_back_no_more_than_it_must(
    exams: Graded, inbox: Inbox, status: int, count: int
) -> None:
    """Where the answer may be about one grade, the others of the batch go without it."""
    seats = {number_of(one): one["number"] for one in exams.graded("exam-1")}
    inbox.refuses = refusing(next(iter(seats)), status)
    code, document = exams.told()
    assert code == 8
    refused = set(due(exams)) - set(inbox.grades())
    assert len(refused) == count
    problems = document["problems"]
    assert {one["participant"] for one in problems} == {seats[person] for _, person in refused}
    assert {one["flow"] for one in problems} == {"exam-1"}
    assert {one["message"] for one in problems} == {f"the receiver refused them: {status}"}
    assert document["summary"]["new"] == len(due(exams)) - count
    inbox.refuses = None
    code, document = exams.told()
    assert (code, document["summary"]["new"], document["recovered"]) == (0, count, 0)
    assert inbox.grades() == due(exams)
    assert inbox.twice() == []


def test_a_receiver_that_takes_nothing_is_not_asked_for_each_grade(
    office: Office, inbox: Inbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watch.now == 0.0
    monkeypatch.setenv("SIS_SECRET", SECRET)
    exams = set_out(office, 2, 80, "A-F")
    post(exams, inbox, batch=100)
    inbox.always = 422
    for _ in range(2):
        code, document = exams.told()
        assert code == 8
        assert len(document["problems"]) == len(due(exams))
        assert len(inbox.posts) < len(due(exams)) / 2
        inbox.posts.clear()
    inbox.always = None
    assert exams.run()[0] == 0
    assert inbox.grades() == due(exams)


def test_of_many_that_are_refused_none_keeps_back_one_that_is_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than would be refused in a row, but for those between them."""
    monkeypatch.setenv("SIS_SECRET", SECRET)
    exams = set_out(office, 1, 80, "A-F")
    people = sorted(number_of(one) for one in exams.graded("exam-1"))
    wrong = {*people[::2]}
    assert len(wrong) > IN_A_ROW
    with receiving() as inbox:
        inbox.refuses = lambda grades: 422 if wrong & {g["person"] for g in grades} else 0
        post(exams, inbox, batch=100)
        code, document = exams.told()
        assert code == 8
        assert {person for _, person in inbox.grades()} == {*people} - wrong
        assert len(document["problems"]) == len(wrong)
        inbox.refuses = None
        assert exams.run()[0] == 0
        assert inbox.grades() == due(exams)
        assert inbox.twice() == []


def test_a_refused_correction_leaves_what_was_delivered(exams: Graded, inbox: Inbox) -> None:
    exams.run()
    before, first = inbox.grades(), inbox.deliveries()[0]["version"]
    seat = corrected(exams)
    inbox.always = 422
    for _ in range(2):
        assert exams.run()[0] == 8
    assert inbox.grades() == before
    inbox.always = None
    code, document = exams.told()
    assert (code, document["summary"]["changed"]) == (0, 1)
    (one,) = [one for one in inbox.deliveries() if one["change"] == "changed"]
    assert (one["version"], one["person"]) == (first + 1, number_of(seat))


@pytest.mark.parametrize(
    ("answer", "exits"),
    [
        (500, {5}),
        ((503, {"Retry-After": "5"}), {5}),
        ((429, {"Retry-After": "999999"}), {5}),
        (DROP_BEFORE, {5}),
        (DROP_AFTER, {5}),
        (401, {4}),
        (403, {4}),
        ((302, {"Location": "/elsewhere"}), {1}),
        (405, {1}),
    ],
)
def test_what_did_not_arrive_is_finished_by_the_next_run(
    exams: Graded, inbox: Inbox, answer: Any, exits: set[int]
) -> None:
    inbox.always = answer
    code, said = exams.run()
    assert code in exits, said
    assert "Traceback" not in said
    first = inbox.posts[0]
    inbox.always = None
    code, document = exams.told()
    assert code == 0
    assert document["recovered"] > 0
    assert inbox.posts[-1] == first or first in inbox.posts[1:]
    assert inbox.grades() == due(exams)
    assert inbox.twice() == []


def test_nobody_there_is_exit_5_and_nothing_is_lost(exams: Graded, inbox: Inbox) -> None:
    with receiving() as gone:
        post(exams, gone)
    code, said = exams.run()
    assert code == 5, said
    assert "no connection" in said
    post(exams, inbox)
    code, said = exams.run()
    assert code == 0, said
    assert "The last run did not end" in said
    assert inbox.grades() == due(exams)


def test_an_answer_that_never_comes_is_waited_for_no_longer_than_that(
    exams: Graded, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    inbox.answers.append(NEVER)
    code, said = exams.run()
    assert code == 0, said
    assert inbox.posts[0] == inbox.posts[1]
    assert inbox.grades() == due(exams)


def test_what_the_manifest_says_by_then_changes_nothing_of_what_is_on_its_way(
    exams: Graded, inbox: Inbox
) -> None:
    """A key stands for its bytes: other columns would be another body under the same key."""
    inbox.always = DROP_AFTER
    exams.run()
    inbox.always = None
    columns = {"flow": "flow", "person": "person", "grade": "grade", "mark": "entered"}
    post(exams, inbox, {"columns": columns}, batch=7)
    code, said = exams.run()
    assert code == 0, said
    assert inbox.grades() == due(exams)
    assert inbox.twice() == []


def test_flows_that_look_alike_to_the_receiver_are_not_posted(exams: Graded, inbox: Inbox) -> None:
    """Two flows with one subtitle: the receiver would take one's grades for the other's."""
    columns = {"person": "person", "grade": "grade", "exam": "subtitle"}
    post(exams, inbox, {"columns": columns}, batch=1)
    code, said = exams.run()
    assert code == 8, said
    assert "subtitle" in said
    assert not inbox.taken


def test_no_output_has_a_secret_a_grade_or_a_person(
    exams: Graded, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    codes = {letter: f"zq-{letter}-7" for letter in LETTERS.values()}
    post(exams, inbox, {"codes": {"A-F": codes}})
    said = ""
    for answer in (422, 500, 401, None):
        inbox.always = answer
        for flags in ((), ("--json",)):
            said += exams.run(*flags)[1]
    corrected(exams)
    said += exams.office.call("-v", "grades", "export")[1]
    assert exams.run()[0] == 0
    assert SECRET not in said
    assert "t0ken" not in said
    assert "zq-" not in said
    assert not [person for _, person in due(exams) if person in said]
    assert {one["grade"][:3] for one in inbox.deliveries()} == {"zq-"}


def test_the_ledger_is_where_the_manifest_says(exams: Graded, inbox: Inbox) -> None:
    post(exams, inbox, ledger="kept/posted.ledger")
    assert exams.run()[0] == 0
    assert (exams.office.root / "kept" / "posted.ledger").exists()
    assert (exams.office.root / "kept" / ".gitignore").read_text() == "*\n"
    assert not (exams.office.root / ".wisectl" / "grades").exists()
    posts = len(inbox.posts)
    assert exams.run()[0] == 0
    assert len(inbox.posts) == posts


def test_a_job_is_told_that_its_ledger_does_not_stay(
    exams: Graded, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "the next one posts everything again"
    assert said not in exams.run("--dry-run")[1]
    monkeypatch.setenv("CI", "true")
    assert said in exams.run("--dry-run")[1]
    post(exams, inbox, ledger="kept/posted.ledger")
    assert said not in exams.run()[1]


def test_an_address_may_get_another_path_and_no_other_host(
    exams: Graded, inbox: Inbox, watch: Watch
) -> None:
    """A path may hold a token; of another host nobody knows whether it has what was delivered."""
    exams.run()
    before = inbox.grades()
    corrected(exams)
    with receiving() as other:
        post(exams, other)
        for flag in ("--dry-run", "--json"):
            code, said = exams.run(flag)
            assert code == 1
            assert f"what was delivered went to {inbox.url.rpartition('/hook')[0]}" in said
            assert "state moved_from, if it is" in said
        assert other.posts == []
        post(exams, other, moved_from=inbox.url)
        for _ in range(2):
            code, said = exams.run()
            assert code == 0, said
            assert len(other.deliveries()) == 1
        assert before | other.grades() == due(exams)
        post(exams, inbox)
        assert exams.run()[0] == 1


def test_without_its_ledger_all_is_posted_again_over_what_the_receiver_has(
    exams: Graded, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It puts the higher version over the lower one, whatever we have forgotten."""
    for _ in range(2):
        corrected(exams)
        assert exams.run()[0] == 0
    ids = set(inbox.held())
    corrected(exams)
    shutil.rmtree(exams.office.root / ".wisectl")
    now = time.time()
    monkeypatch.setattr("engine.grades.ledger.time.time", lambda: now + 60)
    code, said = exams.run()
    assert code == 0, said
    assert inbox.grades() == due(exams)
    assert set(inbox.held()) == ids
    assert inbox.twice() == []


@pytest.mark.parametrize("at", [0, 1])
def test_what_has_arrived_is_told_though_the_rest_cannot_be_sent(
    exams: Graded, inbox: Inbox, at: int
) -> None:
    inbox.answers.extend([204] * at + [401])
    code, document = exams.told()
    arrived = len(inbox.grades())
    assert code == 4
    assert document["summary"]["new"] == arrived
    assert bool(arrived) == bool(at)
    assert "does not know us" in document["failed"]
    code, second = exams.told()
    assert code == 0
    assert document["summary"]["new"] + second["recovered"] + second["summary"]["new"] == len(
        due(exams)
    )
    assert inbox.grades() == due(exams)


@pytest.mark.parametrize("url", ["http://sis.northfield.example/hook", "ftp://127.0.0.1/x"])
def test_plain_http_is_for_this_machine_alone(exams: Graded, url: str) -> None:
    exams.export(to={"http": {"url": url, "secret": "${SIS_SECRET}"}})
    assert exams.run()[0] == 3


def test_a_secret_that_is_not_set_is_told_before_anything_is_sent(
    exams: Graded, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIS_SECRET")
    code, said = exams.run()
    assert (code, inbox.posts) == (3, [])
    assert "SIS_SECRET is not set" in said
