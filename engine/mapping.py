"""A UNIWeb member and a profile's rules to user fields, or to problems. Pure.

Sections and fields are named after the titles of the UNIWeb pages. An absent or empty value fills
nothing; several different values for one field are a problem, and nothing is filled there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import Location, Problem
from engine.model import Stated

if TYPE_CHECKING:
    from engine.model import Profile

LANGUAGES = {"en": ("en", "english"), "fr": ("fr", "french")}
"""Both spellings of a bilingual value's members. Source: UNIWeb's PHP client."""


def normal(name: str) -> str:
    """A title as the API spells it: `Postal / Zip Code` is `postal_zip_code`.

    Source: UNIWeb API page, "Resource Paths".
    """
    text = name.strip().lower().replace(" / ", "_").replace(" ", "_").replace("?", "")
    return text.replace("/", "_")


def normal_path(path: str) -> str:
    """A resource path with each of its steps normalised."""
    return "/".join(normal(step) for step in path.split("/"))


def split_rule(rule: str) -> tuple[str, str]:
    """Resource path and field of a rule such as `profile/affiliations.unit`."""
    path, _, name = rule.rpartition(".")
    return normal_path(path), normal(name)


def resources(profile: Profile) -> list[dict[str, list[str]]]:
    """What to ask UNIWeb for: each section once, with only the fields that are filled from it."""
    wanted: dict[str, list[str]] = {}
    for stated in profile.fill.values():
        path, name = split_rule(stated.value)
        if name not in wanted.setdefault(path, []):
            wanted[path].append(name)
    return [{path: sorted(names)} for path, names in sorted(wanted.items())]


def map_member(
    profile: Profile, member: str, sections: Mapping[str, Any]
) -> tuple[dict[str, Stated], list[Problem]]:
    """The fields that one member fills, and what cannot be used.

    Shape: `sections` from resource path to an object, a list of them, or a plain value.
    """
    by_path = {normal_path(path): section for path, section in sections.items()}
    fields: dict[str, Stated] = {}
    problems: list[Problem] = []
    for target, stated in profile.fill.items():
        path, name = split_rule(stated.value)
        place = Location(f"uniweb:members/{member} {path}.{name}")
        found = list(_values(by_path.get(path), name, profile.language))
        strange = [value for value in found if not isinstance(value, str)]
        texts = list(dict.fromkeys(value for value in found if isinstance(value, str)))
        if strange:
            message = f"UNIWeb's value for {target} is no plain text"
            problems.append(Problem(place, target, message, f"see the rule at {stated.location}"))
        elif len(texts) > 1:
            message = f"UNIWeb has {len(texts)} different values for {target}: nothing is filled"
            hint = "state the one that is meant in the manifest"
            problems.append(Problem(place, target, message, hint))
        elif texts:
            value = (texts[0],) if target == "emails" else texts[0]
            fields[target] = Stated(value, place)
    return fields, problems


def _values(section: Any, name: str, language: str) -> Iterator[Any]:
    for item in section if isinstance(section, list) else [section]:
        if isinstance(item, Mapping):
            named = {normal(str(key)): value for key, value in item.items()}
            yield from _plain(named.get(name), language)


def _plain(value: Any, language: str) -> Iterator[Any]:
    """The texts in one value; anything that people cannot have meant comes back as it is."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str | int | float):
        text = str(value).strip()
        if "<" in text and ">" in text:
            yield value if not isinstance(value, str) else {"html": text}
        elif text:
            yield text
    elif isinstance(value, list):
        yield from _option(value, language)
    elif isinstance(value, Mapping):
        yield from _bilingual(value, language)
    else:
        yield value


def _option(value: list[Any], language: str) -> Iterator[Any]:
    """A value chosen from a list is `[id, label, parent, …]`: people mean the label."""
    is_choice = len(value) > 1 and isinstance(value[0], int) and not isinstance(value[0], bool)
    chosen = value[1:2] if is_choice else value
    for item in chosen:
        yield from _plain(item, language)


def _bilingual(value: Mapping[Any, Any], language: str) -> Iterator[Any]:
    """The profile's language only: a name in another language is not what was asked for."""
    known = {spelling for spellings in LANGUAGES.values() for spelling in spellings}
    if value and not set(value) <= known:
        yield dict(value)
        return
    for spelling in LANGUAGES[language]:
        yield from _plain(value.get(spelling), language)
