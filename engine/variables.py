"""Secrets as manifests and settings write them: `${NAME}`, an environment variable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from engine.checking import Line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _variable(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise ValueError("must not stand here literally\nwrite ${NAME}, an environment variable")
    return value


Variable = Annotated[Line, AfterValidator(_variable)]
WrittenVariable = Annotated[
    Variable, Field(json_schema_extra={"pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"})
]
"""The same for manifests, with what editors hold it against."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable with its value; as text it is only what the manifest says."""

    written: str
    """`${NAME}`."""
    value: SecretStr = field(repr=False)

    def __str__(self) -> str:
        return self.written


def missing(text: str, variables: Mapping[str, str]) -> list[str]:
    """The names in a text that no variable has a value for."""
    return [name for name in VARIABLE.findall(text) if not variables.get(name)]


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with every `${NAME}` replaced; they are all there."""
    return VARIABLE.sub(lambda match: variables[match.group(1)], text)
