"""What is wrong with a value, in words: pydantic's errors as people's messages. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from engine.nodes import Node, Scalar, Sequence, Table, is_null, resolve, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TYPES = {
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "string_type": "text",
    "text": "text",
}
_LISTS = ("list_type", "tuple_type")
_LIMITS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
}


def near(word: str, known: Iterable[str]) -> str:
    """The hint for a word that is not known: the nearest one, else all."""
    names = sorted(known)
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.casefold(), folded, 1, 0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    some = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    return f"known: {some}" if names else ""


def in_words(
    kind: str, context: Mapping[str, Any], message: str, node: Node, *, hidden: bool
) -> tuple[str, str]:
    """Message and hint for one pydantic error at a node; `hidden` values are never shown."""
    if is_null(node) and kind != "value_error":
        return "is empty", _instead_of_nothing(kind)
    if kind in _TYPES:
        return _wrong_type(kind, node, hidden=hidden)
    if kind in ("literal_error", "enum"):
        return _wrong_word(str(context["expected"]), str(context["field"]), node)
    if kind in _LIMITS:
        return f"must be {_LIMITS[kind].format_map(context)}", ""
    if kind == "string_too_long" or (kind == "too_long" and isinstance(node, Scalar)):
        return f"is longer than {context['max_length']} characters", "shorten it"
    if kind == "string_pattern_mismatch":
        hint = "use letters, digits, - and _, up to 200"
        return f"{shown(_text(node))} has characters that a key cannot have", hint
    if kind == "too_short":
        return "must not be empty", ""
    text, _, hint = message.removeprefix("Value error, ").partition("\n")
    return text, hint


def _instead_of_nothing(kind: str) -> str:
    if kind in _LISTS:
        return "write [] where nothing may stand, or remove the line"
    return "state it, or remove the line"


def _wrong_type(kind: str, node: Node, *, hidden: bool) -> tuple[str, str]:
    wanted = _TYPES[kind]
    if not isinstance(node, Scalar):
        return f"must be {wanted}, not {_kind(node)}", ""
    if wanted == "text":
        if not node.text.strip():
            return "must not be empty", "state it, or remove the line"
        return (
            "must be text: put it in quotes" if hidden else f'must be text: write "{_cut(node)}"'
        ), ""
    given = "this" if hidden else shown(node.text)
    return f"must be {wanted}, not {given}", _unquoted(wanted, node)


def _unquoted(wanted: str, node: Scalar) -> str:
    """What to do where only the quotes, or the word for a boolean, are wrong."""
    value = resolve(Scalar(node.location, node.text, plain=True))
    if wanted == "a whole number" and type(value) is int:
        return "remove the quotes"
    if wanted == "true or false":
        return "write true or false, without quotes"
    return ""


def _wrong_word(expected: str, field: str, node: Node) -> tuple[str, str]:
    words = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
    if not isinstance(node, Scalar):
        return f"must be one word, not {_kind(node)}", near("", words)
    if len(words) == 1:
        return f"cannot be {shown(node.text)}", f"the only word here is {words[0]}"
    return f"unknown {field.replace('_', ' ')} {shown(node.text)}", near(node.text, words)


def _cut(node: Scalar) -> str:
    return node.text if len(node.text) <= 60 else node.text[:60] + "…"


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else _kind(node)


def _kind(node: Node) -> str:
    return {Table: "a mapping", Sequence: "a list"}.get(type(node), "text")
