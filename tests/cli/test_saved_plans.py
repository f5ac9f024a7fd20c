"""Saved plans, as people and CI handle them: sealed, bound, resumed, refused, reversed."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from engine.main import run
from engine.render.as_json import DIGESTED, digest_of
from engine.render.plan_schema import PLAN_SCHEMA
from engine.sandbox.serve import Options, RunningSandbox, running
from tests import loopback
from tests.cli.conftest import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = """\
time_zone: Europe/Copenhagen
environments:
  staging: &place
    wiseflow: {{url: "{url}/v1", client_id: sandbox, client_secret: "${{TEST_SECRET}}"}}
    plan_key: ${{TEST_PLAN_KEY}}
  production: *place
"""
PHONE = "+44 1632 960044"
TERM = """\
users:
  - key: kim@example.org
    first_name: Kim
    last_name: Larsen
    emails: [kim@example.org]
    roles: [Manager]
    phone: "+44 1632 960044"
  - {key: s1@example.org, first_name: Sam, last_name: Student}
  - {key: s2@example.org, first_name: Sue, last_name: Student}
flows:
  - key: law
    type: FLOWassign
    title: Law
    description: Open book.
    content: none
    participation: {start: 2027-05-03 09:00, length: 4h}
    marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}
role_assignments:
  - {flows: [law], managers: [kim@example.org], participants: [s1@example.org]}
"""
LATER = TERM.replace("title: Law", "title: Company law").replace(
    "participants: [s1", "participants: [s2@example.org, s1"
)


@dataclass(frozen=True)
class Office:
    """A repository of manifests beside a served sandbox."""

    root: Path
    url: str
    capsys: pytest.CaptureFixture[str]

    def write(self, text: str) -> None:
        (self.root / "manifests" / "term.yaml").write_text(text, encoding="utf-8")

    def call(self, *arguments: str, env: str = "staging") -> Ended:
        self.capsys.readouterr()
        code = run(["--dir", str(self.root), "--env", env, *arguments])
        captured = self.capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    def plan(self, *arguments: str) -> Path:
        path = self.root / "monday.plan"
        assert self.call("plan", "--out", str(path), *arguments).code == 0
        return path

    def later_with_everybody(self) -> str:
        """A term that gives a role more than LATER does."""
        return LATER.replace(
            "managers: [kim@example.org],",
            "managers: [kim@example.org], reviewers: [kim@example.org],",
        )

    def flow(self) -> dict[str, Any]:
        body = {"metadata": {"externalSourceReference": "wisectl-law"}}
        (flow,) = self.by_hand("POST", "/flows/search?limit=100", body)["data"]
        return dict(flow)

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        answer = loopback.request(method, f"{self.url}/_sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def by_hand(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"x-api-key": "sandbox"}
        answer = loopback.request(method, f"{self.url}/v1{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def writes(self) -> int:
        reading = ("GET ", "POST /users/search", "POST /flows/search", "POST /oauth2/token")
        sent = self.sandbox("GET", "requests")
        return sum(n for name, n in sent.items() if not name.startswith(reading))


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with running(Options(rate_limit=False)) as sandbox:
        yield sandbox


@pytest.fixture
def office(
    served: RunningSandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    monkeypatch.setenv("TEST_SECRET", "sandbox")
    monkeypatch.setenv("TEST_PLAN_KEY", "a long enough key for plans")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "wisectl.yaml").write_text(SETTINGS.format(url=served.url), encoding="utf-8")
    place = Office(tmp_path, served.url, capsys)
    place.sandbox("POST", "reset")
    place.write(TERM)
    assert place.call("apply", "--auto-approve").code == 0
    place.write(LATER)
    return place


def test_a_saved_plan_does_what_it_shows_and_then_nothing(office: Office) -> None:
    path = office.plan()
    shown = office.call("show", str(path))
    assert shown.code == 0
    assert "Law → Company law" in shown.out
    assert "Plan: 0 to create, 1 to update, 0 to remove." in shown.out
    done = office.call("apply", str(path))
    assert done.code == 0
    assert "Apply complete: 0 created, 1 updated, 0 removed." in done.out
    assert "No changes." in office.call("plan").out
    before = office.writes()
    again = office.call("apply", str(path))
    assert (again.code, office.writes()) == (0, before)
    assert "Already done before: 2 changes." in again.out


def test_a_plan_file_follows_its_schema_and_is_the_same_for_the_same_inputs(
    office: Office,
) -> None:
    first = json.loads(office.plan().read_bytes())
    second = json.loads(office.plan().read_bytes())
    jsonschema.validate(first, PLAN_SCHEMA)
    for document in (first, second):
        for name in ("now", "created", "seal", "reads"):
            del document[name]
    assert first == second


def test_no_value_of_a_person_stands_in_a_plan_file(office: Office) -> None:
    office.write(TERM.replace(PHONE, "+44 1632 960777").replace("Larsen", "Nielsen"))
    text = office.plan().read_text(encoding="utf-8")
    for value in ("960044", "960777", "Nielsen", "Larsen"):
        assert value not in text


def test_any_changed_byte_is_refused_and_nothing_is_written(office: Office) -> None:
    path = office.plan()
    data, before = path.read_bytes(), office.writes()
    for at in range(0, len(data), max(1, len(data) // 60)):
        flipped = bytearray(data)
        flipped[at] ^= 1
        path.write_bytes(bytes(flipped))
        ended = office.call("apply", str(path))
        assert ended.code == 7, (at, data[max(0, at - 20) : at + 20])
    for cut in (0, 1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        assert office.call("apply", str(path)).code == 7
    path.write_bytes(data + b"\n")
    assert office.call("apply", str(path)).code == 7
    assert office.writes() == before


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"a":1,"a":2}'])
def test_what_is_no_plan_is_refused_in_a_sentence(office: Office, content: bytes) -> None:
    path = office.root / "x.plan"
    path.write_bytes(content)
    for command in (["apply", str(path)], ["show", str(path)], ["apply", "--reviewed", str(path)]):
        ended = office.call(*command)
        assert ended.code == 7
        assert "Traceback" not in ended.err


def test_a_file_that_is_not_there_is_an_error(office: Office) -> None:
    assert office.call("apply", "nowhere.plan").code == 1
    assert office.call("show", "nowhere.plan").code == 1


def test_another_format_is_refused(office: Office) -> None:
    path = office.plan()
    now, then = b'"format_version": "1.0"', b'"format_version": "0.9"'
    path.write_bytes(path.read_bytes().replace(now, then))
    ended = office.call("apply", str(path))
    assert ended.code == 7
    assert "format" in ended.err


def test_another_environment_is_refused(office: Office) -> None:
    path, before = office.plan(), office.writes()
    ended = office.call("apply", str(path), env="production")
    assert (ended.code, office.writes()) == (7, before)
    assert "staging" in ended.err


def test_another_key_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office.plan()
    monkeypatch.setenv("TEST_PLAN_KEY", "another key of another runner")
    assert office.call("apply", str(path)).code == 7


def test_another_licence_is_refused(office: Office) -> None:
    path = office.plan()
    with running(Options(rate_limit=False, seed=7)) as other:
        settings = "user_key: External User Id\n" + SETTINGS.format(url=other.url)
        (office.root / "wisectl.yaml").write_text(settings, encoding="utf-8")
        ended = office.call("apply", str(path))
    assert ended.code == 7
    assert "licence" in ended.err


def test_a_plan_lives_seven_days(office: Office) -> None:
    path = office.plan()
    now = office.sandbox("POST", "reset")["now"]
    office.write(TERM)
    office.call("apply", "--auto-approve")
    office.write(LATER)
    office.sandbox("POST", "clock", {"now": now + 7 * 86_400 + 3600})
    before = office.writes()
    ended = office.call("apply", str(path))
    assert (ended.code, office.writes()) == (9, before)
    assert office.call("apply", "--reviewed", str(path)).code == 9
    office.sandbox("POST", "clock", {"now": now + 7 * 86_400 - 3600})
    assert office.call("apply", str(path)).code == 0


def test_what_moved_in_wiseflow_is_refused_with_what_needs_it_and_the_rest_is_done(
    office: Office,
) -> None:
    office.write(LATER.replace("last_name: Larsen", "last_name: Nielsen"))
    path = office.plan()
    number = office.flow()["flowId"]
    metadata = office.by_hand("GET", f"/flows/{number}/metadata")["data"]
    office.by_hand("PUT", f"/flows/{number}/metadata", {**metadata, "title": "Lawful"})
    ended = office.call("apply", str(path), "--json")
    results = {row["id"]: row["result"] for row in ended.document["outcomes"]}
    assert ended.code == 7
    assert results == {
        "flow/law:metadata": "failed",
        "flow/law:participants": "failed",
        "user/kim@example.org:attributes": "done",
    }
    assert office.flow()["title"] == "Lawful"


def test_what_moved_in_the_manifests_is_refused(office: Office) -> None:
    path, before = office.plan(), office.writes()
    office.write(LATER.replace("description: Open book.", "description: Closed book."))
    ended = office.call("apply", str(path))
    assert (ended.code, office.writes()) == (7, before)
    assert "manifests" in ended.out
    office.write("users: []\n")
    assert office.call("apply", str(path)).code == 7


def test_a_mixture_of_before_and_after_is_carried_on(office: Office) -> None:
    path = office.plan()
    number = office.flow()["flowId"]
    metadata = office.by_hand("GET", f"/flows/{number}/metadata")["data"]
    office.by_hand("PUT", f"/flows/{number}/metadata", {**metadata, "title": "Company law"})
    ended = office.call("apply", str(path), "--json")
    assert ended.code == 0
    assert [row["result"] for row in ended.document["outcomes"]] == ["already done", "done"]


def test_a_reviewed_plan_applies_only_what_is_identical(office: Office) -> None:
    path = office.plan()
    office.write(LATER.replace("title: Company law", "title: Law of companies"))
    ended = office.call("apply", "--reviewed", str(path), "--json")
    results = {row["id"]: row["result"] for row in ended.document["outcomes"]}
    assert ended.code == 7
    assert results == {"flow/law:metadata": "not tried", "flow/law:participants": "done"}
    assert office.flow()["title"] == "Law"
    office.write(LATER)
    assert office.call("apply", "--reviewed", str(path)).code == 0
    assert office.call("apply", "--reviewed", str(path)).code == 0
    assert office.flow()["title"] == "Company law"


def test_without_a_key_one_is_made_that_only_its_owner_reads(office: Office) -> None:
    settings = SETTINGS.format(url=office.url).replace("    plan_key: ${TEST_PLAN_KEY}\n", "")
    (office.root / "wisectl.yaml").write_text(settings, encoding="utf-8")
    path = office.plan()
    key = office.root / ".wisectl" / "plan.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text(encoding="ascii").strip() not in path.read_text(encoding="utf-8")
    assert office.call("apply", str(path)).code == 0
    assert "plan_key" in office.call("doctor").out
    key.chmod(0o644)
    assert office.call("apply", str(path)).code == 1


def test_a_run_is_journalled_without_values_of_people_and_can_be_reversed(office: Office) -> None:
    office.write(LATER.replace(PHONE, "+44 1632 960777"))
    assert office.call("apply", str(office.plan())).code == 0
    told = office.call("journal")
    assert told.code == 0
    assert "3 done" in told.out
    assert "exit code 0" in told.out
    files = sorted((office.root / ".wisectl" / "journal" / "staging").glob("*.jsonl"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert "960044" not in text
    assert "960777" not in text
    assert '"type": "call"' in text
    back = office.root / "back.plan"
    undo = office.call("undo", "--out", str(back))
    assert "Company law → Law" in undo.out
    assert "Cannot be undone: 1" in undo.out
    assert office.call("apply", str(back)).code == 0
    assert office.flow()["title"] == "Law"
    held = office.call("plan").out
    assert "Seats: 1 to add, 0 to take away." in held


def test_a_run_of_another_licence_is_not_undone_here(office: Office) -> None:
    assert office.call("apply", "--auto-approve").code == 0
    with running(Options(seed=8, rate_limit=False)) as other:
        text = SETTINGS.format(url=other.url)
        (office.root / "wisectl.yaml").write_text(text, encoding="utf-8")
        ended = office.call("undo")
    assert ended.code == 7
    assert "was carried out on licence" in ended.err


def test_undo_says_what_was_changed_again_since_the_run(office: Office) -> None:
    ended = office.call("apply", "--auto-approve")
    assert "Changed again" not in office.call("undo").out
    office.write(LATER.replace("Company law", "Tax law"))
    assert office.call("apply", "--auto-approve").code == ended.code == 0
    files = sorted((office.root / ".wisectl" / "journal" / "staging").glob("*.jsonl"))
    told = office.call("undo", files[-2].stem)
    assert "Tax law → Law" in told.out
    assert "lost by this plan: 1\n! flow/law: title" in told.out
    assert json.loads(office.call("undo", files[-2].stem, "--json").out)["changed_since"] == [
        "flow/law: title"
    ]


def test_every_run_says_of_which_licence_it_is(office: Office) -> None:
    """What a run reads of the licence depends on what it changes."""
    office.write(LATER)
    assert office.call("apply", "--auto-approve").code == 0
    office.write(LATER.replace("Company law", "Tax law"))
    assert office.call("apply", "--auto-approve").code == 0
    files = sorted((office.root / ".wisectl" / "journal" / "staging").glob("*.jsonl"))
    heads = [json.loads(path.read_text(encoding="utf-8").split("\n")[0]) for path in files]
    assert len({one["licence"] for one in heads}) == 1
    assert office.call("undo").code == 0


# ---- allowances that end --------------------------------------------------------------------

ALLOWED = "allow:\n  - {remove: participants, flows: [law], until: 2027-01-11 18:00, reason: x}\n"
SOON = TERM.replace("2027-05-03 09:00", "2027-01-12 18:00")


@pytest.fixture
def emptied(office: Office) -> Office:
    """The only participant leaves an exam that starts soon, as an entry of the manifests allows."""
    office.write(SOON)
    assert office.call("apply", "--auto-approve", "--allow", "starts-soon:*").code == 0
    office.write(
        SOON.replace("participants: [s1@example.org]", "membership: exact, participants: []")
    )
    (office.root / "manifests" / "allow.yaml").write_text(ALLOWED, encoding="utf-8")
    return office


def test_a_key_that_can_be_guessed_is_wrong_settings(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PLAN_KEY", "abc")
    ended = office.call("plan", "--out", str(office.root / "x.plan"))
    assert ended.code == 3
    assert "wisectl.yaml:5:5: environments.staging.plan_key: has fewer than 16" in ended.err


def test_what_an_entry_allows_is_done_while_it_lasts(emptied: Office) -> None:
    assert emptied.call("apply", str(emptied.plan())).code == 0


def test_what_an_entry_allowed_is_held_once_it_has_ended(emptied: Office) -> None:
    path = emptied.plan()
    emptied.sandbox("POST", "clock", {"now": 1_799_688_600})
    before = emptied.writes()
    ended = emptied.call("apply", str(path))
    assert (ended.code, emptied.writes()) == (6, before)
    assert "allowed no more; to allow it: --allow empty:flow/law:1" in ended.out
    assert (
        emptied.call("apply", str(path), "--allow", "empty:*", "--allow", "starts-soon:*").code == 0
    )


def test_what_an_entry_allowed_is_held_once_the_entry_is_taken_back(emptied: Office) -> None:
    path = emptied.plan()
    (emptied.root / "manifests" / "allow.yaml").unlink()
    before = emptied.writes()
    assert emptied.call("apply", str(path)).code == 6
    assert emptied.writes() == before


def test_what_the_flags_of_the_plan_allowed_needs_no_entry(emptied: Office) -> None:
    (emptied.root / "manifests" / "allow.yaml").unlink()
    path = emptied.plan("--allow", "empty:*", "--allow", "starts-soon:*")
    assert emptied.call("apply", str(path)).code == 0


# ---- what is shown unverified --------------------------------------------------------------------

ODD: tuple[Any, ...] = (None, True, -1, "x", [], {}, [[[]]], [{"a": 1}])


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, member in list(members):
        yield node, key
        if isinstance(member, dict | list):
            yield from _places(member)


def test_a_plan_of_any_shape_is_shown_or_refused_in_a_sentence(office: Office) -> None:
    path = office.plan()
    document = json.loads(path.read_bytes())
    places = list(_places({name: document[name] for name in DIGESTED} | {"starts": {}}))
    for number, (node, key) in enumerate(places):
        before, node[key] = node[key], ODD[number % len(ODD)]
        changed = {**document, "digest": digest_of(document)}
        path.write_text(json.dumps(changed), encoding="utf-8")
        ended = office.call("show", str(path))
        assert ended.code in (0, 7), (key, node[key], ended.err)
        node[key] = before


def test_a_plan_that_was_altered_is_not_shown(office: Office) -> None:
    path = office.plan()
    document = json.loads(path.read_bytes())
    document["changes"].pop()
    path.write_text(json.dumps(document), encoding="utf-8")
    ended = office.call("show", str(path))
    assert (ended.code, ended.out) == (7, "")
    assert "was changed after it was made" in ended.err


def test_a_plan_says_what_it_held_when_it_is_applied(emptied: Office) -> None:
    (emptied.root / "manifests" / "allow.yaml").unlink()
    path = emptied.plan()
    done = emptied.call("apply", str(path), "--allow", "empty:*")
    assert done.code == 6
    assert "1 change held when it was made, and not in it:" in done.out
    assert "  flow/law:participants.leave: " in done.out
    assert "allow them when you plan, and apply that plan" in done.out


@pytest.mark.parametrize("command", [("apply",), ("show",)])
def test_a_folder_is_no_plan_file(office: Office, command: tuple[str, ...]) -> None:
    said = office.call(*command, str(office.root))
    assert said.code == 7
    assert "is no plan file, but a folder or a device" in said.err
