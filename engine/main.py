"""Runs the command line: the one place that turns errors and signals into exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from io import StringIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import click

from engine import __version__
from engine.cli import cli
from engine.commands.session import WORK_FOLDER, make_work_folder
from engine.errors import EngineError, ManifestError
from engine.exit_codes import BUG, ERROR, INTERRUPTED
from engine.redaction import veiled
from engine.render.as_json import error_document, render
from engine.render.style import counted, printable
from engine.render.terminal import render_problem


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs one command and exits with its code."""
    # An output that was closed on purpose is told nothing.
    sys.stdout, sys.stderr = sys.stdout or StringIO(), sys.stderr or StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def _interrupted(*_: object) -> NoReturn:
    """SIGTERM ends a command as Ctrl-C does; an apply has its own way while it writes."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """One command; the exit code. Never raises, never shows a traceback or a secret."""
    with veiled():
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name="wisectl", standalone_mode=False)
        sys.stdout.flush()
    except OSError as error:
        return _refused_by_the_system(arguments, error)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _fail(arguments, "Interrupted. Run it again to see what is left to do.", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _fail(arguments, error.format_message(), ERROR)
    except ManifestError as error:
        return _fail(arguments, _heading(error), error.exit_code, error)
    except EngineError as error:
        return _fail(arguments, str(error), error.exit_code)
    except Exception as error:
        return _fail(arguments, _crash(error, _root(arguments)), BUG)
    return code if isinstance(code, int) else 0


def _root(arguments: list[str]) -> Path:
    """The repository that --dir names, for a report of a bug; else the current folder."""
    named = [b for a, b in pairwise(arguments) if a == "--dir"]
    named += [a.removeprefix("--dir=") for a in arguments if a.startswith("--dir=")]
    root = Path(named[0]) if named else Path()
    return root if root.is_dir() else Path()


def _heading(error: ManifestError) -> str:
    return f"{counted(len(error.problems), 'problem')}. Nothing was sent, nothing was changed."


def _fail(arguments: list[str], message: str, code: int, error: ManifestError | None = None) -> int:
    problems = error.problems if error else []
    if "--json" in arguments:
        _print_document(render(error_document(message, code, problems)))
    for problem in problems:
        print(render_problem(problem), file=sys.stderr)
    lines = "\n".join(printable(line) for line in message.split("\n"))
    print(lines if problems else f"wisectl: {lines}", file=sys.stderr)
    return code


def _print_document(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except OSError:
        _close_stdout()


def _refused_by_the_system(arguments: list[str], error: OSError) -> int:
    """A full disk, a closed output, a file where a folder must be: nothing that we could mend."""
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return ERROR
    reason = error.strerror or type(error).__name__
    if error.filename:
        return _fail(arguments, f"{error.filename}: {reason}", ERROR)
    message = f"the output cannot be written: {reason}; `wisectl journal` tells what an apply did"
    return _fail(arguments, message, ERROR)


def _crash(error: Exception, root: Path) -> str:
    """Writes a report of a bug, without values: only where it happened, and of what type."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"wisectl {__version__}, Python {sys.version.split()[0]}, {type(error).__name__}"]
    lines += [f"{Path(f.filename).name}:{f.lineno} in {f.name}" for f in frames]
    try:
        folder = root / WORK_FOLDER
        make_work_folder(folder)
        report = folder / "crash.txt"
        report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except (OSError, EngineError):
        return f"A bug in wisectl: {type(error).__name__} at {lines[-1]}"
    return f"A bug in wisectl ({type(error).__name__}). Please report it with {report}."


def _close_stdout() -> None:
    """Nothing more can be said there, and Python must not try at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
