"""What is read from git is laid out whole and inside its folder, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.git import GitError, commit_of, extract
from tests.e2e.history import commit, git

if TYPE_CHECKING:
    from pathlib import Path


def laid_out(root: Path, at: str = "HEAD") -> Path:
    into = root.parent / "there"
    into.mkdir()
    extract(root, commit_of(root, at), "manifests", into)
    return into


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "manifests" / "rosters").mkdir(parents=True)
    return folder


def test_files_are_as_they_were_committed(root: Path) -> None:
    (root / "manifests" / "rosters" / "ä b.csv").write_bytes(b"key\r\na\n")
    (root / "manifests" / "empty.yaml").write_bytes(b"")
    (root / "elsewhere").write_text("x")
    commit(root)
    (root / "manifests" / "rosters" / "ä b.csv").unlink()
    there = laid_out(root)
    assert (there / "rosters" / "ä b.csv").read_bytes() == b"key\r\na\n"
    assert sorted(path.name for path in there.rglob("*")) == ["empty.yaml", "rosters", "ä b.csv"]
    assert git(root, "status", "--porcelain") == 'D "manifests/rosters/\\303\\244 b.csv"'


def test_a_link_inside_is_kept(root: Path) -> None:
    (root / "manifests" / "a.csv").write_text("key\n")
    (root / "manifests" / "rosters" / "b.csv").symlink_to("../a.csv")
    commit(root)
    assert (laid_out(root) / "rosters" / "b.csv").read_text() == "key\n"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", ".."])
def test_a_link_that_leads_out_is_refused(root: Path, target: str) -> None:
    (root / "manifests" / "a.yaml").symlink_to(target)
    commit(root)
    with pytest.raises(GitError, match="leads out"):
        laid_out(root)


def test_a_file_where_the_folder_should_be_is_refused(root: Path) -> None:
    commit(root)
    (root / "manifests").rename(root / "old")
    (root / "manifests").write_text("flows: []")
    commit(root)
    with pytest.raises(GitError):
        laid_out(root)
