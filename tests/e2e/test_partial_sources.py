"""UNIWeb and files of sources: what was not read to its end creates, removes and blanks nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from engine.exit_codes import DONE, of_plan
from engine.sandbox.institution.uniweb import other_members
from engine.sandbox.serve import Options, running
from tests.e2e.edges import between
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.plan import Plan

LECTURERS = [
    one.key for one in other_members() if (one.department, one.title) == ("Law", "Lecturer")
]

PANEL = """
    profiles:
      - key: law
        members: {unit: Law, title: Lecturer}
        language: en
        match: {user: key, member: login_name}
        fill:
          first_name: profile/membership_information.first_name
          last_name: profile/membership_information.last_name
          data.Department: profile/affiliations.unit
    rosters:
      - {key: lecturers, profile: law}
      - {key: class, csv: "sis:class.csv", column: number, matches: Student Number}
    flows:
      - key: panel-2027s
        type: FLOWassign
        title: Panel
        participation: {start: "2027-05-03 09:00", length: 4h}
        marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
    role_assignments:
      - flows: [panel-2027s]
        membership: exact
        managers: [kim@example.org]
        reviewers: {rosters: [lecturers], users: [kim@example.org]}
        participants: {rosters: [class], users: [kim@example.org]}
    users:
      - {key: kim@example.org, first_name: Kim, last_name: Larsen}
      - {key: s1@example.org, first_name: Sam, last_name: Smith, data: {Student Number: "00001001"}}
      - {key: s2@example.org, first_name: Siri, last_name: Vik, data: {Student Number: "00001002"}}
      - {key: s3@example.org, first_name: Sol, last_name: Stone, data: {Student Number: "00001003"}}
"""
CLASS = "number,name\n00001001,Sam\n00001002,Siri\n"


def staff(keys: list[str]) -> str:
    return "\n".join(["users:", *(f"  - {{key: {key}, profile: law}}" for key in keys)])


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Lecturers sit on a panel by a roster of UNIWeb, a class takes part by a file of the SIS."""
    with running(Options(rate_limit=False)) as server:
        stage = Rehearsal(server.url, tmp_path_factory.mktemp("panel"))
        (stage.root / "export").mkdir()
        stage.write(PANEL)
        stage.write(staff(LECTURERS[:-1]), "staff.yaml")
        (stage.root / "export" / "class.csv").write_text(CLASS, encoding="utf-8")
        stage.apply()
        assert stage.failures() == []
        assert stage.plan().changes == ()
        stage.checked = False
        yield stage


def ids(plan: Plan) -> set[str]:
    return {change.id for change in plan.changes}


def is_left_alone(plan: Plan, role: str) -> None:
    assert not {name for name in ids(plan) if name.startswith(f"flow/panel-2027s:{role}")}
    assert plan.incomplete
    assert of_plan(plan, detailed=False) != DONE


UNIWEB: dict[str, Callable[[bytes], bytes]] = {
    "nobody": lambda _: b"[]",
    "nobody at all": lambda _: b"{}",
    "null": lambda _: b"null",
    "no body": lambda _: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "almost whole": lambda content: content[:-1],
    "a web page": lambda _: b"<html>502</html>",
    "an error": lambda _: b'{"error": {"message": "Try later", "code": 500}}',
    "a list": lambda content: b"[" + content + b"]",
    "no sections": lambda content: json.dumps(dict.fromkeys(json.loads(content))).encode(),
}


class SpoiledUniweb(httpx.AsyncBaseTransport):
    """Spoils what UNIWeb answers of members; everything else passes."""

    def __init__(self, network: httpx.AsyncBaseTransport, spoil: Callable[[bytes], bytes]) -> None:
        self.network, self.spoil = network, spoil

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.network.handle_async_request(request)
        if not request.url.path.endswith("/resource.php"):
            return answer
        content = self.spoil(await answer.aread())
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=content)

    async def aclose(self) -> None:
        await self.network.aclose()


@pytest.mark.parametrize("how", UNIWEB)
def test_a_uniweb_that_was_not_read_fills_and_takes_nothing(panel: Rehearsal, how: str) -> None:
    newcomer = LECTURERS[-1]
    panel.write(staff(LECTURERS), "staff.yaml")
    try:
        assert f"user/{newcomer}" in ids(panel.plan())
        with between(lambda network: SpoiledUniweb(network, UNIWEB[how])):
            plan = panel.plan()
    finally:
        panel.write(staff(LECTURERS[:-1]), "staff.yaml")
    is_left_alone(plan, "reviewers")
    assert [c.id for c in plan.changes if c.address.kind == "user" and c.status == "planned"] == []
    assert any("UNIWeb was not read" in problem.message for problem in plan.problems)


def test_members_without_the_sections_that_were_asked_for_keep_what_they_have(
    panel: Rehearsal,
) -> None:
    def strip(content: bytes) -> bytes:
        return json.dumps({name: [] for name in json.loads(content)}).encode()

    with between(lambda network: SpoiledUniweb(network, strip)):
        plan = panel.plan()
    assert not [one for one in plan.changes if one.address.kind == "user"]


SPOILED: dict[str, str | None] = {
    "no file": None,
    "empty": "",
    "header only": "number,name\n",
    "half a header": "num",
    "another header": "id,name\n00001001,Sam\n",
    "half a line": "number,name\n00001001,Sam\n00001002",
    "half a cell": "number,name\n00001001,Sam\n00001002,Si",
    "too few cells": "number,name\n00001001,Sam\n00001002\n",
    "twice": "number,name\n00001001,Sam\n00001001,Sam\n",
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_file_of_a_source_that_was_not_read_fills_and_takes_nothing(
    panel: Rehearsal, how: str
) -> None:
    file = panel.root / "export" / "class.csv"
    file.unlink()
    content = SPOILED[how]
    if content is not None:
        file.write_text(content, encoding="utf-8")
    try:
        plan = panel.plan()
    finally:
        file.write_text(CLASS, encoding="utf-8")
    is_left_alone(plan, "participants")
    said = [one for one in plan.problems if "sis:class.csv" in f"{one.location} {one.message}"]
    assert any("created, removed or blanked" in one.hint for one in said)


def test_nobody_is_added_to_a_set_of_which_a_part_was_not_read(panel: Rehearsal) -> None:
    file = panel.root / "export" / "class.csv"
    file.unlink()
    panel.write(
        PANEL.replace("[class], users: [kim@example.org", "[class], users: [s3@example.org")
    )
    try:
        plan = panel.plan()
    finally:
        file.write_text(CLASS, encoding="utf-8")
        panel.write(PANEL)
    is_left_alone(plan, "participants")


def test_a_source_that_is_there_again_is_used_again(panel: Rehearsal) -> None:
    file = panel.root / "export" / "class.csv"
    file.write_text("number,name\n00001001,Sam\n00001003,Sol\n", encoding="utf-8")
    try:
        found = ids(panel.plan())
    finally:
        file.write_text(CLASS, encoding="utf-8")
    role = "flow/panel-2027s:participants"
    assert {role, f"{role}.leave"} <= found


# ---- flow sets -----------------------------------------------------------------------------------

TESTS = """
    users:
      - {key: kim@example.org, first_name: Kim, last_name: Larsen}
    flows: [{key: other-2027s, type: FLOWassign, title: Other, term: Autumn 2027}]
    flow_sets:
      - csv: "sis:tests.csv"
        flow: {key: "{code}-2027s", type: FLOWassign, title: "{title}", term: Spring 2027}
        roles: {membership: exact, managers: [kim@example.org], authors: ["{author}"]}
    role_assignments:
      - {flows: [other-2027s], managers: [kim@example.org]}
      - {flows: [a-2027s], membership: exact, reviewers: [kim@example.org]}
      - {flows: {term: Spring 2027}, membership: exact, assessors: [kim@example.org]}
    protect: [flow/b-2027s]
"""
ROWS = "code,title,author\na,Algebra,kim@example.org\nb,Botany,\n"


@pytest.fixture(scope="module")
def tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Two flows are rows of a file of the SIS, one is not."""
    with running(Options(rate_limit=False)) as server:
        stage = Rehearsal(server.url, tmp_path_factory.mktemp("tests"))
        (stage.root / "export").mkdir()
        stage.write(TESTS)
        (stage.root / "export" / "tests.csv").write_text(ROWS, encoding="utf-8")
        stage.apply()
        assert stage.failures() == []
        assert stage.plan().changes == ()
        yield stage


def test_a_row_that_changes_changes_its_flow_and_says_where_it_stands(tests: Rehearsal) -> None:
    file = tests.root / "export" / "tests.csv"
    file.write_text(ROWS.replace("Botany", "Plants"), encoding="utf-8")
    try:
        [change] = tests.plan().changes
    finally:
        file.write_text(ROWS, encoding="utf-8")
    assert change.id == "flow/b-2027s:metadata"
    assert str(change.fields[0].written) == "sis:tests.csv:3:3 through manifests/term.yaml:7"


SPOILED_ROWS: dict[str, str | None] = {
    "no file": None,
    "empty": "",
    "header only": "code,title,author\n",
    "half a header": "code,ti",
    "another header": "code,name,author\na,Algebra,\n",
    "half a row": ROWS + "c,Chem",
    "a row too short": "code,title,author\na,Algae\n",
    "twice": ROWS + "A,Anatomy,\n",
    "a key that is none": "code,title,author\na b,Algae,\n",
    "a row without a key": ROWS + ",Algae,\n",
    "a flow of the manifests": "code,title,author\nother,Algae,\n",
}


@pytest.mark.parametrize("how", SPOILED_ROWS)
def test_rows_that_were_not_read_create_remove_and_blank_nothing(
    tests: Rehearsal, how: str
) -> None:
    file = tests.root / "export" / "tests.csv"
    content = SPOILED_ROWS[how]
    file.unlink() if content is None else file.write_text(content, encoding="utf-8")
    try:
        plan = tests.plan()
    finally:
        file.write_text(ROWS, encoding="utf-8")
    assert ids(plan) == set()
    assert plan.incomplete
    assert of_plan(plan, detailed=False) != DONE
    [said] = [one for one in plan.problems if "sis:tests.csv" in f"{one.location} {one.message}"]
    assert "created, removed or blanked" in said.hint
