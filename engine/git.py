"""What git says of the repository of manifests. Nothing here writes, fetches or checks out."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TIMEOUT = 60
MAX_BYTES = 64_000_000
"""Larger files are left out: no manifest and no CSV file may be as large."""

LINK, FILES = "120000", ("100644", "100755")
_ODD = re.compile(r"[\x00-\x1f\x7f]")
_QUIET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
}


class GitError(Exception):
    """Git does not say what was asked; the text is its reason, in a few words."""


def head(root: Path) -> str | None:
    """The commit that is checked out; None outside git, or without git."""
    try:
        return commit_of(root, "HEAD")
    except GitError:
        return None


def is_name(ref: str) -> bool:
    """Whether a text can name a commit: never an option, never anything unprintable."""
    return bool(ref) and not ref.startswith("-") and not _ODD.search(ref)


def commit_of(root: Path, ref: str) -> str:
    """The commit that a ref names, which must be one by `is_name`. Raises: GitError."""
    if not is_name(ref):
        raise GitError("it is no name of a commit")
    return _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()


def is_ancestor(root: Path, commit: str) -> bool:
    """Whether the commit that is checked out is this one, or comes after it.

    Raises: GitError where the history is cut off before that can be told.
    """
    try:
        _git(root, "merge-base", "--is-ancestor", commit, "HEAD")
    except GitError:
        if _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
            raise GitError("the history here is cut off (git fetch --unshallow)") from None
        return False
    return True


def not_ignored(root: Path, paths: Iterable[Path]) -> list[str]:
    """Of files that are there those that git has, or would take up, below `root`; none without git.

    Such as `exports/grades.csv`.
    """
    inside = [str(path) for path in paths if path.is_relative_to(root)]
    wanted = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *inside)
    try:
        return sorted(map(os.fsdecode, filter(None, _git(root, *wanted).split(b"\0"))))
    except GitError:
        return []


def extract(root: Path, commit: str, folder: str, into: Path) -> None:
    """Writes a folder below `root`, as it was at a commit, into an empty folder elsewhere.

    Raises: GitError where there was no such folder, or something in it leads out of it.
    """
    below = posixpath.normpath(folder.replace("\\", "/"))
    tree = _git(root, "rev-parse", "--verify", "--quiet", f"{commit}:./{below}")
    entries = [one for one in _entries(root, tree.decode().strip()) if one.size <= MAX_BYTES]
    try:
        for entry, content in zip(entries, _contents(root, entries), strict=True):
            _write(entry, content, into)
    except (OSError, ValueError):
        raise GitError("its files cannot be laid out here") from None


def _write(entry: _Entry, content: bytes, into: Path) -> None:
    path = into.joinpath(*_inside(entry.path))
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.mode == LINK:
        target = os.fsdecode(content)
        _inside(posixpath.join(posixpath.dirname(entry.path), target))
        path.symlink_to(target)
    else:
        path.write_bytes(content)


class _Entry(NamedTuple):
    mode: str
    blob: str
    size: int
    path: str


def _entries(root: Path, tree: str) -> Iterator[_Entry]:
    """The files and links of a tree; submodules are none of ours."""
    for row in _git(root, "ls-tree", "-r", "-l", "-z", "--full-tree", tree).split(b"\0"):
        about, _, path = row.partition(b"\t")
        words = about.decode().split()
        if path and words[0] in (LINK, *FILES):
            yield _Entry(words[0], words[2], int(words[3]), os.fsdecode(path))


def _inside(path: str) -> tuple[str, ...]:
    """The parts of a path, `..` worked out. Raises: GitError where it leads out."""
    parts = tuple(posixpath.normpath(path).split("/"))
    if path.startswith("/") or parts[0] == "..":
        raise GitError("something in it leads out of the manifests folder")
    return parts


def _contents(root: Path, entries: list[_Entry]) -> Iterator[bytes]:
    """What each entry holds: one call of git for all."""
    wanted = "".join(f"{entry.blob}\n" for entry in entries).encode()
    answer = _git(root, "cat-file", "--batch", stdin=wanted) if entries else b""
    start = 0
    for entry in entries:
        begin = answer.index(b"\n", start) + 1
        if not answer[start:begin].endswith(f" {entry.size}\n".encode()):
            raise GitError("git does not hold all of its files")
        yield answer[begin : begin + entry.size]
        start = begin + entry.size + 1


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    try:
        answer = subprocess.run(  # noqa: S603 - no shell, and refs are never options
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git as the user's shell finds it
            capture_output=True,
            input=stdin,
            timeout=TIMEOUT,
            check=False,
            env=os.environ | _QUIET,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise GitError("git cannot be run") from None
    if answer.returncode:
        raise GitError("git has no such commit, or no such folder in it")
    return answer.stdout
