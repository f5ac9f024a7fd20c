"""`wisectl demo`: the whole main job on the two embedded servers, told step by step."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands.session import sandbox_connections
from engine.errors import EngineError
from engine.exit_codes import CHANGES, DONE, ERROR
from engine.sandbox.gradebook import change_grades
from engine.sandbox.serve import Options, RunningSandbox, running
from engine.sandbox.simulate import play
from engine.wiseflow.assessments import read_assessments
from engine.wiseflow.client import WiseflowApi, open_wiseflow
from engine.wiseflow.flows import FlowKeys, find_by_key, read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.commands.session import Invocation

ENVIRONMENT = "demo"
SECRET = "WISECTL_DEMO_SECRET"  # noqa: S105 - the name of a variable
PLAN_FILE = "term.plan"
DRIFTED = "math101-2027s"

SETTINGS = """
environments:
  {name}:
    wiseflow: {{url: {url}/v1, client_id: sandbox, client_secret: "${{{secret}}}"}}
    uniweb: {{url: {url}/uniweb, client_id: sandbox, client_secret: "${{{secret}}}"}}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What is told, the command that a user would type, and how it must end."""

    text: str
    command: tuple[str, ...]
    exit_code: int = DONE


FIRST = (
    Step("The manifests of one faculty's term are checked: no network, no secrets.", ("validate",)),
    Step("UNIWeb is asked what it knows of the staff: one request a profile.", ("profiles",)),
    Step(
        "The plan: what an apply would do. It is saved, and nothing is written.",
        ("plan", "--out", PLAN_FILE),
    ),
    Step("It was reviewed: exactly this plan is applied.", ("apply", PLAN_FILE)),
    Step("The journal says what was done.", ("journal",)),
    Step("A second plan finds nothing to do.", ("plan", "--detailed-exitcode")),
)
AFTER_DRIFT = (
    Step("The next plan shows it.", ("plan", "--detailed-exitcode"), CHANGES),
    Step("An apply mends it.", ("apply", "--auto-approve")),
    Step("And there is nothing to do again.", ("plan", "--detailed-exitcode")),
)
EXPORT = ("grades", "export")
AFTER_MARKING = (
    Step("What would go to student records? Nothing is written yet.", (*EXPORT, "--dry-run")),
    Step("The grades are delivered: a OneRoster bundle, each grade once.", EXPORT),
    Step("Again: there is nothing new, and nothing is written.", EXPORT),
)
AFTER_CORRECTION = (Step("It arrives as one change.", EXPORT),)
COURSE_WORK = ("cive250-2027s", "math210-2027s")
FAIL = "0"
"""As it is stored."""
MARKED = datetime(2027, 3, 22, 9, tzinfo=UTC)
"""A Monday by which the course work of February is marked."""


def run(invocation: Invocation) -> int:
    """Tells every step; 0 only if each ended as told."""
    with tempfile.TemporaryDirectory() as folder, running(Options()) as sandbox:
        root = Path(folder)
        _copy_example(root, sandbox.url)
        print(f"WISEflow and UNIWeb run on this machine now: {sandbox.url}")
        print("The example is a faculty's spring term 2027: manifests/ of this project.")
        with _secret():
            failed = [step for step in FIRST if not _take(step, root, invocation)]
            asyncio.run(_drift(sandbox.url))
            failed += [step for step in AFTER_DRIFT if not _take(step, root, invocation)]
            failed += _export(sandbox, root, invocation)
    if failed:
        print(f"\nThe demo failed at: {'; '.join(' '.join(step.command) for step in failed)}")
        return ERROR
    print("\nThat is the main job. Start your own repository with: wisectl init")
    return DONE


def _export(sandbox: RunningSandbox, root: Path, invocation: Invocation) -> list[Step]:
    """The last part of the job: grades come out."""
    seats = asyncio.run(_mark(sandbox))
    failed = [step for step in AFTER_MARKING if not _take(step, root, invocation)]
    print(f"\n── exports/ has {', '.join(sorted(one.name for one in _bundle(root)))}")
    _correct(sandbox, seats)
    return failed + [step for step in AFTER_CORRECTION if not _take(step, root, invocation)]


def _bundle(root: Path) -> list[Path]:
    return list((root / "exports").glob("*.csv"))


async def _mark(sandbox: RunningSandbox) -> list[int]:
    """The clock goes on to the end of the marking; the seats of those who have failed."""
    wiseflow, _ = sandbox_connections(sandbox.url)
    sandbox.store.clock.set(int(MARKED.timestamp()))
    print(f"\n── Two months later, {MARKED:%d %B %Y}: the course work is handed in and marked.")
    async with open_wiseflow(wiseflow, read_only=True) as api:
        rows = [row for key in COURSE_WORK for row in await find_by_key(api, FlowKeys(), key)]
        for row in rows:
            play(sandbox.store, row.id)
        grades = [one for row in rows for one in await read_assessments(api, row.id)]
    return [one.participant for one in grades if one.grade == FAIL and not one.admin_grade]


def _correct(sandbox: RunningSandbox, seats: list[int]) -> None:
    """A grade is overruled after it was delivered."""
    if seats:
        change_grades(sandbox.store, {"participant_id": seats[0], "admin_grade": "Pass"})
    print("\n── The board of examiners overrules one grade, after a complaint.")


def _copy_example(root: Path, url: str) -> None:
    source = example_folder()
    shutil.copytree(source / "manifests", root / "manifests")
    settings = (source / "wisectl.yaml").read_text(encoding="utf-8")
    settings += SETTINGS.format(name=ENVIRONMENT, url=url, secret=SECRET)
    (root / "wisectl.yaml").write_text(settings, encoding="utf-8")


def example_folder() -> Path:
    """Where the example is: in an installed package beside it, in a checkout at the root."""
    package = Path(__file__).parents[1]
    for folder in (package / "example", package.parent):
        if (folder / "manifests").is_dir() and (folder / "wisectl.yaml").is_file():
            return folder
    raise EngineError("the example is not part of this installation")


@contextmanager
def _secret() -> Iterator[None]:
    before = os.environ.get(SECRET)
    os.environ[SECRET] = "sandbox"
    try:
        yield
    finally:
        del os.environ[SECRET]
        if before is not None:
            os.environ[SECRET] = before


def _take(step: Step, root: Path, invocation: Invocation) -> bool:
    """Tells one step and runs its command; whether it ended as it must."""
    from engine.main import run as run_command

    print(f"\n── {step.text}\n$ wisectl {' '.join(step.command)}\n", flush=True)
    options = ["--dir", str(root), "--env", ENVIRONMENT]
    options += ["--no-color"] if invocation.no_color else []
    options += ["-v"] if invocation.verbose else []
    command = [str(root / part) if part == PLAN_FILE else part for part in step.command]
    return run_command([*options, *command]) == step.exit_code


async def _drift(url: str) -> None:
    """A colleague changes WISEflow by hand: a title, and a student is taken off the exam."""
    wiseflow, _ = sandbox_connections(url)
    async with open_wiseflow(wiseflow, read_only=False) as api:
        rows = await find_by_key(api, FlowKeys(), DRIFTED)
        if not rows:
            return
        ids = {"flowId": rows[0].id}
        metadata = await read_metadata(api, rows[0].id) | {"title": "Maths 101 (old room list)"}
        await api.call("PUT", "/flows/{flowId}/metadata", ids=ids, body=metadata)
        await _remove_one(api, ids)
    print("\n── Somebody changes WISEflow by hand: another title, and one student less.")
    print(
        f'$ curl -X PUT …/flows/{rows[0].id}/metadata -d \'{{"title": "{metadata["title"]}", …}}\''
    )
    print(f"$ curl -X DELETE …/flows/{rows[0].id}/participants/…")


async def _remove_one(api: WiseflowApi, ids: dict[str, int]) -> None:
    path = "/flows/{flowId}/participants"
    rows = await api.pages("GET", path, limit=100, ids=ids)
    if rows:
        seat = {**ids, "participantId": rows[0]["participantId"]}
        await api.call("DELETE", f"{path}/{{participantId}}", ids=seat)
