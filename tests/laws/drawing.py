"""From pydantic models to Hypothesis strategies: every field of every model is drawn from its type.

What a type cannot say (which words the licence knows, when something is) stands in a small table,
`Words`. A field whose type says nothing and that is not in the table is left out here, and
test_worlds.py fails with its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from engine.checking import Line, Text, null_as_none

Source = st.SearchStrategy[Any]
TEXTS = (Line, Text)

LINES = st.one_of(
    st.sampled_from(
        ["Law", "Ström & Søn", "O'Neill", "no: yes", "# 4", "1e5", "ßen", "{x}", "null"]
    ),
    st.text("abcDEF æøåß'-:#\"%é", min_size=1, max_size=14).map(str.strip).filter(bool),
)
"""Text on one line that a careless reader would take for something else."""

PARAGRAPHS = st.lists(LINES, min_size=1, max_size=2).map("\n".join)


class UndrawableError(LookupError):
    """A field whose type says nothing about its values."""


@dataclass(frozen=True, eq=False)
class Words:
    """What types cannot say: strategies by alias of a type, and by model and field."""

    aliases: tuple[tuple[Any, Source], ...] = ()
    fields: Mapping[tuple[str, str], Source] = field(default_factory=dict)

    @cache  # noqa: B019 - a table lives as long as the module that holds it
    def some(self, model: type[BaseModel], but: frozenset[str] = frozenset()) -> Source:
        """A mapping with some of the fields of a model, `but` left to whoever calls.

        Required ones are always there.
        """
        found: dict[str, Source] = {}
        for name in model.model_fields:
            if name not in but and (source := self.maybe(model, name)) is not None:
                found[name] = source
        due = {name for name in found if model.model_fields[name].is_required()}
        required = {name: found.pop(name) for name in sorted(due)}
        return st.fixed_dictionaries(required, optional=found)

    def maybe(self, model: type[BaseModel], name: str) -> Source | None:
        """The field's strategy, or None where nothing says what it holds."""
        try:
            return self.one(model, name)
        except UndrawableError:
            return None

    @cache  # noqa: B019
    def one(self, model: type[BaseModel], name: str) -> Source:
        """The field's strategy. Raises: UndrawableError."""
        for parent in model.__mro__:
            if (parent.__name__, name) in self.fields:
                return self.fields[parent.__name__, name]
        return self.of(hints(model)[name], f"{model.__name__}.{name}")

    def of(self, hint: Any, said: str) -> Source:
        """The strategy of a type. Raises: UndrawableError, with what has no strategy."""
        for alias, source in self.aliases:
            if hint == alias:
                return source
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._annotated(inner[0], inner[1:], said)
        if origin in (Union, UnionType):
            return st.one_of(*(self.of(one, said) for one in inner if one is not NoneType))
        if origin is Literal:
            return st.sampled_from(inner)
        if origin is list:
            return st.lists(self.of(inner[0], said), max_size=3, unique_by=repr)
        return self._plain(hint, said)

    def _plain(self, hint: Any, said: str) -> Source:
        if hint is bool:
            return st.booleans()
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self.some(hint)
        raise UndrawableError(f"{said}: {hint}")

    def _annotated(self, base: Any, metadata: tuple[Any, ...], said: str) -> Source:
        if any(isinstance(one, BeforeValidator) and one.func is null_as_none for one in metadata):
            return st.none() | self.of(base, said)
        limits = dict(_limits(metadata))
        if base is str:
            return _text(limits, metadata, said)
        if base is int:
            return st.integers(limits.get("ge", 0), limits.get("le", 1_000))
        return self.of(base, said)


def _text(limits: Mapping[str, Any], metadata: tuple[Any, ...], said: str) -> Source:
    """Free text where only its length is limited; bare text means something else than itself."""
    if "pattern" in limits:
        return st.from_regex(limits["pattern"], fullmatch=True)
    if "max_length" not in limits or any(isinstance(one, AfterValidator) for one in metadata):
        raise UndrawableError(f"{said}: text that only the engine understands")
    validators = {one.func for one in metadata if isinstance(one, BeforeValidator)}
    longest = int(limits["max_length"])
    if validators & {one.func for one in get_args(Text) if isinstance(one, BeforeValidator)}:
        return PARAGRAPHS
    return st.one_of(LINES, LINES, LINES, st.just("Ω" * longest)).filter(
        lambda text: len(text) <= longest
    )


def _limits(metadata: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for one in metadata:
        parts = one.metadata if isinstance(one, FieldInfo) else (one,)
        for part in parts:
            for name in ("ge", "le", "gt", "lt", "max_length", "pattern"):
                if getattr(part, name, None) is not None:
                    yield name, getattr(part, name)


@cache
def hints(model: type[BaseModel]) -> dict[str, Any]:
    """From the names of a model's fields to their whole types."""
    found = get_type_hints(model, include_extras=True)
    return {name: found[name] for name in model.model_fields}


@cache
def models_in(hint: Any) -> tuple[type[BaseModel], ...]:
    """Every model that stands in a type."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return (hint,)
    return tuple(model for one in get_args(hint) for model in models_in(one))


def paths_of(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Every field of a model and of the models in it, as dotted paths."""
    for name, hint in hints(model).items():
        path = f"{prefix}.{model.model_fields[name].alias or name}"
        yield path
        for below in models_in(hint):
            yield from paths_of(below, path)


def paths_in(value: Any, prefix: str) -> Iterator[str]:
    """Every path that a drawn value states; the places of lists are left out."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield f"{prefix}.{name}"
            yield from paths_in(below, f"{prefix}.{name}")
    elif isinstance(value, list):
        for below in value:
            yield from paths_in(below, prefix)
