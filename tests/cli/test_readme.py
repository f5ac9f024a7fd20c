"""What README.md tells people to write and to type works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import engine
from engine.commands.schema import all_schemas
from engine.schema import schema_text
from engine.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended

ROOT = Path(__file__).parents[2]
ENVIRONMENT = """
environments:
  staging:
    wiseflow:
      url: https://europe-stage-api.wiseflow.net/v1
      client_id: ${WISEFLOW_CLIENT_ID}
      client_secret: ${WISEFLOW_CLIENT_SECRET}
"""
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS, MANIFEST, FLOW_SET, EXPORT = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_settings_are_valid(tmp_path: Path) -> None:
    (tmp_path / "wisectl.yaml").write_text(SETTINGS, encoding="utf-8")
    assert list(load_settings(tmp_path).value.environments) == ["staging"]


def test_the_manifest_is_valid(repository: Path, wisectl: Callable[..., Ended]) -> None:
    manifests = repository / "manifests"
    (manifests / "users.yaml").write_text(MANIFEST, encoding="utf-8")
    (manifests / "people").mkdir()
    (manifests / "rosters").mkdir()
    students = "login,given,family,mail\ns1@x.example,Sam,Smith,s1@x.example\n"
    (manifests / "people" / "students.csv").write_text(students, encoding="utf-8")
    roster = "student_number\n2027001\n"
    (manifests / "rosters" / "math101.csv").write_text(roster, encoding="utf-8")
    (manifests / "set.yaml").write_text(FLOW_SET, encoding="utf-8")
    columns = re.search(r"# columns (.*)", FLOW_SET)
    assert columns
    rows = f"{columns[1]}\nn1,Wounds,2027-05-03 09:00,2027-05-05 12:00,2027-05-24 12:00,\n"
    (manifests / "nursing.csv").write_text(rows, encoding="utf-8")
    (manifests / "rosters" / "n1.csv").write_text("key\ns1@x.example\n", encoding="utf-8")
    (manifests / "exports.yaml").write_text(EXPORT, encoding="utf-8")
    ended = wisectl("validate")
    assert ended.err == ""
    assert ended.code == 0


@pytest.mark.parametrize("page", ["grade-exports", "grade-delivery"])
def test_the_pages_on_grades_show_what_is_valid(
    repository: Path, wisectl: Callable[..., Ended], page: str
) -> None:
    """Each block that states something is checked in an entry of its own."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert blocks
    flow = "flows: [{key: law, title: Law, term: Spring 2027}, {key: cive250-2027s, title: C}]\n"
    settings = (repository / "wisectl.yaml").read_text(encoding="utf-8")
    sources = "    sources: {sis: /tmp, state: /tmp}\n"
    settings += ENVIRONMENT + sources
    (repository / "wisectl.yaml").write_text(settings, encoding="utf-8")
    for at, entries in enumerate(one for block in blocks for one in stated(block)):
        (repository / "manifests" / "exports.yaml").write_text(flow + entries, encoding="utf-8")
        ended = wisectl("--env", "staging", "validate")
        assert (ended.code, ended.err) == (0, ""), (at, entries)


def stated(block: str) -> list[str]:
    """The exports that a block of a page comes to."""
    if block.startswith("grade_exports"):
        return [block]
    head = "grade_exports:\n  - key: sis\n    flows: [law]\n"
    if block.startswith(("columns", "taken_back")):
        return [f"{head}    to: {{csv: out/g.csv}}\n    {block}"]
    return [f"{head}    {line}\n" for line in block.splitlines()]


def test_init_gives_a_repository_that_validates_and_plans(
    tmp_path: Path, wisectl: Callable[..., Ended]
) -> None:
    folder = str(tmp_path / "exams")
    assert wisectl("--dir", folder, "init").code == 0
    assert wisectl("--dir", folder, "validate").code == 0
    assert wisectl("--dir", folder, "plan", "--detailed-exitcode").code == 2


def test_init_overwrites_nothing(repository: Path, wisectl: Callable[..., Ended]) -> None:
    before = (repository / "wisectl.yaml").read_text(encoding="utf-8")
    assert wisectl("init").code == 0
    assert (repository / "wisectl.yaml").read_text(encoding="utf-8") == before


def test_the_exit_codes_of_the_readme_are_all_there_are() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(",")}
    assert told == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70, 130}


def test_the_published_schemas_are_those_of_the_models() -> None:
    for name, schema in all_schemas().items():
        published = (ROOT / "schemas" / name).read_text(encoding="utf-8")
        assert published == schema_text(schema), "run make schemas"


def test_the_version_is_that_of_the_distribution() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{engine.__version__}"' in pyproject
