"""Webhooks on the live side: one list answers all; a new secret is a new webhook, made first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.creation import LEFTOVERS
from engine.diff import changed_fields
from engine.errors import ApiError
from engine.kind import RefusedError
from engine.model import Address, Desired, Live
from engine.plan import Action, Change, FieldChange, Note, Status
from engine.variables import Secret
from engine.wiseflow.webhooks import (
    NewWebhook,
    WebhookRow,
    change_webhook,
    create_webhook,
    delete_webhook,
    of_key,
    read_webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.kind import Work
    from engine.model import Stated, Value
    from engine.wiseflow.client import WiseflowApi
    from engine.world import Findings, World

SETTINGS = ("url", "events", "active")
SECRET = "secret"  # noqa: S105 - the name of a part
"""The part that makes the webhook with a new secret."""
LEFT_BEHIND = "old webhook"
FIRST_VERSION = 1


def normal(path: str, value: Value) -> Value:
    """Events as members: in which order they are written means nothing."""
    return dict.fromkeys(value, True) if path == "events" and value else value


@dataclass(frozen=True, slots=True)
class WebhookLive:
    """The live side of `webhooks`."""

    async def find(self, api: WiseflowApi, world: World) -> None:
        wanted = [address for address in world.desired if address.kind == "webhook"]
        if not wanted:
            return
        try:
            rows = await read_webhooks(api)
        except ApiError as error:
            if error.exit_code != ApiError.exit_code:
                raise
            reason = error.unread
            world.unread |= {(address, ""): reason for address in wanted}
            return
        for address in wanted:
            _take(world, address, rows)
        world.notes += _strangers(rows, wanted)

    async def read(self, api: WiseflowApi, world: World, address: Address) -> None:
        """Nothing: the list answers all there is."""

    async def reread(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        rows = await read_webhooks(api)
        world.unread.pop((address, ""), None)
        _take(world, address, rows)

    async def look_again(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        await self.reread(api, world, address, parts)

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        if reason := world.unread.get((desired.address, "")):
            findings.problem(desired.location, "", reason, "it is left alone")
            return
        live = world.live.get(desired.address)
        findings.changes += _changes(desired, live)
        if live is None and SECRET not in desired.fields:
            hint = "state a secret, so that the receiver can tell calls of WISEflow from others"
            findings.note(desired.address, "its calls will not be signed", hint)

    async def write(self, change: Change, work: Work) -> None:
        live = work.world.live.get(change.address)
        if change.action is Action.REMOVE:
            for row in of_key(await read_webhooks(work.api), change.address.key):
                await delete_webhook(work.api, row.id)
        elif change.part == LEFTOVERS:
            await _delete_leftovers(change, work)
        elif change.action is Action.CREATE or change.part == SECRET:
            desired = work.world.desired[change.address]
            number = await create_webhook(work.api, _new(desired, live), work.patience)
            work.server_ids[change.address] = number
        elif live is None:
            raise RefusedError("the webhook is not in WISEflow")
        else:
            fields = {field.path: field.after for field in change.fields}
            await change_webhook(work.api, live.facts["row"], fields)


# ---- what is there -------------------------------------------------------------------------------


def _take(world: World, address: Address, rows: list[WebhookRow]) -> None:
    """Puts the webhook of an address into the world, with all that has to go beside it."""
    mine = of_key(rows, address.key)
    world.live.pop(address, None)
    if mine:
        stated = world.desired[address].fields.get("secret_version")
        row = _current(mine, stated.value if stated else None)
        others = tuple(other for other in mine if other is not row)
        facts = {"row": row, "others": others}
        world.live[address] = Live(address, row.id, row.fields, {}, facts)


def _current(mine: list[WebhookRow], version: int | None) -> WebhookRow:
    """The one that stays: of the stated version, else of the newest; of these the oldest."""
    newest = max(row.version for row in mine)
    wanted = version if any(row.version == version for row in mine) else newest
    return next(row for row in mine if row.version == wanted)


def _strangers(rows: Iterable[WebhookRow], wanted: Iterable[Address]) -> Iterator[Note]:
    known = {address.key.casefold() for address in wanted}
    for row in rows:
        if row.key.casefold() not in known:
            message = f"{row.title} (#{row.id}) is in WISEflow and in no manifest: left alone"
            yield Note(Address("webhook", row.key), message, "state it, or delete it in WISEflow")


# ---- what changes --------------------------------------------------------------------------------


def _changes(desired: Desired, live: Live | None) -> Iterator[Change]:
    if live is None:
        yield _made(desired, "", Action.CREATE, _all_fields(desired, None), ())
        return
    version = desired.fields.get("secret_version")
    stays = version is None or version.value == live.fields["secret_version"]
    rows: tuple[WebhookRow, ...] = live.facts["others"]
    if stays:
        changed = changed_fields(_sorted(desired), live.fields, SETTINGS)
        if changed:
            yield _change(desired, "settings", changed)
    else:
        rows = (live.facts["row"], *rows)
        yield _made(desired, SECRET, Action.UPDATE, _all_fields(desired, live), _blocks(desired))
    if rows:
        shown = ", ".join(f"{row.title} #{row.id}" for row in rows)
        gone = FieldChange(LEFT_BEHIND, shown, None, str(desired.location))
        needs = () if stays else (f"{desired.address}:{SECRET}",)
        yield _change(desired, LEFTOVERS, (gone,), needs)


def _sorted(desired: Desired) -> dict[str, Stated]:
    """The stated fields with their events in the order in which the live ones are read."""
    fields = dict(desired.fields)
    if "events" in fields:
        events = fields["events"]
        fields["events"] = replace(events, value=tuple(sorted(events.value)))
    return fields


def _all_fields(desired: Desired, live: Live | None) -> tuple[FieldChange, ...]:
    """What a new webhook has: where one was there only what becomes another, and the secret."""
    there = live.fields if live else None
    paths = (*SETTINGS, "secret_version")
    changed = list(changed_fields(_sorted(desired), there, paths))
    if SECRET in desired.fields:
        secret = desired.fields[SECRET]
        after = f"{secret.value}, cannot be verified"
        changed.append(FieldChange(SECRET, None, after, str(secret.location)))
    return tuple(changed)


def _blocks(desired: Desired) -> tuple[str, ...]:
    """Another version without its secret: a plan that reverses a run knows none."""
    return () if SECRET in desired.fields else ("its secret is not known: state it",)


def _made(
    desired: Desired,
    part: str,
    action: Action,
    fields: tuple[FieldChange, ...],
    reasons: tuple[str, ...],
) -> Change:
    return Change(
        address=desired.address,
        part=part,
        action=action,
        location=desired.location,
        fields=fields,
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _change(
    desired: Desired, part: str, fields: tuple[FieldChange, ...], needs: tuple[str, ...] = ()
) -> Change:
    return Change(
        address=desired.address,
        part=part,
        action=Action.UPDATE,
        location=desired.location,
        fields=fields,
        needs=needs,
    )


# ---- writing -------------------------------------------------------------------------------------


def _new(desired: Desired, live: Live | None) -> NewWebhook:
    """As the manifests state it; what they leave open stays as it was, or is as is usual."""
    there: dict[str, Any] = {"active": True} if live is None else live.fields
    stated = {path: one.value for path, one in _sorted(desired).items()}
    fields = {name: stated.get(name, there.get(name)) for name in SETTINGS}
    secret = stated.get(SECRET)
    version = stated.get("secret_version", there.get("secret_version", FIRST_VERSION))
    if secret is not None and not isinstance(secret, Secret):
        raise RefusedError("the value of its secret is not known")
    return NewWebhook(desired.address.key, version, fields, secret.value if secret else None)


async def _delete_leftovers(change: Change, work: Work) -> None:
    """Reads once more: nothing goes before the one that takes its place is there."""
    desired = work.world.desired[change.address]
    mine = of_key(await read_webhooks(work.api), change.address.key)
    stated = desired.fields.get("secret_version")
    version = stated.value if stated else max((row.version for row in mine), default=None)
    stays = next((row for row in mine if row.version == version), None)
    if stays is None:
        raise RefusedError("what takes its place is not there")
    for row in mine:
        if row is not stays:
            await delete_webhook(work.api, row.id)
