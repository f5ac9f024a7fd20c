"""What README.md tells people to write and to type works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import engine
from engine.commands.schema import all_schemas
from engine.schema import schema_text
from engine.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ended

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS, MANIFEST, FLOW_SET = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


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
    ended = wisectl("validate")
    assert ended.err == ""
    assert ended.code == 0


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
