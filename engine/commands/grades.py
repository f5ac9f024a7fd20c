"""`wisectl grades export`: grades from WISEflow to where the manifests say, each once."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from engine.commands.interrupt import run_until_signalled
from engine.commands.progress import Progress
from engine.commands.session import WORK_FOLDER
from engine.errors import EngineError, LockedError, ManifestError, Problem
from engine.exit_codes import INTERRUPTED, PARTLY, worst
from engine.git import not_ignored
from engine.grades.exporting import ExportReport, run_export
from engine.grades.files import CsvFile, Folder, Format, JsonLines
from engine.grades.finding import find_flows
from engine.grades.http import Receiver as Address
from engine.grades.ledger_file import LedgerFile
from engine.grades.oneroster import Bundle
from engine.grades.posting import Poster
from engine.grades.receiver import MOVES
from engine.grades.sql import Table
from engine.redaction import hide_everywhere
from engine.render.as_json import render
from engine.render.grades import document, flow_lines, head, tail, total
from engine.render.text import paint
from engine.variables import filled, missing
from engine.wiseflow.client import open_wiseflow
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from engine.commands.session import Session
    from engine.grades.model import FlowReport, GradeExport
    from engine.grades.receiver import Receiver
    from engine.model import DesiredState
    from engine.render.style import Style
    from engine.render.text import Line

ARCHIVE = ".zip"
A_MOMENT = 0.5
"""Seconds that a run waits for another to the same place."""


def run(session: Session, keys: Sequence[str], *, dry_run: bool) -> int:
    """Prints what is delivered, or would be; the exit code. Raises: ManifestError, EngineError."""
    state = session.stated()
    exports = [replace(one, environment=session.name) for one in _chosen(state, keys)]
    secrets = _secrets(exports)
    reports: list[ExportReport] = []
    codes: list[int] = []
    try:
        run_until_signalled(_export(session, state, exports, secrets, reports, dry_run=dry_run))
    except KeyboardInterrupt:
        session.invocation.say("Interrupted. Run it again: nothing is delivered twice.")
        codes.append(INTERRUPTED)
    if session.invocation.json:
        style = _style(session, state)
        rows = [document(one, style) for one in reports]
        whole = {"format_version": "1.0", "dry_run": dry_run, "exports": rows}
        print(render(whole | {"interrupted": bool(codes)}), end="")
    moved = not dry_run and any(total(one, each) for one in reports for each in MOVES)
    return worst([*codes, *(code for one in reports for code in _codes(one, moved))])


def _style(session: Session, state: DesiredState) -> Style:
    """People are masked wherever it is no terminal: what is written elsewhere is a log."""
    style, environment = session.style(state), session.environment
    is_off = environment is not None and environment.mask == "off"
    return replace(style, mask=style.mask or not (is_off or _is_terminal()))


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _codes(report: ExportReport, moved: bool) -> Iterable[int]:
    """8 where some grades were not delivered, and where a destination failed after others were."""
    if any(one.troubles or one.failed for one in report.flows):
        yield PARTLY
    if report.failed:
        yield report.exit_code
        yield PARTLY if moved else report.exit_code


def _chosen(state: DesiredState, keys: Sequence[str]) -> list[GradeExport]:
    exports = state.grade_exports
    if not exports:
        raise EngineError("the manifests have no grade_exports: docs/grade-exports.md shows one")
    known = {key.casefold(): one for key, one in exports.items()}
    for key in keys:
        if key.casefold() not in known:
            raise EngineError(f"no grade export {key}: {near(key, exports)}")
    wanted = {key.casefold() for key in keys} or set(known)
    return [one for key, one in sorted(known.items()) if key in wanted]


def _secrets(exports: Iterable[GradeExport]) -> dict[str, str]:
    """The values of the variables that exports name. Raises: ManifestError, with all lacking."""
    problems, found = [], {}
    for export in exports:
        texts = {"secret": export.to.secret} if export.to.secret else {}
        texts |= {"sql": export.to.value} if export.to.kind == "sql" else {}
        for word, text in texts.items():
            for name in missing(text, os.environ):
                message = f"the environment variable {name} is not set"
                where = export.to.location
                problems.append(Problem(where, f"to.{word}", message, f"export {name}=…"))
            if not missing(text, os.environ):
                found[text] = filled(text, os.environ)
                hide_everywhere(found[text])
    if problems:
        raise ManifestError(problems)
    return found


async def _export(
    session: Session,
    state: DesiredState,
    exports: Sequence[GradeExport],
    secrets: dict[str, str],
    reports: list[ExportReport],
    *,
    dry_run: bool,
) -> None:
    flows = state.of("flow")
    keys = {key for export in exports for key in export.flows}
    style = _style(session, state)

    def tell(lines: Iterable[Line]) -> None:
        if text := paint(lines, color=style.color):
            session.invocation.say(text.removesuffix("\n"))

    async with open_wiseflow(session.wiseflow, read_only=True) as api:
        found = await find_flows(api, state, session.conventions, keys)
        for export in exports:
            tell(head(export, forgets=_forgets(session, export)))
            async with AsyncExitStack() as closing:
                receiver = _receiver(session, export, secrets, closing, dry_run=dry_run)
                progress = closing.enter_context(_progress(session, export))

                def told(report: FlowReport, progress: Progress = progress) -> None:
                    tell(flow_lines(report, style))
                    progress.step(failed=bool(report.failed))

                done = await run_export(api, export, flows, found, receiver, told, dry_run=dry_run)
            done.written = tuple(_shown(session, name) for name in done.written)
            done.in_git = _in_git(session, export) if not dry_run else ()
            reports.append(done)
            tell(tail(done, style, dry_run=dry_run))


def _in_git(session: Session, export: GradeExport) -> tuple[str, ...]:
    """The files with grades that a commit would take along."""
    to, ledger = export.to, _ledger(session, export)
    if not ledger.exists():
        return ()
    is_folder = to.path is not None and to.path == ledger.parent
    names = Bundle(to).names if is_folder else [to.path.name] if to.path else []
    paths = [ledger.parent / name for name in names]
    return tuple(not_ignored(session.invocation.root, [*paths, ledger]))


def _progress(session: Session, export: GradeExport) -> Progress:
    flows = len(export.flows)
    return Progress(flows, session.invocation, "Exporting", "flows", tells_end=False)


def _shown(session: Session, name: str) -> str:
    """A path from the repository on, where it is below it."""
    return name.removeprefix(f"{session.invocation.root}{os.sep}")


def _receiver(
    session: Session,
    export: GradeExport,
    secrets: dict[str, str],
    closing: AsyncExitStack,
    *,
    dry_run: bool,
) -> Receiver:
    """The export's destination; what it holds open is closed with the stack."""
    to = export.to
    if to.kind == "sql":
        url = filled(to.value, os.environ)
        return Table(export, url, session.invocation.root, read_only=dry_run)
    place = _ledger(session, export)
    claim = _nothing if dry_run else _claiming(export, place, closing)
    ledger = LedgerFile(place, export.name, claim)
    closing.callback(ledger.close)
    if to.kind == "http":
        poster = Poster(to.value, f"grade_exports/{export.key}")
        closing.push_async_callback(poster.close)
        return Address(export, poster, secrets[to.secret], ledger)
    path = to.path or Path()
    if to.kind == "oneroster_csv":
        return Folder(place.parent, Bundle(to), ledger, path.name if _is_archive(path) else "")
    formats: dict[str, type[CsvFile | JsonLines]] = {"csv": CsvFile, "jsonl": JsonLines}
    how: Format = formats[to.kind](path.name, export.columns)
    return Folder(place.parent, how, ledger)


def _ledger(session: Session, export: GradeExport) -> Path:
    """Where the ledger is: beside files; of an address where the manifest or we say."""
    to, name = export.to, f"{export.key}.ledger"
    if to.path:
        is_folder = to.kind == "oneroster_csv" and not _is_archive(to.path)
        return (to.path if is_folder else to.path.parent) / f".{name}"
    if to.ledger:
        return to.ledger
    return session.invocation.root / WORK_FOLDER / "grades" / session.name / name


def _forgets(session: Session, export: GradeExport) -> bool:
    """Whether what is delivered will not be known any more when the job has ended."""
    is_ours = export.to.kind == "http" and export.to.ledger is None
    return is_ours and session.invocation.in_ci and not _ledger(session, export).exists()


def _is_archive(path: Path) -> bool:
    return path.suffix.casefold() == ARCHIVE


def _nothing() -> None:
    """A run that only looks is in nobody's way."""


def _claiming(export: GradeExport, ledger: Path, closing: AsyncExitStack) -> Callable[[], None]:
    """Holds the lock of an export until the stack is closed, once somebody has asked for it.

    It lies beside the ledger: that is what two checkouts, or two machines, have in common.
    """
    path = ledger.with_name(f".{export.key}.lock")
    lock = FileLock(path, timeout=A_MOMENT)

    def claim() -> None:
        if lock.is_locked:
            return
        try:
            closing.enter_context(lock.acquire())
        except Timeout:
            message = f"another run delivers grade_export/{export.key}"
            raise LockedError(f"{message}; wait until it has ended") from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise EngineError(f"{path} cannot be written: {why}") from None

    return claim
