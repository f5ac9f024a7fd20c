"""What allowances and protected addresses come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.guards import NAMES
from engine.kinds.allow import SUBJECTS
from engine.model import Address, Allowance
from tests.manifests.repositories import load, write

if TYPE_CHECKING:
    from pathlib import Path

TERM = """
users: [{key: Ada@x.org}, {key: eve@x.org}]
flows: [{key: nurs-1, term: Spring 2027}, {key: nurs-2}, {key: law}]
profiles:
  - key: staff
    members: {unit: Law}
    match: {user: key, member: login_name}
    fill: {first_name: profile/info.first_name}
"""


def read(root: Path, line: str, time_zone: str | None = "Europe/Copenhagen") -> Allowance:
    write(root, {"m.yaml": f"{TERM}\nallow:\n  - {line}\n"})
    (allowance,) = load(root, time_zone).allowances
    return allowance


def test_the_example_of_the_design_covers_who_leaves_one_role_of_some_flows(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "{remove: participants, flows: {key: nurs-*}, up_to: 12, until: 2027-05-01, reason: '4711'}",
    )
    assert (found.role, found.up_to) == ("participants", 12)
    assert found.among == {Address("flow", "nurs-1"), Address("flow", "nurs-2")}
    assert found.until == datetime(2027, 5, 1, 22, tzinfo=UTC)
    assert str(found.location) == "manifests/m.yaml:11:5"


@pytest.mark.parametrize(
    ("text", "time_zone", "until"),
    [
        ("2027-01-05", "Europe/Copenhagen", datetime(2027, 1, 5, 23, tzinfo=UTC)),
        ("2027-01-05", None, datetime(2027, 1, 6, tzinfo=UTC)),
        ("2027-01-05 12:00", "Europe/Copenhagen", datetime(2027, 1, 5, 11, tzinfo=UTC)),
        ("2027-01-05 12:00Z", None, datetime(2027, 1, 5, 12, tzinfo=UTC)),
    ],
)
def test_a_date_lasts_to_its_end_and_a_moment_to_itself(
    text: str, time_zone: str | None, until: datetime, tmp_path: Path
) -> None:
    line = f"{{guard: removals, until: {text}, reason: x}}"
    assert read(tmp_path, line, time_zone).until == until


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_stand_in_an_entry(name: str, tmp_path: Path) -> None:
    way = "hazard" if name not in ("uniweb", "updates", "removals", "empty") else "guard"
    way = "guard" if name in ("replaced", "no-manager") else way
    written = {
        "flows": "flows: [LAW], ",
        "users": "users: [ada@x.org], ",
        "profiles": "profiles: [staff], ",
        "rooms": "rooms: [hall], ",
        "webhooks": "webhooks: [sis], ",
        "kind": "kind: flow, ",
        "": "",
    }[SUBJECTS.get(name, "flows")]
    found = read(tmp_path, f"{{{way}: {name}, {written}until: 2027-05-01, reason: x}}")
    about = {
        "flows": Address("flow", "law"),
        "users": Address("user", "Ada@x.org"),
        "profiles": Address("profile", "staff"),
        "rooms": Address("room", "hall"),
        "webhooks": Address("webhook", "sis"),
    }.get(SUBJECTS.get(name, "flows"), Address("flow", "anything"))
    assert found.covers(name, about, 1_000_000)
    assert found.covers(name, Address("flow", "nurs-1"), 1) == (name in ("updates", "removals"))


def test_a_protected_address_is_as_the_manifests_spell_it_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": f"{TERM}\nprotect:\n  - flow/LAW\n  - user/ada@x.org\n"})
    protected = load(tmp_path).protected
    assert {str(address): place.line for address, place in protected.items()} == {
        "flow/law": 11,
        "user/Ada@x.org": 12,
    }
