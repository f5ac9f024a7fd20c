"""What is wrong with adoptions, and with what people say of a flow's way through its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

FLOWS = "flows: [{key: math}, {key: law}]\n"


def adopt(*lines: str) -> str:
    return FLOWS + "adopt:\n" + "".join(f"  - {line}\n" for line in lines)


def move(*lines: str) -> str:
    return FLOWS + "moved:\n" + "".join(f"  - {line}\n" for line in lines)


ADOPTED = "environment: sandbox, server_id: 12, title: Law}"

LIFECYCLE_CASES: dict[str, Case] = {
    "an adoption of a flow that is not there": (
        adopt(f"{{¶flow: laws, {ADOPTED}"),
        'no flow "laws" … did you mean law?',
    ),
    "an adoption without a flow": (adopt(f"¶{{{ADOPTED}"), 'lacks "flow"'),
    "an adoption without a title": (
        adopt("¶{flow: law, environment: sandbox, server_id: 12}"),
        'lacks "title"',
    ),
    "an adoption without its environment": (
        adopt("¶{flow: law, server_id: 12, title: Law}"),
        'lacks "environment"',
    ),
    "a number in quotes": (
        adopt('{flow: law, environment: sandbox, ¶server_id: "12", title: Law}'),
        "remove the quotes",
    ),
    "no number of a flow": (
        adopt("{flow: law, environment: sandbox, ¶server_id: 0, title: Law}"),
        "must be at least 1",
    ),
    "an unknown key of an adoption": (
        adopt(f"{{flow: law, ¶id: 3, {ADOPTED}"),
        "unknown key",
    ),
    "two adoptions of one number": (
        adopt(f"{{flow: law, {ADOPTED}", f"{{flow: math, {ADOPTED}".replace("server", "¶server")),
        "server_id 12 is adopted twice … manifests/m.yaml:3:",
    ),
    "two adoptions of one flow": (
        adopt(f"{{flow: law, {ADOPTED}", f"{{¶flow: LAW, {ADOPTED}".replace("12", "13")),
        "flow law is adopted twice … manifests/m.yaml:3:",
    ),
    # moves
    "a move to what is not there": (
        move("{from: flow/old, ¶to: flow/laws}"),
        'no flow "laws" in the manifests … did you mean law?',
    ),
    "a move of what is still there": (
        move("{¶from: flow/Math, to: flow/law}"),
        "flow/Math still stands in the manifests",
    ),
    "a move to itself": (move("{from: flow/LAW, ¶to: flow/law}"), "is moved to itself"),
    "a chain of moves": (
        move("{from: flow/a, ¶to: flow/b}", "{from: flow/b, to: flow/law}"),
        "flow/b is moved on at manifests/m.yaml:4:6 … write to: flow/law",
    ),
    "a cycle of moves": (
        move("{from: flow/a, ¶to: flow/b}", "{from: flow/b, ¶to: flow/a}"),
        "flow/b is moved on",
        "flow/a is moved on",
    ),
    "two moves of one key": (
        move("{from: flow/old, to: flow/law}", "{¶from: flow/OLD, to: flow/math}"),
        "flow/OLD is moved twice … manifests/m.yaml:3:6",
    ),
    "two moves to one key": (
        move("{from: flow/a, to: flow/law}", "{from: flow/b, ¶to: flow/law}"),
        "flow/law is moved twice … manifests/m.yaml:3:20",
    ),
    "a move without its end": (move("¶{from: flow/old}"), 'lacks "to"'),
    "a move without its start": (move("¶{to: flow/law}"), 'lacks "from"'),
    "a move of a key without its kind": (
        move("{¶from: old, to: flow/law}"),
        "no address … flow/math101-2027s",
    ),
    "a move of a room": (
        move("{¶from: room/a, ¶to: room/b}"),
        "the key of a room cannot be moved",
        "the key of a room cannot be moved",
    ),
    "a move of a person": (
        move("{¶from: user/a@x.org, ¶to: user/b@x.org}"),
        "the person logs in by it … give the person the new value",
        "the person logs in by it",
    ),
    "a moved key that is removed too": (
        move("{¶from: flow/old, to: flow/law}") + "removed: [flow/old]\n",
        "flow/old still stands in the manifests",
    ),
    # out of the archive
    "a flow that is not there out of the archive": (
        FLOWS + "unarchive: [¶flow/laws]\n",
        'no flow "laws" in the manifests … did you mean law?',
    ),
    "what is no flow out of the archive": (
        FLOWS + "rooms: [{key: hall, name: Hall, capacity: 1}]\nunarchive: [¶room/hall]\n",
        "only flows are archived",
    ),
    "into the archive and out of it": (
        "flows: [{key: law, lifecycle: archived}]\nunarchive: [¶flow/law]\n",
        "flow/law is to be archived at manifests/m.yaml:1:",
    ),
}
"""Each in one file."""
