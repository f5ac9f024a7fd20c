"""Users on the live side: compared from the bulk search, written part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kinds._user_leave import FLOWS
from engine.kinds._user_plan import PARTS, checked, creation, folded, primary_first
from engine.kinds._user_values import DATA
from engine.kinds._user_write import write_user
from engine.model import Address, Desired, Live, Value
from engine.wiseflow.users import UserSearch, read_emails, read_flows
from engine.world import EmailRow, Findings, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.kind import Work
    from engine.plan import Change
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.users import UserRow


@dataclass(frozen=True, slots=True)
class UserLive:
    """The live side of `users`."""

    async def find(self, api: WiseflowApi, world: World) -> None:
        for desired in _users(world):
            self._take(desired, world)

    async def read(self, api: WiseflowApi, world: World, address: Address) -> None:
        live = world.live[address]
        if not world.desired[address].is_stated:
            await _read_flows(api, world, live)
            return
        if _emails_undecided(world.desired[address], live.fields["emails"]):
            await _read_emails(api, world, live)

    async def reread(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        """The bulk search at the start of the apply is the second look at users."""
        await self.read(api, world, address)

    async def look_again(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        key = (world.licence.data_types[world.people.user_key].id, address.key)
        search = UserSearch(api)
        found = (await search.find([key]))[key]
        world.people.rows |= search.rows
        world.people.found[world.people.user_key, address.key.casefold()] = tuple(
            row.id for row in found
        )
        world.unread.pop((address, "emails"), None)
        world.live.pop(address, None)
        self._take(world.desired[address], world)
        stated = world.desired[address].is_stated
        if address in world.live and not (stated and parts.isdisjoint({"", "emails"})):
            await self.read(api, world, address)

    def _take(self, desired: Desired, world: World) -> None:
        identity = (world.people.user_key, desired.address.key.casefold())
        numbers = world.people.found.get(identity, ())
        if len(numbers) > 1:
            world.several[desired.address] = numbers
        elif numbers:
            row = world.people.rows[numbers[0]]
            world.live[desired.address] = _live(desired, row, world)

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        if numbers := world.several.get(desired.address):
            shown = " and ".join(f"#{number}" for number in numbers)
            message = f"several people in WISEflow carry this key: {shown}"
            findings.problem(desired.location, "key", message, "take the key away from all but one")
            return
        live = world.live.get(desired.address)
        if reason := world.unread.get((desired.address, "emails")):
            findings.problem(desired.location, "emails", reason, "they are left alone")
        fields = checked(desired, live, world, findings)
        if live is None:
            findings.changes += creation(desired, fields, world)
            return
        findings.changes += [
            change for part in PARTS for change in part(desired, fields, live, world)
        ]

    async def write(self, change: Change, work: Work) -> None:
        await write_user(change, work)


def _users(world: World) -> Iterable[Desired]:
    return (d for a, d in sorted(world.desired.items()) if a.kind == "user")


def _live(desired: Desired, row: UserRow, world: World) -> Live:
    names = {kind.id: kind for kind in world.licence.data_types.values()}
    fields: dict[str, Value] = {
        "first_name": row.first_name,
        "last_name": row.last_name,
        "phone": row.phone,
        "language": row.language,
        "emails": row.emails,
        "roles": row.roles,
        "login": "disabled" if row.deactivated else "enabled",
    }
    fields |= {path: () for path in desired.fields if path.startswith(DATA)}
    fields |= {DATA + names[n].name: values for n, values in row.data.items() if n in names}
    return Live(desired.address, row.id, fields)


def _emails_undecided(desired: Desired, row: tuple[str, ...]) -> bool:
    """The bulk search does not say which e-mail is primary: one alone is, several must be read."""
    if "emails" not in desired.fields:
        return False
    stated = tuple(desired.fields["emails"].value or ())
    return len(row) > 1 or folded(stated) != folded(row)


async def _read_flows(api: WiseflowApi, world: World, live: Live) -> None:
    """The flows that still have somebody whose login is to be disabled."""
    world.unread.pop((live.address, FLOWS), None)
    try:
        live.facts[FLOWS] = await read_flows(api, live.server_id)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        world.unread[live.address, FLOWS] = error.unread


async def _read_emails(api: WiseflowApi, world: World, live: Live) -> None:
    try:
        rows = await read_emails(api, live.server_id, known=live.fields["emails"])
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        world.unread[live.address, "emails"] = error.unread
        return
    found = tuple(
        EmailRow(
            id=row["emailId"],
            email=row["email"],
            primary=bool(row.get("primary")),
            external=bool(row.get("fromExternalSource")),
            activated=bool(row.get("activated")),
        )
        for row in rows
    )
    world.emails[live.server_id] = found
    live.fields["emails"] = primary_first(found)
