"""A UNIWeb member and a profile's rules to user fields, or to problems. Pure.

    rule        profile/affiliations.unit: a section, and a field of it
    section     an object, a list of objects, or a plain value (then the rule names no field)
    field       text, a number, a choice `[id, label, parent, …]`, or a bilingual `{en, fr}`
    value       the text that is meant; absent and empty ones fill nothing

Nothing is chosen silently: several different values for a field that takes one, a page's HTML, a
subsection, or a yes/no are problems, and fill nothing. A bilingual value without the profile's
language is absent: the other language is not what was asked for.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import Location, Problem
from engine.model import Stated

if TYPE_CHECKING:
    from engine.model import Profile

LANGUAGES = {"en": ("en", "english"), "fr": ("fr", "french")}
"""Both spellings of a bilingual value's members. Source: UNIWeb PHP client."""

LISTS = frozenset({"emails"})
"""User fields that take several values."""

_MARKUP = re.compile(r"<[a-zA-Z/!][^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")

_NOT_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, and separators of lines and paragraphs."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A value that cannot be meant as text, and why."""

    why: str


def normal(name: str) -> str:
    """A title as the API spells it: `Postal / Zip Code` is `postal_zip_code`.

    Source: UNIWeb API page, "Resource Paths".
    """
    text = name.replace("?", "").strip().lower()
    return text.replace(" / ", "_").replace("/", "_").replace(" ", "_")


def normal_path(path: str) -> str:
    """A resource path with each of its steps normalised."""
    return "/".join(step for step in map(normal, path.split("/")) if step)


def split_rule(rule: str) -> tuple[str, str]:
    """Resource path and field of a rule; no field where the section is a plain value."""
    folder, slash, last = rule.rpartition("/")
    name, _, member = last.partition(".")
    return normal_path(f"{folder}{slash}{name}"), normal(member)


def resources(profile: Profile) -> list[str | dict[str, list[str]]]:
    """What to ask UNIWeb for: each section once, with only the fields that are filled from it."""
    wanted: dict[str, set[str]] = {}
    for stated in profile.fill.values():
        path, name = split_rule(stated.value)
        wanted.setdefault(path, set()).add(name)
    return [
        path if "" in names else {path: sorted(names)} for path, names in sorted(wanted.items())
    ]


def map_member(
    profile: Profile, member: str, sections: Mapping[str, Any], lists: Collection[str] = LISTS
) -> tuple[dict[str, Stated], list[Problem]]:
    """The fields that one member fills, and what cannot be used; values never stand in problems.

    Shape: `sections` from resource path to a section; `lists` are the fields that take several
    values, and get a tuple.
    """
    fields: dict[str, Stated] = {}
    problems: list[Problem] = []
    for target, rule in profile.fill.items():
        path, name = split_rule(rule.value)
        written = f"{path}.{name}" if name else path
        place = Location(f"uniweb:members/{_shown(member)} {written}")
        values = list(dict.fromkeys(_values(sections, path, name, profile.language)))
        problem = _problem(values, target, target in lists)
        if problem:
            problems.append(Problem(place, target, problem, f"the rule stands at {rule.location}"))
        elif values:
            fields[target] = Stated(tuple(values) if target in lists else values[0], place)
    return fields, problems


def _problem(values: list[str | Unusable], target: str, several: bool) -> str:
    unusable = [value.why for value in values if isinstance(value, Unusable)]
    if unusable:
        return f"UNIWeb's value for {target} {unusable[0]}: nothing is filled"
    if len(values) > 1 and not several:
        return f"UNIWeb has {len(values)} different values for {target}: nothing is filled"
    return ""


def _values(
    sections: Mapping[str, Any], path: str, name: str, language: str
) -> Iterator[str | Unusable]:
    """All that the member's sections of that path hold, however their names are spelled."""
    for written, section in sections.items():
        if normal_path(written) == path:
            if not name:
                yield from _texts(section, language)
                continue
            for item in section if isinstance(section, list) else [section]:
                yield from _members(item, name, language)


def _members(item: Any, name: str, language: str) -> Iterator[str | Unusable]:
    if isinstance(item, Mapping):
        for written, value in item.items():
            if normal(written) == name:
                yield from _texts(value, language)
    elif item not in (None, ""):
        yield Unusable("stands in a section that has no fields")


def _texts(value: Any, language: str) -> Iterator[str | Unusable]:
    if isinstance(value, bool):
        yield Unusable("is a yes or no")
    elif isinstance(value, str):
        yield from _text(value)
    elif isinstance(value, int | float):
        yield _number(value)
    elif isinstance(value, list):
        yield from _listed(value, language)
    elif isinstance(value, Mapping):
        yield from _bilingual(value, language)


def _text(value: str) -> Iterator[str | Unusable]:
    text = value.strip()
    if _MARKUP.search(text):
        yield Unusable("is HTML")
    elif any(unicodedata.category(c) in _NOT_IN_A_LINE for c in text):
        yield Unusable("has line breaks or control characters")
    elif text:
        yield text


def _number(value: float) -> str | Unusable:
    if isinstance(value, float) and not math.isfinite(value):
        return Unusable("is too large a number")
    return str(int(value)) if value == int(value) else str(value)


def _listed(value: list[Any], language: str) -> Iterator[str | Unusable]:
    """The label of a choice; else each entry, which must be text itself."""
    if _is_choice(value):
        yield from _texts(value[1], language)
        return
    for entry in value:
        if isinstance(entry, int | float | list) or (
            isinstance(entry, Mapping) and not _is_bilingual(entry)
        ):
            yield Unusable("is a list of more than text")
        else:
            yield from _texts(entry, language)


def _is_choice(value: list[Any]) -> bool:
    """Whether a list is `[id, label, parent, …]`. PHP writes numbers as text now and then."""
    if len(value) < 2:
        return False
    number, label = value[0], value[1]
    if not (label is None or isinstance(label, str) or _is_bilingual(label)):
        return False
    if isinstance(number, int) and not isinstance(number, bool):
        return True
    digits = isinstance(number, str) and number.isdecimal()
    return digits and not (isinstance(label, str) and label.isdecimal())


def _bilingual(value: Mapping[str, Any], language: str) -> Iterator[str | Unusable]:
    if value and not _is_bilingual(value):
        yield Unusable("is a subsection")
        return
    for spelling in LANGUAGES.get(language, (language,)):
        entry = value.get(spelling)
        if isinstance(entry, Mapping | list) and entry:
            yield Unusable("is a subsection")
        else:
            yield from _texts(entry, language)


def _is_bilingual(value: Any) -> bool:
    known = {spelling for spellings in LANGUAGES.values() for spelling in spellings}
    return isinstance(value, Mapping) and bool(value) and set(value) <= known


def _shown(member: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in member)
