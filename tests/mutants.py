"""Takes one safeguard out of the engine at a time, and says what notices: `make mutants`.

Each mutant is a text that stands exactly once in one file, and what stands there instead. Those of
this table are for the laws to notice, those of `detections.py` and `grade_detections.py` for the
tests that they name. All run on a copy of the project. Exits 1 when a mutant survives, or its text
is not there any more.
`python -m tests.mutants WORD...` tries those whose name holds one of the words.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.detections import DETECTIONS, Detection
from tests.grade_detections import OF_GRADES

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("engine", "tests", "manifests", "schemas", "docs", "pyproject.toml", "wisectl.yaml")
COPIED_TOO = ("README.md",)
WORLDS = os.environ.get("WISECTL_WORLDS", "1000")
ALL = ("tests/laws", "tests/model", "tests/core/test_guard_laws.py")
MOST = 1200
"""Seconds that the laws asked first, and those asked after them, may take."""


class Mutant(NamedTuple):
    """What is taken out, where, what stands there instead, and the laws that are asked first."""

    name: str
    file: str
    before: str
    after: str
    first: tuple[int, ...]


MUTANTS = (
    Mutant(
        "no second read before writing",
        "applier.py",
        "        if reasons := moved(planned, binding, nothing):\n",
        "        if reasons := []:\n",
        (10,),
    ),
    Mutant(
        "lists are not read again at an object's turn",
        "applier.py",
        "            await self.live[address.kind].reread(self.work.api, world, address, parts)\n",
        "            pass\n",
        (1, 4),
    ),
    Mutant(
        "success: false is taken for success",
        "wiseflow/answers.py",
        '    if envelope["success"] is not True:\n',
        "    if False:\n",
        (13,),
    ),
    Mutant(
        "pages are not counted",
        "wiseflow/paging.py",
        "    if len(page.payload) != expected:\n",
        "    if False:\n",
        (6,),
    ),
    Mutant(
        "no wait before a create is repeated",
        "creation.py",
        "            await self.patience.sleep(self.patience.lost_answer)\n",
        "            pass\n",
        (4,),
    ),
    Mutant(
        "no search before a create is repeated",
        "creation.py",
        "        first = _first(self.creation, await self._look())\n",
        "        first = None if self.lost else _first(self.creation, await self._look())\n",
        (4,),
    ),
    Mutant(
        "a create is repeated like a read",
        "retrying.py",
        "    return call.repeatable or not error.happened\n",
        "    return True\n",
        (4,),
    ),
    Mutant(
        "people leave a set in which somebody is unresolved",
        "seats.py",
        "    if complete and not sis and (is_exact or named):\n",
        "    if not sis and (is_exact or named):\n",
        (6,),
    ),
    Mutant(
        "what moved in the manifests is written all the same",
        "comparing.py",
        "    if old.stated != new.stated:\n",
        "    if False:\n",
        (10,),
    ),
    Mutant(
        "what moved in WISEflow is written over",
        "comparing.py",
        '        return "" if is_same else LIVE_MOVED\n',
        '        return ""\n',
        (10,),
    ),
    Mutant(
        "what needs a failed change is tried all the same",
        "applier.py",
        "            if before and before.result not in (Result.DONE, Result.ALREADY_DONE):\n",
        "            if False:\n",
        (13, 4),
    ),
    Mutant(
        "a lost answer is taken for done",
        "applier.py",
        "        return sorted((one for one in fresh if one.id in ids), key=_creations_first)\n",
        "        return []\n",
        (13,),
    ),
    Mutant(
        "the seal of a plan file is not looked at",
        "planfile.py",
        "    if not isinstance(seal, str) or not hmac.compare_digest"
        "(seal.encode(), expected.encode()):\n",
        "    if False:\n",
        (11,),
    ),
    Mutant(
        "an upsert over somebody else is a creation",
        "kinds/_user_write.py",
        "    if answer.status != 201 and not (again and await _is_ours(address, number, work)):\n",
        "    if False:\n",
        (10,),
    ),
    Mutant(
        "an apply with failures exits 0",
        "exit_codes.py",
        "    if results - good:\n",
        "    if False:\n",
        (11,),
    ),
    Mutant(
        "secrets are not taken out of messages",
        "redaction.py",
        "        return self._replaced(text) if self._blocks.any_in(_plain(text)) else text\n",
        "        return text\n",
        (9,),
    ),
)


class Caught(NamedTuple):
    """The laws and tests that noticed, and the time that it took."""

    names: tuple[str, ...]
    seconds: float


def main(wanted: list[str]) -> int:
    every: tuple[Mutant | Detection, ...] = (*MUTANTS, *DETECTIONS, *OF_GRADES)
    chosen = [m for m in every if not wanted or any(word in m.name for word in wanted)]
    survivors = 0
    for number, mutant in enumerate(chosen, 1):
        caught = try_one(mutant)
        survivors += not caught.names
        names = ", ".join(caught.names) or "NOT CAUGHT"
        line = f"{number:2} of {len(chosen)}  {mutant.name}: {names}  ({caught.seconds:.0f} s)\n"
        sys.stdout.write(line)
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} mutants caught.\n")
    return 1 if survivors else 0


def try_one(mutant: Mutant | Detection) -> Caught:
    with tempfile.TemporaryDirectory(prefix="wisectl-mutant-") as folder:
        copy = Path(folder)
        copy_project(copy)
        change(copy / "engine" / mutant.file, mutant)
        start = time.monotonic()
        if isinstance(mutant, Detection):
            names = run_tests(copy, mutant.tests)
        else:
            names = run_laws(copy, mutant.first)
        return Caught(tuple(names), time.monotonic() - start)


def copy_project(copy: Path) -> None:
    for name in (*COPIED, *COPIED_TOO):
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy2(source, copy / name)


def change(path: Path, mutant: Mutant | Detection) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        sys.exit(f"{mutant.name}: its text stands {text.count(mutant.before)} times in {path.name}")
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")


def run_laws(copy: Path, first: tuple[int, ...]) -> list[str]:
    """The names of the laws that fail, without their parameters.

    Whether any law notices matters, not how many do: the others are asked only where the first
    ones hold.
    """
    laws = copy / "tests" / "laws"
    asked = [str(path) for one in first for path in sorted(laws.glob(f"test_p{one:02}_*.py"))]
    others = [f"--ignore={path}" for path in asked]
    return _failing(copy, asked) or _failing(copy, [*ALL, *others])


def run_tests(copy: Path, tests: Sequence[str]) -> list[str]:
    """The names of those tests that fail; none where only some of them notice."""
    silent = [one for one in tests if not _failing(copy, [one], workers=0, words="FAILED")]
    return [] if silent else [re.sub(r"^.*::|\[.*$", "", one) for one in dict.fromkeys(tests)]


def _failing(
    copy: Path, paths: Sequence[str], *, workers: int = 2, words: str = "FAILED|ERROR"
) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"--numprocesses={workers}",
        "--dist=worksteal",
        "--maxfail=3",
        "-p",
        "no:cacheprovider",
    ]
    try:
        answer = subprocess.run(  # noqa: S603 - our own command
            [*command, *paths],
            cwd=copy,
            env={**os.environ, "WISECTL_WORLDS": WORLDS, "WISECTL_SEED": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST,
        )
    except subprocess.TimeoutExpired:
        return []  # That a machine is slow is no law that noticed.
    said = rf"^(?:{words}) \S*?(\w+)\.py(?:::(\w+))?"
    failed = re.findall(said, answer.stdout, re.MULTILINE)
    names = {law(module, test) for module, test in failed}
    return sorted(names)


def law(module: str, test: str) -> str:
    """`P3` for a law, else the name of the test."""
    number = re.match(r"test_p(\d+)_", module)
    return f"P{int(number[1])}" if number else test or module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
