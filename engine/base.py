"""The manifests as they were at a commit, read from git: what `--base` compares with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine.desired import Conventions, load_desired
from engine.errors import EngineError, ManifestError, StaleError
from engine.git import GitError, commit_of, extract, head, is_ancestor, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.model import Address, Desired

NO_BASE = "No base: removals not planned."
SHORT = 7


@dataclass(frozen=True, slots=True)
class Base:
    """What stood in the manifests at a commit; without `commit` there is none, with the reason."""

    commit: str | None = None
    resources: Mapping[Address, Desired] = field(default_factory=dict)
    missing: str = ""


def read_base(root: Path, manifests: Path, conventions: Conventions, ref: str) -> Base:
    """What the manifests of a repository meant at the commit that `ref` names.

    A commit or manifests that cannot be read are no error: then nothing is known of before.
    Raises: StaleError where that commit is no ancestor of the one that is checked out,
    EngineError where the text cannot name a commit.
    """
    if not is_name(ref):
        raise EngineError(f"--base: {ref!r} cannot name a commit")
    if head(root) is None:
        return Base(missing=f"{NO_BASE} This folder is in no git repository with a commit.")
    try:
        commit = commit_of(root, ref)
        if is_ancestor(root, commit):
            return _read(root, manifests, conventions, commit)
    except GitError as error:
        hint = f"Run git fetch, or name another commit: {ref} cannot be read ({error})."
        return Base(missing=f"{NO_BASE} {hint}")
    message = f"the base {ref} ({commit[:SHORT]}) is no ancestor of the commit that is checked out"
    raise StaleError(f"{message}: update the branch, or name another base; nothing was written")


def _read(root: Path, manifests: Path, conventions: Conventions, commit: str) -> Base:
    folder = manifests.relative_to(root).as_posix()
    with TemporaryDirectory(prefix="wisectl-base-") as name:
        there = Path(name).resolve()
        (there / folder).mkdir(parents=True, exist_ok=True)
        extract(root, commit, folder, there / folder)
        try:
            # Environments come and go in the settings, which are those of today.
            then = replace(conventions, environments=frozenset())
            state = load_desired(there, there / folder, then)
        except ManifestError as error:
            first, more = error.problems[0], len(error.problems) - 1
            said = f"{first.location}: {first.message}" + (f", and {more} more" if more else "")
            return Base(missing=f"{NO_BASE} The manifests at {commit[:SHORT]} are invalid: {said}")
    return Base(commit, state.resources)
