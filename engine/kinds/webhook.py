"""Webhooks: whom WISEflow tells of what happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from engine.checking import Line, Shape
from engine.kind import Kind
from engine.kinds._people import Key
from engine.kinds._webhook_leave import leave
from engine.kinds._webhook_live import WebhookLive, normal
from engine.nodes import shown
from engine.transport import is_loopback
from engine.variables import WrittenVariable
from engine.wiseflow.webhooks import EVENTS
from engine.words import near

if TYPE_CHECKING:
    from pydantic.config import JsonDict


_MARKS = r"[!$-;=?-\[\]_a-z~]"
"""What a URL can consist of, but for what begins its fragment. Source: RFC 3986."""


def _url(value: str) -> str:
    """Messages show nothing of it: a path or a question may hold a token."""
    try:
        parts = urlsplit(value)
        host, login = parts.hostname or "", parts.username or parts.password
        usable = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        usable, login, host = False, None, ""
    if login:
        raise ValueError("holds a name or a password\nthe receiver checks the signature instead")
    if "${" in value:
        raise ValueError("variables are replaced in secrets alone\nwrite the address out")
    if not usable or not re.fullmatch(f"{_MARKS}+", value):
        raise ValueError("is no address to send calls to\nsuch as https://sis.example.org/hook")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http is only for this machine\nwrite https")
    return value


def _event(word: str) -> str:
    if word not in EVENTS:
        hint = f"known: {', '.join(EVENTS)}"
        close = near(word, EVENTS)
        hint = f"{close}\n  {hint}" if close.startswith("did you mean") else hint
        raise ValueError(f"unknown event {shown(word)}\n{hint}")
    return word


def _each_once(events: list[str]) -> list[str]:
    twice = sorted({event for event in events if events.count(event) > 1})
    if twice:
        raise ValueError(f"{twice[0]} stands twice in this list\nkeep one of them")
    return events


_HOST = r"([0-9A-Za-z._~-]+|\[[0-9a-fA-F:.]+\])"
_HERE = r"(localhost|127\.[0-9.]+|\[::1\])"
_URL = rf"^(https://{_HOST}|http://{_HERE})(:[0-9]+)?([/?]{_MARKS}*)?$"
Url = Annotated[
    Line, AfterValidator(_url), Field(max_length=2000, json_schema_extra={"pattern": _URL})
]
Event = Annotated[Line, AfterValidator(_event), Field(json_schema_extra={"enum": [*EVENTS]})]
Events = Annotated[
    list[Event],
    Field(min_length=1, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]

EXAMPLE: JsonDict = {
    "key": "grades-to-sis",
    "url": "https://sis.northfield.example/hook",
    "events": ["FINAL_GRADE"],
    "secret": "${SIS_SECRET}",
    "secret_version": 2,
}


class Webhook(Shape):
    """One receiver of calls; a new `secret_version` makes a new one before the old one goes."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {"secret_version": ["secret"]},
            "examples": [EXAMPLE],
        }
    )

    key: Key
    url: Url = Field(description="https; plain http only to this machine")
    events: Events = Field(description="what it is told of")
    active: bool | None = Field(None, description="a new one is, where nothing is said")
    secret: WrittenVariable | None = Field(
        None, description="${NAME}: an environment variable; signs the calls, and is never shown"
    )
    secret_version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = Field(
        None, description="count it up for a new secret"
    )

    @model_validator(mode="after")
    def _counts_a_secret(self) -> Self:
        if self.secret_version is not None and self.secret is None:
            raise ValueError("secret_version counts secrets, and none is stated\nstate the secret")
        return self


KIND = Kind("webhook", "webhooks", Webhook, WebhookLive(), normal=normal, leave=leave)
