"""What is wrong with sequences of flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

FLOWS = "flows: [{key: law}, {key: law-a}, {key: law-b}]\n"
MANY = ", ".join(f"{{key: f{number}}}" for number in range(22))
PARTS = ", ".join(f"f{number}" for number in range(1, 22))


def sequences(*lines: str) -> str:
    return FLOWS + "sequences:\n" + "".join(f"  - {line}\n" for line in lines)


SEQUENCE_CASES: dict[str, Case] = {
    "a main flow that is not there": (
        sequences("{¶main: laws, parts: [law-a]}"),
        'no flow "laws" … did you mean law?',
    ),
    "a part that is not there": (
        sequences("{main: law, parts: [law-a, ¶law-c]}"),
        'no flow "law-c" … did you mean',
    ),
    "a part that stands twice": (
        sequences("{main: law, parts: [law-a, ¶LAW-A]}"),
        '"LAW-A" stands in sequences twice: here and at manifests/m.yaml:3:',
    ),
    "a main flow that is its own part": (
        sequences("{main: law, parts: [¶law]}"),
        '"law" stands in sequences twice',
    ),
    "a part of two sequences": (
        sequences("{main: law, parts: [law-b]}", "{main: law-a, parts: [¶law-b]}"),
        "a flow is in one place only",
    ),
    "a part that is a copy of a later one": (
        sequences("{main: law, parts: [law-a, law-b]}").replace(
            "{key: law-a}", "{key: law-a, ¶copy_from: {flow: LAW-B}}"
        ),
        'a copy of "law-b", which can be made only after it',
    ),
    "flows that are copies of each other": (
        "flows: [{key: a, ¶copy_from: {flow: b}}, {key: b, copy_from: {flow: a}}]\n",
        'a copy of "b", which can be made only after it … copy it from another flow',
    ),
    "a sequence without its main flow": (sequences("¶{parts: [law-a]}"), 'lacks "main"'),
    "a sequence without parts": (sequences("¶{main: law}"), 'lacks "parts"'),
    "more parts than a sequence has": (
        f"flows: [{MANY}]\nsequences: [{{main: f0, ¶parts: [{PARTS}]}}]\n",
        "20",
    ),
}
"""Each in one file."""
