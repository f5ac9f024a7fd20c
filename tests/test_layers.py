"""Who may import whom, where each third-party library lives, and how long a function may be."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(engine.__file__).parent
LONGEST_FUNCTION = 40

HOMES = {
    "ruamel": {"documents", "manifest"},
    "jsonschema": {"schema"},
    "deepdiff": {"diff"},
    "httpx": {
        "oauth", "pacing", "redaction", "retrying", "transport", "wiseflow/*", "uniweb/*"
    },
    "aiolimiter": {"pacing"},
    "tenacity": {"retrying", "transport"},
    "click": {"cli", "main", "commands/*"},
    "rich": {"cli", "commands/*"},
    "filelock": {"commands/*"},
    "sqlalchemy": {
        "grades/database",
        "grades/http",
        "grades/ledger",
        "grades/ledger_file",
        "grades/reflecting",
        "grades/rows",
        "grades/sql",
    },
    "starlette": {"sandbox/*"},
    "uvicorn": {"sandbox/*"},
    "pydantic": {"*"},
    "pydantic_core": {"checking"},
}  # fmt: skip
"""From a library to the modules that may import it; what is not named here may not be used."""

PURE = {
    "model",
    "plan",
    "errors",
    "diff",
    "individual",
    "planner",
    "guards",
    "exit_codes",
    "render/*",
}
EDGES = {"asyncio", "httpx", "os", "socket", "sqlite3", "subprocess", "time", "urllib.request"}
"""What pure modules do without: clock, network, files, environment."""


def modules() -> dict[str, ast.Module]:
    """The package's modules by path without suffix, such as `wiseflow/client`."""
    return {
        path.relative_to(PACKAGE).with_suffix("").as_posix(): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(PACKAGE.rglob("*.py"))
    }


MODULES = modules()


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported, also inside functions and for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fits(name: str, patterns: set[str]) -> bool:
    return any(
        name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
        for pattern in patterns
    )


def ours(name: str) -> set[str]:
    """The engine's modules that a module imports, such as `sandbox.serve`."""
    found = imported(MODULES[name])
    return {one.removeprefix("engine.") for one in found if one.startswith("engine.")}


@pytest.mark.parametrize("name", MODULES)
def test_every_library_has_one_home(name: str) -> None:
    libraries = {one.partition(".")[0] for one in imported(MODULES[name])}
    libraries -= {"engine", "__future__", *sys.stdlib_module_names}
    assert {one for one in libraries if not fits(name, HOMES.get(one, set()))} == set()


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith("sandbox")])
def test_the_sandbox_imports_nothing_of_the_engine(name: str) -> None:
    assert {one for one in ours(name) if not one.startswith("sandbox")} == set()


@pytest.mark.parametrize(
    "name", [n for n in MODULES if not n.startswith(("sandbox", "commands", "cli"))]
)
def test_the_engine_imports_nothing_of_the_sandbox(name: str) -> None:
    assert {one for one in ours(name) if one.startswith("sandbox")} == set()


@pytest.mark.parametrize(
    "name", [n for n in MODULES if not n.startswith(("commands", "cli", "main", "__main__"))]
)
def test_only_the_command_line_knows_commands(name: str) -> None:
    assert {one for one in ours(name) if one.startswith(("commands", "cli", "main"))} == set()


@pytest.mark.parametrize("name", [n for n in MODULES if fits(n, PURE)])
def test_pure_modules_reach_for_nothing(name: str) -> None:
    assert set(imported(MODULES[name])) & EDGES == set()


@pytest.mark.parametrize(
    "name", [n for n in MODULES if not n.startswith(("commands", "main", "__main__"))]
)
def test_only_commands_print_or_exit(name: str) -> None:
    calls = [
        node.func.id
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert {"print", "exit", "input"} & set(calls) == set()


@pytest.mark.parametrize("name", MODULES)
def test_functions_are_short(name: str) -> None:
    functions = [
        node
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {n: size for n, size in lengths.items() if size > LONGEST_FUNCTION} == {}
