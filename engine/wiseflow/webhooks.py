"""Webhooks of the licence: found by title, made once for each title, changed and deleted.

A webhook's title is `wisectl-<key>-v<version>`, where the version counts secrets: a secret is given
once and never shown. Source: WISEflow OpenAPI, `webhook-api-request`, `update-webhook-api-request`.

One call makes a webhook whole, so its title is marker and key at once. Of several with one title
the lowest number has precedence, for good: those that are made later have higher ones. It counts
as settled, the others as marked, which is all that engine/creation.py needs
(docs/decisions/0015).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import creation
from engine.creation import Candidate, Patience, Stage
from engine.errors import ApiError, UnknownOutcomeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

EVENTS = (
    "ALTERNATIVE_GRADE",
    "ASSESSMENT",
    "ASSIGNMENT",
    "FINAL_GRADE",
    "FLOW_EXTERNAL_SOURCE",
    "FLOW_PERIOD_UPDATED",
    "FLOW_STATE_UPDATED",
    "PAPER_SUBMITTED",
)
"""Source: WISEflow OpenAPI, `webhook-event-enum`."""

_TITLE = re.compile(r"wisectl-(?P<key>[A-Za-z0-9_-]+)-v(?P<version>[1-9][0-9]{0,8})")
_GIVEN = ("id", "createdAt", "updatedAt")
"""Members that WISEflow sets itself."""


def title(key: str, version: int) -> str:
    return f"wisectl-{key}-v{version}"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """One webhook of ours, as the list answers it."""

    id: int
    key: str
    version: int
    body: Mapping[str, Any]
    """All that a change writes back, named as WISEflow does."""

    @property
    def title(self) -> str:
        return str(self.body["title"])

    @property
    def fields(self) -> dict[str, Value]:
        """What manifests can state of it, but for its secret."""
        return {
            "url": self.body.get("url"),
            "events": tuple(sorted(self.body.get("events") or ())),
            "active": self.body.get("active"),
            "secret_version": self.version,
        }


async def read_webhooks(api: WiseflowApi) -> list[WebhookRow]:
    """Every webhook whose title is one of ours, by number; strangers' are left out."""
    rows = [_row(row) for row in await api.call("GET", "/webhooks")]
    return sorted((row for row in rows if row), key=lambda row: row.id)


def of_key(rows: list[WebhookRow], key: str) -> list[WebhookRow]:
    """Those of one key, whatever their version; keys are compared without case."""
    return [row for row in rows if row.key.casefold() == key.casefold()]


def _row(row: Mapping[str, Any]) -> WebhookRow | None:
    found = _TITLE.fullmatch(str(row.get("title")))
    if found is None:
        return None
    body = {name: value for name, value in row.items() if name not in _GIVEN}
    return WebhookRow(row["id"], found["key"], int(found["version"]), body)


async def change_webhook(api: WiseflowApi, row: WebhookRow, fields: Mapping[str, Value]) -> None:
    """Writes the fields over what was read just before: all that is not sent would be lost."""
    ids, body = {"webhookId": row.id}, {**row.body, **_sent(fields)}
    await api.call("PUT", "/webhooks/{webhookId}", ids=ids, body=body)


async def delete_webhook(api: WiseflowApi, number: int) -> None:
    """Deletes it; one that is gone already is no failure."""
    try:
        await api.call("DELETE", "/webhooks/{webhookId}", ids={"webhookId": number})
    except ApiError as error:
        if error.status != 404:
            raise


def _sent(fields: Mapping[str, Value]) -> dict[str, Any]:
    return {n: list(value) if isinstance(value, tuple) else value for n, value in fields.items()}


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What a webhook is made with; `fields` are its url, events and whether it is active."""

    key: str
    version: int
    fields: Mapping[str, Value]
    secret: SecretStr | None

    @property
    def title(self) -> str:
        return title(self.key, self.version)


async def create_webhook(api: WiseflowApi, new: NewWebhook, patience: Patience) -> int:
    """The number of the one webhook with the key and version, made or found.

    Raises: ApiError, when a call is refused or it cannot be told from its rivals.
    """
    return await creation.create_once(WebhookCreation(api, new), patience)


@dataclass(frozen=True, slots=True)
class WebhookCreation:
    """One webhook to be made. See `engine.creation.Creation`."""

    api: WiseflowApi
    new: NewWebhook

    @property
    def operation(self) -> tuple[str, str]:
        return ("POST", "/webhooks")

    async def find_marked(self) -> list[Candidate]:
        return [Candidate(row.id, settled=False) for row in (await self._twins())[1:]]

    async def find_keyed(self) -> list[Candidate]:
        return [Candidate(row.id, settled=True) for row in (await self._twins())[:1]]

    async def stage(self, number: int) -> Stage:
        there = await self._twins()
        return Stage.FINISHED if number in {row.id for row in there} else Stage.GONE

    async def give_up(self, number: int) -> None:
        if number in {row.id for row in (await self._twins())[1:]}:
            await delete_webhook(self.api, number)

    async def make(self) -> int | None:
        new = self.new
        body = {"title": new.title, **_sent(new.fields)}
        if new.secret is not None:
            body["secret"] = new.secret.get_secret_value()
        try:
            made = await self.api.call("POST", "/webhooks", body=body)
        except UnknownOutcomeError:
            return None
        number = made.get("id") if isinstance(made, dict) else None
        return number if isinstance(number, int) else None

    async def finish(self, number: int) -> bool:
        """Nothing is left to do: the call that makes one makes it whole."""
        return True

    async def _twins(self) -> list[WebhookRow]:
        """Those with our title, the lowest number first."""
        rows = of_key(await read_webhooks(self.api), self.new.key)
        return [row for row in rows if row.version == self.new.version]
