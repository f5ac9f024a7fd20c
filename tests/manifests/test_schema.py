"""The schema for editors agrees with what validate takes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.checking import check, plain
from engine.errors import Location
from engine.kinds import KINDS
from engine.manifest import parse_yaml, read_yaml
from engine.nodes import NULL, Node, Odd, Scalar, Sequence, Table, is_null
from engine.schema import manifest_schema, schema_text, violations, write_schemas
from tests.manifests.cases_allow import ALLOW_CASES
from tests.manifests.cases_entries import ENTRY_CASES
from tests.manifests.cases_individual import ONE_ENTRY_CASES
from tests.manifests.cases_webhooks import WEBHOOK_CASES
from tests.manifests.repositories import problems_of

ROOT = Path(__file__).parents[2]
ONE_ENTRY = ENTRY_CASES | ALLOW_CASES | WEBHOOK_CASES | ONE_ENTRY_CASES
MANIFESTS = ROOT / "manifests"
SCHEMA = manifest_schema()
ONLY_VALIDATE = {
    # what only all files together tell
    "a doubled flow", "a flow that stands three times", "a doubled user", "a doubled roster",
    "one e-mail of two users", "a dangling template", "a dangling template with a near one",
    "a dangling profile", "copying itself",
    "an allowance for a flow that is not there", "an allowance that selects no flow",
    "an allowance for a user that is not there", "an allowance for a profile that is not there",
    "a protected flow that is not there", "a protected user that is not there",
    "a glob where addresses stand", "an address twice",
    "a webhook twice", "a room twice", "more rooms than a licence takes",
    # what only a calendar tells
    "an allowance until a day that does not exist",
    # what JSON Schema cannot say well: sizes of what is text, repeats without case, characters, lists of codes
    "no extra time", "extra time of a day and more", "extra time many times over",
    "an assessor type twice", "exact twice", "exact without its list", "an e-mail twice", "a role twice", "copying twice",
    "one value of a data type twice in a list", "copy_from without flow", "columns without csv",
    "an escaped control character", "an escaped control in a description",
    "a text direction trick", "a title of two lines", "a blank title", "the user key as data",
    "a data type without a name", "a language that is not in use", "no e-mail address",
    "active in words", "two addresses in one", "a fill without a field", "an unknown match",
}  # fmt: skip


def as_json(value: Any) -> Any:
    """What an editor sees: null as null, odd scalars as the numbers and booleans they are."""
    if isinstance(value, dict):
        return {key: as_json(below) for key, below in value.items()}
    if isinstance(value, list):
        return [as_json(below) for below in value]
    if value is NULL:
        return None
    if isinstance(value, Odd):
        return 17 if value.word == "number" else value.text.casefold() in ("yes", "on")
    return value


def node_of(value: Any) -> Node:
    here = Location("x", 1, 1)
    if isinstance(value, dict):
        return Table(here, {key: node_of(below) for key, below in value.items()})
    if isinstance(value, list):
        return Sequence(here, tuple(node_of(below) for below in value))
    return Scalar(here, value)


def test_the_example_manifests_please_the_schema_and_validate() -> None:
    files = sorted(MANIFESTS.rglob("*.yaml"))
    assert files
    for path in files:
        node, problems = read_yaml(path, ROOT)
        assert problems == []
        assert node is not None
        assert violations(SCHEMA, as_json(plain(node))) == []


def test_the_example_manifests_have_no_problems(tmp_path: Path) -> None:
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    assert problems_of(tmp_path, "Europe/London") == []


@pytest.mark.parametrize("name", ONE_ENTRY)
def test_what_is_wrong_in_one_entry_is_wrong_in_an_editor_too(name: str) -> None:
    files = ONE_ENTRY[name][0]
    texts = [files] if isinstance(files, str) else list(files.values())
    found: list[str] = []
    for text in texts:
        node, _ = parse_yaml(text.replace("¶", ""), "m.yaml")
        assert node is not None
        found += violations(SCHEMA, as_json(plain(node)))
    assert bool(found) != (name in ONLY_VALIDATE or not isinstance(files, str))


@pytest.mark.parametrize("plural", KINDS)
def test_the_examples_in_the_schema_are_valid(plural: str) -> None:
    examples = SCHEMA["$defs"][KINDS[plural].model.__name__]["examples"]
    assert examples
    for example in examples:
        assert violations(SCHEMA, {plural: [example]}) == []
        problems, _, _ = check(node_of(example), KINDS[plural].model)
        assert problems == []


def test_every_key_is_described_where_it_is_not_plain() -> None:
    for name in ("Flow", "User", "Roster", "PeopleTable", "Window"):
        keys = SCHEMA["$defs"][name]["properties"]
        described = [key for key, value in keys.items() if "description" in value]
        assert len(described) * 3 >= len(keys) * 2, name


def test_schemas_are_written_once_and_then_left_alone(tmp_path: Path) -> None:
    schemas = {"manifest.schema.json": SCHEMA}
    assert [path.name for path in write_schemas(tmp_path, schemas)] == ["manifest.schema.json"]
    assert write_schemas(tmp_path, schemas) == []
    assert schema_text(SCHEMA) == (tmp_path / "manifest.schema.json").read_text(encoding="utf-8")


def test_an_empty_file_pleases_the_schema() -> None:
    node, _ = parse_yaml("flows:\n", "m.yaml")
    assert node is not None
    assert not is_null(node)
    assert violations(SCHEMA, as_json(plain(node))) == []
    assert violations(SCHEMA, None) == []
