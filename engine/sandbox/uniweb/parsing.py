"""From an HTTP request, in any of the forms that clients send, to one request object."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from engine.sandbox.uniweb.errors import malformed

if TYPE_CHECKING:
    from starlette.requests import Request

_BRACKETS = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks for, with the spellings of different documents made one."""

    token: str | None
    action: str
    content: str
    resources: Any
    filter: dict[str, Any]
    index_by: str
    language: str
    id: str | None
    only_public: bool


async def read_query(request: Request) -> Query:
    """The query of a GET, a form or a JSON body; raises RefusedError where it is none."""
    if request.method == "GET":
        raw = _unbracketed(parse_qsl(request.url.query, keep_blank_values=True))
        raw.pop("access_token", None)
    elif _media_type(request) == "application/json":
        raw = _object(await request.body())
    else:
        raw = await read_form(request)
    if isinstance(raw.get("request"), str):
        raw = _object(raw["request"])
    return _query(raw, request)


async def read_form(request: Request) -> dict[str, Any]:
    """The fields of a form, url-encoded or multipart (as PHP sends an array of fields)."""
    body = await request.body()
    if _media_type(request) != "multipart/form-data":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): _part_text(part)
        for part in message.iter_parts()
    }


def _part_text(part: Any) -> str:
    return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise malformed("The request is not valid JSON.") from None
    if not isinstance(value, dict):
        raise malformed("The request is not a JSON object.")
    return value


def _unbracketed(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """PHP's reading of `filter[unit]=x&resources[]=a`: nested objects and lists."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        steps = [key.partition("[")[0], *_BRACKETS.findall(key)]
        try:
            _put(found, steps, value)
        except (AttributeError, TypeError):
            raise malformed(f'"{key}" contradicts another parameter.') from None
    return found


def _put(target: dict[str, Any], steps: list[str], value: str) -> None:
    for step, following in pairwise(steps):
        if following == "":
            target.setdefault(step, []).append(value)
            return
        target = target.setdefault(step, {})
    target[steps[-1]] = value


def _query(raw: dict[str, Any], request: Request) -> Query:
    id_ = raw.get("id")
    return Query(
        token=_token(raw, request),
        action=_text(raw, "action"),
        content=_text(raw, "content", "contentType"),
        resources=_either(raw, "resources", "resource"),
        filter=_filter(raw.get("filter")),
        index_by=_text(raw, "index_by") or "uniweb_id",
        language=_text(raw, "language") or "en",
        id=None if id_ is None else str(id_),
        only_public=str(raw.get("onlyPublic", 0)).lower() in {"1", "true"},
    )


def _token(raw: dict[str, Any], request: Request) -> str | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    token = request.query_params.get("access_token") or raw.get("token")
    return token if isinstance(token, str) else None


def _either(raw: dict[str, Any], *names: str) -> Any:
    """The first of several spellings that is there."""
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def _text(raw: dict[str, Any], *names: str) -> str:
    value = _either(raw, *names)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise malformed(f'"{names[0]}" must be text.')
    return value


def _filter(value: Any) -> dict[str, Any]:
    if value is None or value == []:  # PHP writes an empty object as a list
        return {}
    if not isinstance(value, dict):
        raise malformed('"filter" must be an object.')
    found = dict(value)
    if "login" in found:
        found.setdefault("loginName", found.pop("login"))
    return found
