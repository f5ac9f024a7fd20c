"""Every check in order, each shown as it runs, then one summary; exits 1 when any failed.

`python .ci/check.py [lint|source|wheel|laws]...` runs those parts only.
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
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TESTED = ["tests", "manifests", "schemas", "docs", "pyproject.toml", "wisectl.yaml", "README.md"]
"""What the tests read beside the package, copied to where the source is out of reach."""


LAWS = "tests/laws"
WORLDS = "1000"
"""On how many worlds the laws are tried here; `make laws` tries them on more."""
MINUTES = 19
"""After so long no law begins with further worlds: a slow machine tries fewer, and says so."""
STARTED = time.time()

INSTALLED = [
    *(f"tests/{name}" for name in ("cli", "render", "manifests/test_example.py")),
    "tests/manifests/test_schema.py",
    "tests/e2e/test_main_job.py",
]
"""What is tried on the wheel too: where a file or an entry point that it lacks would be missed."""


class Check(NamedTuple):
    """One line of the summary."""

    name: str
    passed: bool
    seconds: float
    detail: str


def main(parts: list[str]) -> int:
    wanted = parts or [*PARTS]
    unknown = sorted(set(wanted) - set(PARTS))
    if unknown:
        sys.stderr.write(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}\n")
        return 1
    checks = [check for part in wanted for check in PARTS[part]()]
    return summarise(checks)


def lint() -> list[Check]:
    return [
        run("ruff check", [PYTHON, "-m", "ruff", "check", "--quiet", "."]),
        run("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]),
        run("mypy --strict", [PYTHON, "-m", "mypy", "--strict"]),
    ]


def source() -> list[Check]:
    return [run("tests, source", [PYTHON, "-m", "pytest", *workers(), f"--ignore={LAWS}"])]


def laws() -> list[Check]:
    """The laws on many worlds; parts of one law go to whichever worker is free."""
    os.environ.setdefault("WISECTL_WORLDS", WORLDS)
    os.environ.setdefault("WISECTL_UNTIL", str(STARTED + 60 * MINUTES))
    return [run("laws", [PYTHON, "-m", "pytest", *workers(), LAWS])]


def wheel() -> list[Check]:
    with tempfile.TemporaryDirectory(prefix="wisectl-wheel-") as folder:
        return wheel_checks(Path(folder))


def wheel_checks(folder: Path) -> list[Check]:
    build = [PYTHON, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    checks = [run("wheel builds", build, quiet=True)]
    built = sorted(folder.glob("*.whl"))
    if not (checks[0].passed and built):
        return checks
    python = folder / "venv" / "bin" / "python"
    pins = str(ROOT / "requirements" / "dev.txt")
    steps = (
        [PYTHON, "-m", "venv", str(folder / "venv")],
        [str(python), "-m", "pip", "install", "--quiet", "-r", pins],
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(built[0])],
    )
    for step in steps:
        checks.append(run("wheel installs", step))
        if not checks[-1].passed:
            return checks
    checks = [checks[0], checks[-1]._replace(seconds=sum(c.seconds for c in checks[1:]))]
    place = copy_tests(folder / "tested")
    command = [str(python), "-m", "pytest", *workers(), *INSTALLED]
    return [*checks, run("tests, wheel", command, place)]


def copy_tests(target: Path) -> Path:
    """The folder with the tests and what they read, without the source of the package."""
    target.mkdir()
    for name in TESTED:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif origin.exists():
            shutil.copy2(origin, target / name)
    return target


def workers() -> list[str]:
    return ["-n", os.environ.get("PYTEST_WORKERS", "auto"), "--dist", "worksteal"]


def run(name: str, command: list[str], folder: Path = ROOT, *, quiet: bool = False) -> Check:
    """The command's check; its output passes through as it comes, or only when it fails."""
    started, lines = time.monotonic(), []
    sys.stdout.write(f"== {name}\n")
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "FORCE_COLOR"}}
    with subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if not quiet:
                sys.stdout.write(line)
                sys.stdout.flush()
    passed = process.returncode == 0
    if quiet and not passed:
        sys.stdout.writelines(lines)
    return Check(name, passed, time.monotonic() - started, outcome(lines))


def outcome(lines: list[str]) -> str:
    """The counts of a pytest run, or nothing."""
    counts = re.compile(r"\d+ (passed|failed|error).*?(?= in )")
    found = [match[0] for line in lines if (match := counts.search(line))]
    return found[-1] if found else ""


def summarise(checks: list[Check]) -> int:
    sys.stdout.write("\n")
    for check in checks:
        word = "ok" if check.passed else "FAILED"
        line = f"{check.name:<16} {word:<7} {check.seconds:6.1f} s  {check.detail}"
        sys.stdout.write(line.rstrip() + "\n")
    failed = sum(not check.passed for check in checks)
    said = f"{failed} of {len(checks)} checks failed." if failed else "All checks passed."
    sys.stdout.write(f"{said}\n")
    return 1 if failed else 0


PARTS = {"lint": lint, "source": source, "wheel": wheel, "laws": laws}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
