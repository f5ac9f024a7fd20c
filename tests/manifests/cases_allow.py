"""What is wrong with allowances and protected addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

BASE = (
    "flows: [{key: math, term: Spring 2027}, {key: law}]\n"
    "users: [{key: ada@x.org}]\n"
    "profiles: [{key: staff, members: {unit: Law}, match: {user: key, member: login_name}, "
    "fill: {first_name: profile/info.first_name}}]\n"
)


def allow(line: str) -> str:
    return f"{BASE}allow:\n  - {line}\n"


END = 'until: 2027-05-01, reason: "ticket 4711"}'
REMOVE = "{remove: participants, flows: [math], "

ALLOW_CASES: dict[str, Case] = {
    "an allowance without an end": (
        allow('¶{remove: participants, flows: [math], reason: "ticket"}'),
        'lacks "until"',
    ),
    "an allowance without a reason": (
        allow("¶{remove: participants, flows: [math], until: 2027-05-01}"),
        'lacks "reason"',
    ),
    "an allowance with an empty reason": (
        allow(f'{REMOVE}until: 2027-05-01, ¶reason: ""}}'),
        "must not be empty",
    ),
    "an allowance of nothing": (allow(f"¶{{flows: [math], {END}"), "remove, hazard or guard"),
    "an allowance of two things": (
        allow(f"{{remove: participants, ¶hazard: shorter, flows: [math], {END}"),
        "states both remove and hazard",
    ),
    "an unknown role": (
        allow(f"{{¶remove: participant, flows: [math], {END}"),
        'unknown role "participant" … participants',
    ),
    "an unknown hazard": (
        allow(f"{{¶hazard: shorten, flows: [math], {END}"),
        'unknown hazard "shorten" … did you mean shorter?',
    ),
    "an unknown guard": (allow(f"{{¶guard: all, {END}"), 'unknown guard "all" … removals'),
    "a guard as a hazard": (allow(f"{{¶hazard: empty, flows: [math], {END}"), "unknown hazard"),
    "an allowance without flows": (allow(f"¶{{remove: participants, {END}"), 'lacks "flows"'),
    "an allowance for a flow that is not there": (
        allow(f"{{remove: participants, flows: [¶maths], {END}"),
        'no flow "maths" … did you mean math?',
    ),
    "an allowance that selects no flow": (
        allow(f"{{remove: participants, ¶flows: {{key: nurs-*}}, {END}"),
        'no flow has key "nurs-*"',
    ),
    "an allowance for a user that is not there": (
        allow(f"{{hazard: primary-email, users: [¶eve@x.org], {END}"),
        'no user "eve@x.org"',
    ),
    "an allowance for a profile that is not there": (
        allow(f"{{guard: uniweb, profiles: [¶stuff], {END}"),
        'no profile "stuff"',
    ),
    "an allowance for no users at all": (
        allow(f"{{hazard: primary-email, ¶users: [], {END}"),
        "must not be empty",
    ),
    "flows beside a guard over the whole plan": (
        allow(f"{{guard: removals, ¶flows: [math], {END}"),
        "does not go with removals … the whole plan",
    ),
    "users beside a hazard of flows": (
        allow(f"{{hazard: shorter, flows: [math], ¶users: [ada@x.org], {END}"),
        "does not go with shorter … state flows instead",
    ),
    "updates without a kind": (allow(f"¶{{guard: updates, {END}"), 'lacks "kind"'),
    "updates of an unknown kind": (
        allow(f"{{guard: updates, ¶kind: flows, {END}"),
        'unknown kind "flows" … did you mean flow?',
    ),
    "an allowance up to a text": (allow(f'{REMOVE}¶up_to: "12", {END}'), "remove the quotes"),
    "an allowance up to less than nothing": (allow(f"{REMOVE}¶up_to: -1, {END}"), "at least 0"),
    "an allowance up to yes": (allow(f"{REMOVE}¶up_to: true, {END}"), "a whole number"),
    "an allowance until some day": (
        allow(f'{REMOVE}¶until: soon, reason: "x"}}'),
        "no date",
    ),
    "an allowance until a day that does not exist": (
        allow(f'{REMOVE}¶until: 2027-02-30, reason: "x"}}'),
        "does not exist",
    ),
    "an allowance until a number": (allow(f'{REMOVE}¶until: 2027, reason: "x"}}'), "no date"),
    "an unknown key of an allowance": (allow(f"{REMOVE}¶upto: 12, {END}"), "did you mean up_to?"),
    "allow as a mapping": (f"{BASE}¶allow: {{remove: participants}}\n", "must be a list"),
    # protected addresses
    "a protected flow that is not there": (
        f"{BASE}protect: [¶flow/maths]\n",
        'no flow "maths" in the manifests … did you mean math?',
    ),
    "a protected user that is not there": (f"{BASE}protect: [¶user/eve]\n", 'no user "eve"'),
    "a glob where addresses stand": (f"{BASE}protect: [¶flow/*]\n", 'no flow "*"'),
    "a key without its kind": (f"{BASE}protect: [¶math]\n", "no address … flow/math101-2027s"),
    "an address of no kind": (
        f"{BASE}protect: [¶exam/math]\n",
        'no address starts with "exam" … flow … user',
    ),
    "an address twice": (
        f"{BASE}protect: [flow/math, ¶flow/Math]\n",
        "stands twice in protect",
    ),
    "an address that is a number": (f"{BASE}protect: [¶101]\n", 'write "101"'),
    "an address that is a mapping": (f"{BASE}protect: [¶{{flow: math}}]\n", "must be text"),
    "protect as text": (f"{BASE}¶protect: flow/math\n", "must be a list"),
}
"""Each in one file."""
