"""Options, environments, JSON and errors, as people and scripts meet them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from filelock import FileLock

from engine.cli import cli
from engine.commands.colour import wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Ended

    Wisectl = Callable[..., Ended]

NO_LICENCE = """\
environments:
  staging:
    wiseflow: {url: "http://127.0.0.1:9/v1", api_key: "${WISECTL_TEST_KEY}"}
"""


def test_the_version_is_told(wisectl: Wisectl) -> None:
    ended = wisectl("--version")
    assert ended.code == 0
    assert ended.out.startswith("wisectl, version 0.")


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help_with_an_example(name: str, wisectl: Wisectl) -> None:
    ended = wisectl(name, "--help")
    assert ended.code == 0
    assert "Example: wisectl" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    "wrong", [["plan", "--bogus"], ["frobnicate"], ["apply", "--parallelism", "0"], ["plan", "x"]]
)
def test_wrong_usage_is_told_in_plain_words(wrong: list[str], wisectl: Wisectl) -> None:
    ended = wisectl(*wrong)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("wisectl: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "--json", "--bogus"], 1),
        (["--env", "nowhere", "plan", "--json"], 3),
        (["apply", "--json"], 1),
        (["plan", "--json", "--allow", "nothing:flow/x"], 1),
        (["plan", "--json"], 0),
        (["validate", "--json"], 0),
        (["doctor", "--json"], 0),
        (["profiles", "--json"], 0),
    ],
)
def test_json_is_one_document_in_every_outcome(
    arguments: list[str], code: int, wisectl: Wisectl
) -> None:
    ended = wisectl(*arguments)
    assert ended.code == code
    assert isinstance(ended.document, dict)
    if code:
        assert ended.document["error"]["exit_code"] == code


def test_the_embedded_sandbox_is_used_while_no_environment_is_defined(wisectl: Wisectl) -> None:
    ended = wisectl("plan", "--detailed-exitcode")
    assert ended.code == 2
    assert ended.out.startswith("sandbox (embedded")
    assert "+ create user/kim@northfield.example" in ended.out
    assert "Plan: 1 to create, 0 to update, 0 to remove." in ended.out


def test_which_environment_goes_to_stderr_with_json(wisectl: Wisectl) -> None:
    ended = wisectl("plan", "--json")
    assert ended.err.startswith("sandbox (embedded")
    assert ended.document["summary"]["create"] == 1


def test_once_an_environment_is_defined_it_must_be_named(
    repository: Path, wisectl: Wisectl
) -> None:
    (repository / "wisectl.yaml").write_text(NO_LICENCE, encoding="utf-8")
    ended = wisectl("plan")
    assert ended.code == 3
    assert "staging" in ended.err
    assert "sandbox" in ended.err
    assert wisectl("--env", "sandbox", "plan").code == 0


def test_a_variable_that_is_not_set_is_a_problem_only_where_its_value_is_needed(
    repository: Path, wisectl: Wisectl
) -> None:
    (repository / "wisectl.yaml").write_text(NO_LICENCE, encoding="utf-8")
    assert wisectl("validate").code == 0
    ended = wisectl("--env", "staging", "plan")
    assert ended.code == 3
    assert "wisectl.yaml:3:46: environments.staging.wiseflow.api_key: " in ended.err
    assert "WISECTL_TEST_KEY is not set" in ended.err


def test_a_server_that_is_not_there_spends_the_budget_without_a_traceback(
    repository: Path, wisectl: Wisectl
) -> None:
    ended = wisectl("--dir", str(repository / "nowhere"), "plan")
    assert ended.code == 1
    assert "there is no folder" in ended.err


def test_every_problem_of_the_manifests_is_told_at_its_place(
    repository: Path, wisectl: Wisectl
) -> None:
    text = "users:\n  - key: a@b.example\n    first_nam: A\n    login: maybe\n"
    (repository / "manifests" / "users.yaml").write_text(text, encoding="utf-8")
    ended = wisectl("validate")
    assert ended.code == 3
    assert "manifests/users.yaml:3:5: users[0].first_nam: " in ended.err
    assert "manifests/users.yaml:4:5: users[0].login: " in ended.err
    assert len(wisectl("validate", "--json").document["problems"]) >= 2


def test_off_a_terminal_apply_asks_for_auto_approve_and_writes_nothing(wisectl: Wisectl) -> None:
    ended = wisectl("apply")
    assert ended.code == 1
    assert "--auto-approve" in ended.err
    assert wisectl("plan", "--detailed-exitcode").code == 2


def test_an_apply_that_holds_the_lock_keeps_others_out_and_is_named(
    repository: Path, wisectl: Wisectl
) -> None:
    wisectl("plan")
    (repository / ".wisectl" / "sandbox.holder").write_text("kim on laptop", encoding="utf-8")
    with FileLock(repository / ".wisectl" / "sandbox.lock"):
        ended = wisectl("apply", "--auto-approve")
    assert ended.code == 10
    assert "another apply works on sandbox: kim on laptop" in ended.err
    assert wisectl("plan", "--detailed-exitcode").code == 2


def test_an_apply_leaves_no_lock_behind(repository: Path, wisectl: Wisectl) -> None:
    assert wisectl("apply", "--auto-approve").code == 0
    assert not (repository / ".wisectl" / "sandbox.holder").exists()
    assert wisectl("apply", "--auto-approve").code == 0


def test_what_is_applied_is_not_planned_again(wisectl: Wisectl) -> None:
    first = wisectl("apply", "--auto-approve")
    assert first.code == 0
    assert first.out.rstrip().endswith("Apply complete: 1 created, 0 updated, 0 removed.")
    second = wisectl("plan", "--detailed-exitcode")
    assert second.code == 0
    assert second.out.rstrip().endswith("No changes. WISEflow matches the manifests.")


@pytest.fixture
def broken() -> Iterator[None]:
    """Two commands more: one with a bug, one that is interrupted."""

    @click.command()
    def bug() -> None:
        raise KeyError("the-secret-value")

    @click.command()
    def stopped() -> None:
        raise KeyboardInterrupt

    cli.add_command(bug)
    cli.add_command(stopped)
    yield
    del cli.commands["bug"], cli.commands["stopped"]


@pytest.mark.usefixtures("broken")
def test_a_bug_ends_with_70_and_a_report_without_values(repository: Path, wisectl: Wisectl) -> None:
    ended = wisectl("bug")
    assert ended.code == 70
    report = (repository / ".wisectl" / "crash.txt").read_text(encoding="utf-8")
    assert "KeyError" in report
    for text in (ended.out, ended.err, report):
        assert "the-secret-value" not in text
        assert "Traceback" not in text


@pytest.mark.usefixtures("broken")
def test_an_interrupted_command_ends_with_130(wisectl: Wisectl) -> None:
    assert wisectl("stopped").code == 130


@pytest.mark.parametrize(
    ("flag", "variables", "expected"),
    [
        (True, {"FORCE_COLOR": "1"}, False),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (False, {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (False, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_follows_flag_then_variables_then_terminal(
    flag: bool, variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(flag) is expected


def in_shell(repository: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "engine", "--dir", str(repository), *arguments],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_terminal_without_unicode_is_no_bug(repository: Path) -> None:
    with in_shell(repository, "plan", PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"Plan: 1 to create" in out


def test_a_reader_that_leaves_early_is_no_bug(repository: Path) -> None:
    with in_shell(repository, "-v", "plan") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert b"Traceback" not in err
    assert b"bug" not in err
