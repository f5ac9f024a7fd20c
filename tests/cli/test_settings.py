"""wisectl.yaml: every problem at once, each at its place; secrets never literally."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import ManifestError
from engine.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = 'wiseflow: {url: "https://api.example/v1", api_key: "${KEY}"}'


def problems(folder: Path, text: str) -> list[str]:
    (folder / "wisectl.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_settings(folder)
    return [str(problem) for problem in caught.value.problems]


def environment(body: str) -> str:
    return f"environments:\n  staging:\n    {LOGIN}\n    {body}\n"


def test_only_wiseflow_is_required(tmp_path: Path) -> None:
    text = f"environments:\n  staging:\n    {LOGIN}\n"
    (tmp_path / "wisectl.yaml").write_text(text, encoding="utf-8")
    found = load_settings(tmp_path).value.environments["staging"]
    assert (found.manifests, found.parallelism, found.mask) == ("manifests/", 16, "live")
    assert (found.guards.max_removed, found.rate.per_minute, found.uniweb) == (25, 5000, None)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    value = load_settings(tmp_path).value
    assert (value.user_key, value.flow_key) == ("Personal Organisation Id", "external_source")
    assert value.environments == {}


@pytest.mark.parametrize("word", ["live", "all", "off"])
def test_a_mask_is_text_even_where_it_is_off(word: str, tmp_path: Path) -> None:
    (tmp_path / "wisectl.yaml").write_text(environment(f"mask: {word}"), encoding="utf-8")
    assert load_settings(tmp_path).value.environments["staging"].mask == word


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("time_zone: Europe/Copenhagn\n", "wisectl.yaml:1:1: time_zone: ", "Europe/Copenhagen"),
        ("user_keys: x\n", "wisectl.yaml:1:1: user_keys: ", "user_key"),
        ("flow_key: title\n", "wisectl.yaml:1:1: flow_key: ", "external_source"),
        (environment("parallelism: 0"), "wisectl.yaml:4:5: ", "parallelism"),
        (environment("rate: {per_minute: -1}"), "wisectl.yaml:4:12: ", "per_minute"),
        (environment("guards: {max_removed: -1}"), "wisectl.yaml:4:14: ", "max_removed"),
        (environment("mask: sometimes"), "wisectl.yaml:4:5: ", "live"),
        (environment("plan_key: abc"), "wisectl.yaml:4:5: ", "${NAME}"),
        (environment("sources: {sis: relative}"), "wisectl.yaml:4:15: ", "absolute"),
        (environment("manifests: ../elsewhere"), "wisectl.yaml:4:5: ", "out of the repository"),
    ],
)
def test_a_problem_names_its_place_and_what_is_right(
    text: str, place: str, words: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(place)
    assert words in found[0]


def test_a_secret_that_stands_literally_is_a_problem_that_does_not_repeat_it(
    tmp_path: Path,
) -> None:
    login = 'wiseflow: {url: "https://a.example", client_id: x, client_secret: hunter2}'
    found = problems(tmp_path, f"environments:\n  staging:\n    {login}\n")
    assert any("client_secret" in one for one in found)
    assert "hunter2" not in "\n".join(found)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://api.example/v1", False),
        ("http://127.0.0.1.evil.example/v1", False),
        ("https://user:hunter2@api.example/v1", False),
        ("ftp://api.example", False),
        ("api.example", False),
    ],
)
def test_plain_http_is_for_this_machine_only(url: str, fine: bool, tmp_path: Path) -> None:
    login = f'wiseflow: {{url: "{url}", api_key: "${{KEY}}"}}'
    text = f"environments:\n  staging:\n    {login}\n"
    if fine:
        (tmp_path / "wisectl.yaml").write_text(text, encoding="utf-8")
        assert load_settings(tmp_path).value.environments["staging"].wiseflow.url == url
    else:
        found = problems(tmp_path, text)
        assert any("url" in one for one in found)
        assert "hunter2" not in "\n".join(found)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "time_zone: Nowhere\nuser_keys: x\n" + environment("parallelism: 0")
    assert len(problems(tmp_path, text)) == 3
