"""What is wrong with adoptions, and with what people say of a flow's way through its life."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

FLOWS = "flows: [{key: math}, {key: law}]\n"


def adopt(*lines: str) -> str:
    return FLOWS + "adopt:\n" + "".join(f"  - {line}\n" for line in lines)


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
}
"""Each in one file."""
