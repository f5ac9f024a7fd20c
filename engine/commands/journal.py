"""`wisectl journal`: the last run, or another, and what of it is unknown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.commands.lock import holder
from engine.commands.session import WORK_FOLDER, Invocation, settings_of
from engine.errors import EngineError
from engine.journal import damage, read, runs
from engine.render.as_json import render
from engine.settings import choose_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """What a run's journal says: who and when, results by change, requests without an answer."""

    header: Mapping[str, Any]
    results: Mapping[str, str]
    lost: tuple[Mapping[str, Any], ...]
    exit_code: int | None

    @property
    def unknown(self) -> list[str]:
        return sorted(name for name, result in self.results.items() if result == "unknown")


def account(rows: Iterable[Mapping[str, Any]]) -> Account:
    """The rows of one run as one account; a change without an outcome is unknown."""
    header: Mapping[str, Any] = {}
    results: dict[str, str] = {}
    calls: dict[int, Mapping[str, Any]] = {}
    exit_code = None
    for row in rows:
        if row["type"] == "run":
            header = row
        elif row["type"] == "change":
            results.setdefault(row["id"], "unknown")
        elif row["type"] == "outcome":
            results[row["id"]] = row["result"]
        elif row["type"] == "call":
            calls[row["number"]] = row
        elif row["type"] == "answer" and not row.get("lost"):
            calls.pop(row["number"], None)
        elif row["type"] == "end":
            exit_code = row["exit_code"]
    return Account(header, results, tuple(calls.values()), exit_code)


def find_run(invocation: Invocation, name: str | None) -> tuple[str, Path]:
    """The environment and the file of a run; the last one unless named. Raises: EngineError."""
    environment = choose_environment(settings_of(invocation), invocation.asked)
    folder = invocation.root / WORK_FOLDER / "journal" / environment
    files = [path for path in runs(folder) if name is None or path.stem.startswith(name)]
    if not files:
        what = f"no run {name}" if name else "no run yet"
        raise EngineError(f"{what} of {environment}: see {folder}")
    return environment, files[-1]


def check_whole(path: Path) -> None:
    """Raises: EngineError, where the file was damaged, so that it does not tell all of the run."""
    if found := damage(path):
        raise EngineError(f"the journal {path} is damaged, {found}: see WISEflow itself, plan anew")


def run(invocation: Invocation, name: str | None) -> int:
    """Prints the account; 0."""
    environment, path = find_run(invocation, name)
    # Asked first: a run that ends meanwhile has an end.
    by = holder(invocation.root, environment)
    check_whole(path)
    found = account(read(path))
    is_last = path == runs(path.parent)[-1]
    running = by if found.exit_code is None and is_last else None
    if invocation.json:
        print(render(_document(found, running)), end="")
        return 0
    header = found.header
    print(f"{environment}   run {header.get('run', path.stem)}   {header.get('at', '')[:16]} UTC")
    who, commit = header.get("who", "?"), header.get("commit") or "no commit"
    print(f"by {who} on {header.get('host', '?')}   {commit}   {header.get('source', '')}")
    print(f"plan {header.get('plan', '?')}")
    for line in _results(found, running):
        print(line)
    return 0


def _results(found: Account, running: str | None) -> Iterable[str]:
    counts = Counter(found.results.values())
    yield ", ".join(f"{number} {word}" for word, number in sorted(counts.items())) or "no changes"
    for name in found.unknown:
        yield f"! unknown    {name}"
    for call in found.lost:
        yield f"! no answer  {call['operation']}   {call['path']}   {call.get('id')}"
    if running is not None:
        yield f"It is still at work{f': {running}' if running else ''}."
    elif found.exit_code is None:
        yield "It was cut off: no end is written. Run the same plan again, or plan anew."
    else:
        yield f"It ended with exit code {found.exit_code}."


def _document(found: Account, running: str | None) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "run": dict(found.header),
        "results": dict(found.results),
        "unknown": found.unknown,
        "without_answer": [dict(call) for call in found.lost],
        "exit_code": found.exit_code,
        "running": running is not None,
    }
