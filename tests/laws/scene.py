"""Who and what worlds speak of: the words of the sandbox's licence, people, keys and moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from engine.kinds.user import Language
from engine.wiseflow.webhooks import EVENTS
from tests.laws.drawing import Words

BEGIN = datetime(2027, 1, 11, 8, tzinfo=UTC)
"""When a new sandbox's clock starts."""

OWN = tuple(f"p{number}@example.org" for number in range(5))
"""People whom manifests name one by one."""
LISTED = ("c0@example.org", "c1@example.org")
"""People who stand in a CSV file."""
MEMBERS = ("malcolm.ashworth@northfield.example", "soeren.kjeldgaard@northfield.example")
"""People whom UNIWeb knows."""
KNOWN = {"s200941@northfield.example": "07200941", "s200928@northfield.example": "07200928"}
"""People in WISEflow whom no manifest has under users, with their student numbers."""
GHOST = "ghost@example.org"

FLOWS = ("f0", "f1", "f2")
RENAMED = "f7"
"""The key that a flow may have in the second term which had another one in the first."""
THERE = (
    (7681138, "Wound Care"),
    (7681144, "Law of Contract"),
    (7681149, "Pharmacology"),
    (7681164, "Microeconomics"),
    (7681166, "Anatomy and Physiology"),
    (7681148, "Of another title"),
    (1, "Nowhere"),
)
"""Flows of the licence without a key: a draft, activated ones, one that is archived, one that a SIS
feeds; then one of another title, and none. What is deleted and reopened shows its differences only
in the next plan, which laws about one plan do not speak of: tests/e2e/test_adopt.py."""
TEMPLATES = ("t0", "t1")
ROSTERS = ("r0", "r1", "r2")
PROFILES = ("staff", "teachers")
SOURCES = ("template-written", "template-lockdown")
"""Flows of the licence that carry a key, with content."""

ROLES = ("Manager", "Author", "Assessor", "Reviewer", "Invigilator", "Participant")
WEBHOOKS = ("w0", "w1-v2")
ROOMS = ("hall-a", "B 1:07")
VARIABLES = {"LAW_SECRET": "a secret of the laws", "OTHER_SECRET": "another one of the laws"}
"""The environment in which manifests are read."""

TERMS = ("Spring 2027", "Autumn 2027")
SCALES = (*("7-point scale", "Pass/fail", "0-100 points") * 8, "Stars")
"""The last is in no licence of the sandbox."""
ANONYMISATIONS = (
    *("off", "participant_index", "unique_exam_id", {"data": "Personal Organisation Id"}) * 8,
    # Only some people have it.
    *({"data": "Student Number"},) * 4,
    # Hidden: nobody can be anonymised by it.
    {"data": "Personal Unique Id"},
)
EXAM_IDS = ("X-1", "X-2", "X-3")
INSTRUCTIONS = ("Mark all questions.", "True", "Ω" * 500)
TYPES = (*("FLOWassign",) * 6, "FLOWlock", "FLOWmulti", "FLOWhandin", "FLOWoral", "FLOWattend")
"""The last is in no licence of the sandbox."""

WORDS = Words(
    aliases=((Language, st.sampled_from(["en", "da", "fr", "nb"])),),
    fields={
        ("User", "roles"): st.lists(st.sampled_from(ROLES), unique=True, max_size=3),
        ("Assessors", "type"): st.sampled_from(["Internal", "External"]),
        # Refused where a flow has no reviewer approval, which only WISEflow itself can switch on.
        ("Reviewers", "decides_final_grade"): st.sampled_from([False] * 5 + [True]),
        ("FlowFields", "type"): st.sampled_from(TYPES),
        ("SettingFields", "grading_scale"): st.sampled_from(SCALES),
        ("SettingFields", "anonymisation"): st.sampled_from(ANONYMISATIONS),
        ("SettingFields", "ects"): st.none() | st.sampled_from(["0", "5", "7.5"]),
        ("SettingFields", "assessor_types"): st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["Internal", "External"])},
                optional={"instruction": st.sampled_from(INSTRUCTIONS)},
            ),
            unique_by=lambda one: one["type"],
        ),
        ("FlowFields", "term"): st.sampled_from([None, *TERMS]),
        ("Accommodation", "extra_time"): st.sampled_from(["25%", "12.5%", "30m", "1h30m"]),
        ("MemberFilter", "unit"): st.just("Civil Engineering"),
        ("MemberFilter", "title"): st.just("Professor"),
        ("MemberFilter", "loginName"): st.sampled_from(MEMBERS),
        ("MemberFilter", "modified_since"): st.sampled_from(["2024-03-01", "2020-01-01 08:00:00"]),
        ("Webhook", "url"): st.sampled_from(
            ["https://sis.example.org/hook?x=1", "http://127.0.0.1:9/hook"]
        ),
        ("Webhook", "events"): st.lists(
            st.sampled_from(EVENTS), unique=True, min_size=1, max_size=3
        ),
        ("Webhook", "secret"): st.sampled_from([f"${{{name}}}" for name in VARIABLES]),
        ("Webhook", "secret_version"): st.integers(1, 3),
        ("Match", "user"): st.sampled_from(["key", "key", "data.External User Id"]),
    },
)

FILLS = {
    "first_name": "profile/membership_information.first_name",
    "last_name": "profile/membership_information.last_name",
    "data.Department": "profile/affiliations.unit",
    "emails": "profile/membership_information.email",
    "data.User Alias": "profile/selected_degrees.degree_name",
}

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True, slots=True)
class When:
    """A moment as a manifest writes it: in local time, or with an offset."""

    moment: datetime
    local: bool

    def __str__(self) -> str:
        local = self.moment.astimezone(COPENHAGEN)
        exists_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        if not self.local or exists_twice:
            return f"{self.moment:%Y-%m-%d %H:%MZ}"
        return f"{local:%Y-%m-%d %H:%M}"


STATES = ("draft", "activated", "soon", "running", "ended", "concluded", "archived")
"""Where a flow can be when the second term comes."""

HOUR, DAY = 60, 24 * 60

OFFSETS: dict[str, tuple[tuple[int, int], ...]] = {
    # Minutes from now of participation start and end, marking start and end: from, to.
    "draft": ((3 * DAY, 40 * DAY), (HOUR, 9 * HOUR), (0, 2 * DAY), (DAY, 20 * DAY)),
    "activated": ((3 * DAY, 40 * DAY), (HOUR, 9 * HOUR), (0, 2 * DAY), (DAY, 20 * DAY)),
    "soon": ((20, 47 * HOUR), (HOUR, 9 * HOUR), (0, 2 * DAY), (DAY, 20 * DAY)),
    "running": ((-DAY, -20), (DAY + HOUR, 2 * DAY), (0, 2 * DAY), (DAY, 20 * DAY)),
    "ended": ((-5 * DAY, -3 * DAY), (HOUR, 9 * HOUR), (0, DAY), (6 * DAY, 20 * DAY)),
    "concluded": ((-30 * DAY, -20 * DAY), (HOUR, 9 * HOUR), (0, DAY), (DAY, 10 * DAY)),
    "archived": ((-90 * DAY, -80 * DAY), (HOUR, 9 * HOUR), (0, DAY), (DAY, 10 * DAY)),
}
"""The start is counted from now, each other moment from the one before it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a term may name, and the time by which its flows are in their states."""

    tag: str
    """Names the files of this term apart from those of another."""
    now: datetime


def in_minutes(moment: datetime, minutes: int) -> datetime:
    return moment + timedelta(minutes=minutes)
