"""Fills the secrets that manifests name in, from environment variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from engine.checking import SECRETS
from engine.errors import ManifestError, Problem
from engine.model import Desired, DesiredState, Stated
from engine.redaction import hide_everywhere
from engine.variables import Secret, filled, missing

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_secrets(state: DesiredState, variables: Mapping[str, str]) -> DesiredState:
    """The state with each `${NAME}` as a Secret, which no output shows from then on.

    Raises: ManifestError, where variables are not set: all of them at once, each at its place.
    """
    problems: list[Problem] = []
    resources = {a: _filled(d, variables, problems) for a, d in state.resources.items()}
    if problems:
        raise ManifestError(problems)
    return replace(state, resources=resources)


def _filled(desired: Desired, variables: Mapping[str, str], problems: list[Problem]) -> Desired:
    secrets = {path: stated for path, stated in desired.fields.items() if _is_secret(path, stated)}
    if not secrets:
        return desired
    found: dict[str, Stated] = {}
    for path, stated in secrets.items():
        lacking = missing(stated.value, variables)
        for name in lacking:
            message = f"the environment variable {name} is not set"
            problems.append(Problem(stated.location, path, message, f"export {name}=…"))
        if not lacking:
            found[path] = _secret(stated, variables)
    return replace(desired, fields={**desired.fields, **found})


def _is_secret(path: str, stated: Stated) -> bool:
    return path.rpartition(".")[2] in SECRETS and isinstance(stated.value, str)


def _secret(stated: Stated, variables: Mapping[str, str]) -> Stated:
    value = filled(stated.value, variables)
    hide_everywhere(value)
    return Stated(Secret(stated.value, SecretStr(value)), stated.location)
