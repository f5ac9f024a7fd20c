"""Values of user data types: as manifests state them, and as a user has them afterwards. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model import Value
    from engine.wiseflow.licence import DataType

DATA = "data."


def values_of(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def unfit(kind: DataType, values: tuple[str, ...]) -> tuple[str, str] | None:
    """Why a user cannot have these values, and what to do."""
    if len(values) > 1 and not kind.multiple:
        return f'"{kind.name}" holds one value, not {len(values)}', "state one"
    for value in values:
        if not kind.accepts(value):
            return f'"{kind.name}" does not accept this value', f"it must match {kind.pattern}"
    return None


def data_after(
    kind: DataType, stated: tuple[str, ...], before: tuple[str, ...], exact: bool
) -> tuple[str, ...]:
    """One value replaces; several are only added to, unless they are stated to be exact."""
    if not kind.multiple or exact or not stated:
        return stated
    return before + tuple(value for value in stated if value not in before)
