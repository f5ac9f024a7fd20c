"""Which operation of WISEflow's API is used by what, or why not: `make coverage` writes the page.

What is used is read from the engine's own calls, and held against what a run of everything sends
(`PHASES` in tests/e2e/test_faults.py). Only the words beside it stand here.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from engine.sandbox.wiseflow import OPERATIONS
from tests.e2e.test_faults import PHASES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "coverage.md"
ENGINE = ROOT / "engine"

CALLS = frozenset({"call", "request", "pages", "_look"})
"""The functions that send an operation: method and path come first, `_look` only reads."""

USERS: tuple[tuple[str, str], ...] = (
    (r"POST /oauth2/token", "every command"),
    (
        r"GET /license/(roles|user-data-types|flow-types|assessor-types|grading-scales)",
        "every kind",
    ),
    (r"GET /license/sis/clients", "flows"),
    (r"GET /license/info", "second looks"),
    (r"GET /user/userDataType/.*", "second looks"),
    (r"GET /flow/\{flowId\}/assessments", "flows, grade_exports"),
    (r"GET .*/submissions/\{submissionId\}", "grade_exports"),
    (r"GET /flows/\{flowId\}/grading-scale", "flows, grade_exports"),
    (r"GET .*/participants", "role_assignments, grade_exports"),
    (r"GET /user/\{userId\}/flows", "users, second looks"),
    (r".* /(license/user|users?(/.*)?)", "users"),
    (r".* /webhooks.*", "webhooks"),
    (r".* /license/rooms.*", "rooms"),
    (
        r".*/participants/(dates|\{participantId\}/(dates|timebox))",
        "accommodations, individual",
    ),
    (r".*/participants/\{participantId\}/unique-exam-id", "individual"),
    (r"PUT .*/participants/\{participantId\}/activated", "role_assignments, individual"),
    (
        r".*/(managers|authors|assessors|reviewers|invigilators|participants)(/.*)?",
        "role_assignments",
    ),
    (r".*/assessor-groups.*", "role_assignments"),
    (r".*/periods/.*/slots", "role_assignments"),
    (r".*/combine.*", "sequences"),
    (r".* /(flows?|license/create)(/.*)?", "flows"),
)
"""Who uses an operation that is used; the first that fits."""

REASONS: tuple[tuple[str, str], ...] = (
    (
        r"(POST /license/flows/search|GET /license/sis/flows/.*"
        r"|GET /flow/\{flowId\}/(assessorGroups|assessors|rubric|submissions?|submission/.*)"
        r"|POST /flow/\{flowId\}/assessors/add|GET /external-sources/.*)",
        "deprecated",
    ),
    (
        r".*/(voice-detection|facial-recognition|device-monitor)/.*",
        "invigilation recordings: pictures and voices of people, left to WISEflow",
    ),
    (r".*/(monitor-comments|participation-events)", "invigilation, during the exam"),
    (r".*/attendance/.*", "during the exam, by invigilators"),
    (r".*/dfba/.*", "credentials of flow-based login are never handled"),
    (r"POST /user/\{userId\}/access-token", "logs in as somebody else: never done"),
    (r"DELETE /users/\{userId\}", "people are released, or their login is disabled; never deleted"),
    (r".*/quarantine", "malware in hand-ins, decided by people"),
    (r".*/explanation/request.*", "grade justifications, written by assessors"),
    (r".*/sync/(done|fail)", "for the integration that owns the reference"),
    (
        r".*/(submissions.*|assessments/.*|item-based-marks|rubrics|responses|files.*"
        r"|annotations|common-comments|submission-comments|marked-revision-files"
        r"|marking-stats.*|marking-audit-trail)",
        "marking and hand-ins: data out, not yet",
    ),
    (r".*/(logs|notifications.*)", "logs: data out, not yet"),
    (
        r".*/(assignments.*|content)",
        "what an exam asks: made in WISEflow, copied with a flow",
    ),
    (r"GET .*/remarking", "which flow marks again: no read names the one that examines again"),
    (
        r"DELETE .*/room-bookings/.*/participants",
        "clears a list at once: people are taken one by one",
    ),
    (
        r"GET /flows/\{flowId\}/sources/.*|POST /sources/search",
        "who came through a source, and which flows have it: reports, not yet",
    ),
    (
        r".*/external-sources/.*(allocations|participants).*",
        "which participants belong to a reference: for the system that owns it",
    ),
    (r"PUT .*/external-sources.*", "changes the description alone, which nobody states"),
    (
        r"(PUT|DELETE) .*/(assessor-groups/.*|allocations.*)",
        "replaces or clears a list at once: people are taken one by one",
    ),
    (r"PATCH .*/participants/\{participantId\}/dates", "many are written by one request"),
    (r"POST /webhooks/\{webhookId\}/test", "calls the receiver: for people, in WISEflow"),
    (r"POST /flow/\{flowId\}/participants/add", "the newer operation answers for each person"),
    (r"GET .*", "a list or another operation answers the same"),
)
"""Why an operation is not used; the first that fits."""


def used() -> set[str]:
    """Every operation that the engine can send, as `METHOD /path`."""
    return set(PHASES) | {f"{m} {p}" for m, p in _calls() if p.startswith("/")}


def _calls() -> set[tuple[str, str]]:
    paths = [path for path in ENGINE.rglob("*.py") if "sandbox" not in path.parts]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {found for call in calls for found in _operation(call)}


def _operation(call: ast.Call) -> list[tuple[str, str]]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    texts = [a.value for a in call.args[:2] if isinstance(a, ast.Constant)]
    if name not in CALLS or not texts or not all(isinstance(text, str) for text in texts):
        return []
    if name == "_look":
        return [("GET", str(text)) for text in texts]
    return [(str(texts[0]), str(texts[1]))] if len(texts) == 2 else []


def page(operations: list[str]) -> str:
    """The page, a row for each of the operations."""
    served = {f"{one.method} {one.template}" for one in OPERATIONS}
    sent = used()
    head = PAGE.read_text(encoding="utf-8").partition("| operation |")[0] if PAGE.exists() else ""
    counts = f"{len(operations)} operations: {len(sent)} used, {len(served)} served by the sandbox."
    head = re.sub(r"^\d+ operations: .*$", counts, head, flags=re.MULTILINE)
    rows = [
        f"| `{one}` | {words(one, sent)} | {'yes' if one in served else 'no'} |"
        for one in operations
    ]
    return head + "\n".join(
        ["| operation | used by, or why not | sandbox |", "|---|---|---|", *rows, ""]
    )


def words(operation: str, sent: set[str]) -> str:
    """Who uses it, in bold, or why nobody does. Raises: LookupError, where nothing is known."""
    is_used = operation in sent
    for pattern, said in USERS if is_used else REASONS:
        if re.fullmatch(pattern, operation):
            return f"**{said}**" if is_used else said
    raise LookupError(f"nothing is said of {operation} in {__name__}")


def listed() -> list[str]:
    """The operations that the page has, in its order."""
    return re.findall(r"^\| `([A-Z]+ /\S*)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(page(listed()), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} is written\n")
