"""Every guard and every hazard through the command line: it holds, and what it prints lets go."""

from __future__ import annotations

import asyncio
import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from engine.guards import NAMES
from tests.e2e.edges import open_members

if TYPE_CHECKING:
    from tests.e2e.office import Office

KIM = "kim@example.org"
FEW, PEOPLE = 12, 60
ROLES = {"managers", "authors", "assessors", "participants", "room_bookings", "slots"}
FLOWS = 12


# ---- a term, and what is changed in it -----------------------------------------------------------


def people(first: int = 1, last: int = PEOPLE) -> list[str]:
    return [f"s{number:03}@example.org" for number in range(first, last + 1)]


def term(**changes: Any) -> str:
    """A draft with a few in every role; a role or a field is replaced by its keyword."""
    everybody = people(1, FEW)
    if set(changes.get("participants", ())) - set(everybody):
        everybody = people()
    users = [
        {"key": key, "first_name": "Sam", "last_name": "Student", "emails": [f"mail.{key}"]}
        for key in everybody
    ]
    fields: dict[str, Any] = {
        "title": "Law",
        "participation": {"start": "2027-05-03 09:00", "end": "2027-05-03 13:00"},
        "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
        "type": "FLOWassign",
        "content": "none",
    }
    roles: dict[str, Any] = {
        "managers": people(1, 2),
        "authors": people(3, 5),
        "assessors": people(6, 9),
        "participants": everybody,
    }
    fields |= {name: value for name, value in changes.items() if name not in ROLES}
    roles |= {name: value for name, value in changes.items() if name in ROLES}
    flow = {"key": "law", **fields}
    seats = {"flows": ["law"], "membership": "exact", **roles}
    return json.dumps({"users": users, "flows": [flow], "role_assignments": [seats]})


def flows(title: str) -> str:
    """A dozen flows with one title."""
    users = [{"key": KIM, "first_name": "Kim", "last_name": "Larsen"}]
    entries = [
        {"key": f"f{number}", "type": "FLOWassign", "title": title} for number in range(FLOWS)
    ]
    seats = [{"flows": [one["key"] for one in entries], "managers": [KIM]}]
    return json.dumps({"users": users, "flows": entries, "role_assignments": seats})


def staff(members: str) -> str:
    """People whose names UNIWeb says, and a flow whose assessors it names."""
    return textwrap.dedent(
        f"""
        profiles:
          - key: staff
            members: {members}
            language: en
            match: {{user: key, member: login_name}}
            fill:
              first_name: profile/membership_information.first_name
              last_name: profile/membership_information.last_name
        rosters: [{{key: unit, profile: staff}}]
        users: [{{key: kim@example.org, first_name: Kim, last_name: Larsen}}]
        flows: [{{key: law, type: FLOWassign, title: Law}}]
        role_assignments:
          - flows: [law]
            managers: [kim@example.org]
            assessors: {{rosters: [unit]}}
            membership: exact
        """
    )


SOON = {"participation": {"start": "2027-05-03 10:00", "end": "2027-05-03 14:00"}}
SHORT = {"participation": {"start": "2027-05-03 09:00", "end": "2027-05-03 12:00"}}
LATER = {"marking": {"start": "2027-05-05 12:00", "end": "2027-12-24 12:00"}}
ACTIVE = {"lifecycle": "active"}
FED = {"sis_sources": [{"code": "LAW||2027", "integration": "Northfield STADS"}]}
MONDAY = "2027-05-10 09:00"
HALL = {"key": "hall", "name": "Hall", "capacity": 80, "bookable": True}
LOG = {"key": "log", "url": "http://127.0.0.1:9/a", "events": ["ASSIGNMENT"], "active": False}


def beside(text: str, **kinds: Any) -> str:
    """A term, with entries of other kinds beside it."""
    return json.dumps(json.loads(text) | kinds)


def in_hall(*who: str) -> str:
    """The term with a room, and who sits in it; without anybody the room is given up."""
    booked = [{"room": "hall", "participants": [*who]}] if who else []
    return beside(term(room_bookings=booked), rooms=[HALL])


def oral(*periods: str) -> str:
    """An oral exam with these periods; it is said who is examined in the first, if there is one."""
    slots = [{"period": one, "participants": people(1, 3)} for one in periods[:1]]
    entries = json.loads(term(type="FLOWoral", **({"slots": slots} if slots else {})))
    (flow,) = entries["flows"]
    for name in ("participation", "marking"):
        del flow[name]
    flow["periods"] = [{"start": one, "examination": 20} for one in periods]
    return json.dumps(entries)


def taken_over(**changes: Any) -> str:
    """The term, and that a student information system may take it over."""
    reason = {"until": "2027-01-25", "reason": "agreed"}
    allow = [{"hazard": "sis-attach", "flows": ["law"], **reason}]
    return beside(term(**changes), allow=allow)


Case = tuple[str, str, str]
"""The term before, the clock after that (or nothing), the term then."""
CASES: dict[str, Case] = {
    "empty": (term(), "", term(authors=[])),
    "replaced": (term(), "", term(assessors=people(6, 6))),
    "removals": (term(participants=people()), "", term(participants=people(27))),
    "no-manager": (term(), "", term(managers=[])),
    "updates": (flows("Law"), "", flows("Company law")),
    "starts-soon": (term(), "2027-05-01 12:00", term(**SOON)),
    "shorter": (term(), "", term(**SHORT)),
    "deactivation": (term(**ACTIVE), "", term(**ACTIVE, participants=people(2, FEW))),
    "marking-started": (term(), "2027-05-06 12:00", term(assessors=people(6, 8))),
    "grading-scale": (term(grading_scale="7-point scale"), "", term(grading_scale="Pass/fail")),
    "anonymisation": (
        term(**ACTIVE, anonymisation="off"),
        "2027-05-03 10:00",
        term(**ACTIVE, anonymisation="participant_index"),
    ),
    "last-hour": (term(), "2027-05-03 08:30", term(**ACTIVE)),
    "no-participants": (term(participants=[]), "", term(**ACTIVE, participants=[])),
    "unarchive": (
        term(**ACTIVE),
        "2027-08-01 12:00",
        beside(term(**ACTIVE, **LATER), unarchive=["flow/law"]),
    ),
    "sis-attach": (term(), "", term(**FED)),
    "sis-remove": (taken_over(**FED), "", taken_over(sis_sources=[])),
    "reference": (term(references=["SITS-1"]), "", term(references=[])),
    "room-booking": (in_hall(*people(1, 3)), "", in_hall()),
    "period": (oral(MONDAY), "", oral()),
    "room-deletion": (beside(term(), rooms=[HALL]), "", beside(term(), removed=["room/hall"])),
    "webhook-deletion": (
        beside(term(), webhooks=[LOG]),
        "",
        beside(term(), removed=["webhook/log"]),
    ),
}
OTHERS = {"primary-email", "uniweb", "deletion"}
"""Told below: they need more than two states of the manifests."""


def held_by(document: Any, name: str) -> list[str]:
    said = NAMES[name]
    return [
        change["id"]
        for change in document["changes"]
        if change["status"] == "held" and any(said in reason for reason in change["reasons"])
    ]


def check(office: Office, name: str) -> None:
    """The name holds something; the printed flag lets it go, and the pasted entries all of it."""
    document = office.document()
    held = held_by(document, name)
    assert held, document
    assert office.call("plan", "--detailed-exitcode")[0] == 6
    flags = {
        word.strip("'")
        for change in document["changes"]
        for reason in change["reasons"]
        for word in reason.split()
        if word.strip("'").startswith(f"{name}:")
    }
    arguments = [word for flag in sorted(flags) for word in ("--allow", flag)]
    assert held_by(office.document(*arguments), name) == []
    office.write(office.proposed(), "allow.yaml")
    assert document["summary"]["held"]
    assert office.document()["summary"]["held"] == 0
    if name != "no-manager":  # WISEflow keeps the last manager of a flow, whoever asks
        office.apply()
        assert office.document()["summary"]["held"] == 0


def test_every_name_is_tried_here() -> None:
    assert set(CASES) | OTHERS == set(NAMES)


@pytest.mark.parametrize("name", CASES)
def test_it_holds_and_what_it_prints_lets_it_go(name: str, office: Office) -> None:
    before, clock, after = CASES[name]
    office.write(before)
    office.apply()
    if clock:
        office.clock(clock)
    office.write(after)
    check(office, name)


@pytest.mark.parametrize(("before", "after"), [(240, 239), ("off", 239)])
def test_a_shorter_timebox_is_held_as_a_shorter_window_is(
    before: int | str, after: int, office: Office
) -> None:
    office.write(term(timebox=before))
    office.apply()
    office.write(term(timebox=after))
    check(office, "shorter")


@pytest.mark.parametrize(("before", "after"), [(239, 240), (239, "off"), ("off", 240)])
def test_a_longer_timebox_is_never_held(
    before: int | str, after: int | str, office: Office
) -> None:
    office.write(term(timebox=before))
    office.apply()
    office.write(term(timebox=after))
    office.clock("2027-05-03 08:00")
    assert office.document()["summary"] | {"update": 1, "held": 0} == office.document()["summary"]
    office.apply()


def test_a_shorter_timebox_of_an_exam_that_starts_soon_is_taken_from_it(office: Office) -> None:
    office.write(term(timebox=240))
    office.apply()
    office.write(term(timebox=200))
    office.clock("2027-05-02 12:00")
    check(office, "starts-soon")


def test_a_deactivated_e_mail_becomes_primary_only_when_that_is_allowed(office: Office) -> None:
    kim = f"{{key: {KIM}, first_name: Kim, last_name: Larsen"
    office.write(f"users: [{kim}, emails: [a@x.org]}}]")
    office.apply()
    rows = office.stage.control("GET", "state")["users"]
    (number,) = [row["id"] for row in rows if KIM in str(row)]
    # Somebody made it primary and it was never activated; then the old one came back.
    for email in ("b@x.org", "c@x.org"):
        body = [{"email": email, "primary": True}]
        office.stage.by_hand("POST", f"/users/{number}/emails", body)
    office.write(f"users: [{kim}, emails: [b@x.org, c@x.org, a@x.org]}}]")
    check(office, "primary-email")


def test_a_short_uniweb_read_holds_who_leaves_by_it(office: Office) -> None:
    office.write(staff("{unit: Mathematics}"))
    logins = asyncio.run(members(office))
    assert len(logins) > 4
    entries = "".join(f"\n  - {{key: {one}, profile: staff}}" for one in logins)
    office.write(f"users:{entries}\n", "staff.yaml")
    office.apply()
    office.write(staff("{unit: Mathematics, title: Professor}"))
    check(office, "uniweb")


def test_a_draft_that_left_the_manifests_is_deleted_only_when_that_is_allowed(
    office: Office,
) -> None:
    office.write(term())
    office.apply()
    office.commit()
    office.write(json.dumps({"users": json.loads(term())["users"]}))
    assert office.document()["changes"] == []
    office.scope = ("--base", "HEAD")
    check(office, "deletion")
    flows = office.stage.control("GET", "state")["flows"]
    assert [f["deleted"] for f in flows if f["title"] == "Law"] == [True]


async def members(office: Office) -> list[str]:
    """The keys that UNIWeb answers for the profile."""
    profile = office.stage.state().profiles["staff"]
    async with open_members(office.stage.url) as read:
        return sorted(await read(profile))


# ---- what only whole runs tell -------------------------------------------------------------------


def test_an_entry_that_ended_has_no_effect_and_the_plan_names_its_place(office: Office) -> None:
    office.write(term())
    office.apply()
    office.write(term(authors=[]))
    entry = "{remove: authors, flows: [law], up_to: 3, until: 2027-02-01, reason: ticket}"
    office.write(f"allow:\n  - {entry}\n", "allow.yaml")
    assert office.document()["summary"]["held"] == 0
    office.clock("2027-02-02 00:00")
    assert office.document()["summary"]["held"] == 1
    assert "manifests/allow.yaml:2:5: ended 2027-02-02 00:00" in office.call("plan")[1]


def test_a_protected_flow_is_left_alone_whatever_is_allowed(office: Office) -> None:
    office.write(term())
    office.apply()
    office.write(term(authors=[], **SHORT))
    office.write(office.proposed() + "protect:\n  - flow/law\n", "allow.yaml")
    document = office.document("--allow", "empty:*", "--allow", "shorter:*")
    assert document["summary"]["blocked"] == 2
    reasons = {reason for change in document["changes"] for reason in change["reasons"]}
    assert reasons == {"protected at manifests/allow.yaml:5"}
    before = office.stage.writes()
    assert office.call("apply", "--auto-approve", "--allow", "empty:*")[0] == 0
    assert office.stage.writes() == before


def test_more_leave_than_an_entry_allows(office: Office) -> None:
    office.write(term(participants=people()))
    office.apply()
    office.write(term(participants=people(27)))
    office.write(office.proposed(), "allow.yaml")
    assert office.document()["summary"]["held"] == 0
    office.write(term(participants=people(28)))
    assert office.document()["summary"]["held"] == 1


def test_harmless_company_lets_nothing_through(office: Office) -> None:
    office.write(term(participants=people()))
    office.apply()
    office.write(term(participants=people(27)))
    held = held_by(office.document(), "removals")
    assert held == ["flow/law:participants.leave"]
    company = [
        {"key": f"new{n}", "type": "FLOWassign", "title": "New", "content": "none"}
        for n in range(60)
    ]
    keys = [one["key"] for one in company]
    seats = {"flows": keys, "managers": people(1, 1), "participants": people(1, 55)}
    office.write(json.dumps({"flows": company, "role_assignments": [seats]}), "company.yaml")
    assert held_by(office.document(), "removals") == held
    assert office.document()["summary"]["seats"]["add"] > 3000


def test_settings_make_limits_narrower_and_wider(office: Office) -> None:
    office.write(term(participants=people()))
    office.apply()
    office.write(term(participants=people(2)))
    assert office.document()["summary"]["held"] == 0
    settings = office.root / "wisectl.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f"{text}    guards: {{max_removed: 0}}\n", encoding="utf-8")
    assert office.document()["summary"]["held"] == 1
    settings.write_text(f"{text}    guards: {{max_removed: 26}}\n", encoding="utf-8")
    office.write(term(participants=people(27)))
    assert office.document()["summary"]["held"] == 0
