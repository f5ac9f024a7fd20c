"""Users on the live side: compared from the bulk search, written part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.diff import changed_fields, plainly_equal
from engine.errors import ApiError, UnknownOutcomeError
from engine.kind import RefusedError, Work
from engine.model import (
    Action,
    Address,
    Change,
    Desired,
    FieldChange,
    Hazard,
    Live,
    Stated,
    Status,
    Value,
)
from engine.wiseflow.users import UserSearch, read_emails, read_user_data, read_user_roles
from engine.world import EmailRow, Findings, World, known

if TYPE_CHECKING:
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.licence import DataType
    from engine.wiseflow.users import UserRow

ATTRIBUTES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "phone": "phone",
    "language": "language",
    "login": "loginDeactivated",
}
"""From manifest fields to those of GET and PUT /users/{userId}."""

DATA = "data."


def same_language(stated: Value, live: Value) -> bool:
    """`en` is read back as `en_GB`. Source: WISEflow OpenAPI, PUT /users/{userId}."""
    return str(stated or "").casefold() in {
        str(live or "").casefold(),
        str(live or "").split("_")[0].casefold(),
    }


def equal(path: str, stated: Value, live: Value) -> bool:
    if path == "language":
        return same_language(stated, live)
    return plainly_equal(stated, live)


@dataclass(frozen=True, slots=True)
class UserLive:
    """The live side of `users`."""

    async def read(self, api: WiseflowApi, world: World) -> None:
        for desired in _users(world):
            self._take(desired, world)
        await asyncio.gather(
            *(
                _read_emails(api, world, live)
                for desired in _users(world)
                if (live := world.live.get(desired.address))
                and _emails_undecided(desired, live.fields["emails"])
            )
        )

    def _take(self, desired: Desired, world: World) -> None:
        identity = (world.people.user_key, desired.address.key.casefold())
        numbers = world.people.found.get(identity, ())
        if len(numbers) > 1:
            world.several[desired.address] = numbers
        elif numbers:
            row = world.people.rows[numbers[0]]
            world.live[desired.address] = _live(desired.address, row, world)

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        if numbers := world.several.get(desired.address):
            shown = " and ".join(f"#{number}" for number in numbers)
            message = f"several people in WISEflow carry this key: {shown}"
            findings.problem(desired.location, "key", message, "take the key away from all but one")
            return
        live = world.live.get(desired.address)
        fields = _checked(desired, live, world, findings)
        if live is None:
            findings.changes += _create(desired, fields, world)
            return
        parts = (_attributes, _emails, _roles, _data)
        findings.changes += [
            change for part in parts for change in part(desired, fields, live, world)
        ]

    async def write(self, change: Change, work: Work) -> None:
        if change.action is Action.CREATE:
            await _write_create(change, work)
            return
        user_id = work.server_id(change.address)
        assert user_id is not None  # noqa: S101  an update is planned for live users only
        writers = {
            "attributes": _write_attributes,
            "emails": _write_emails,
            "roles": _write_roles,
            "data": _write_data,
        }
        await writers[change.part](change, user_id, work)


def _users(world: World) -> Iterable[Desired]:
    return (d for a, d in sorted(world.desired.items()) if a.kind == "user")


def _live(address: Address, row: UserRow, world: World) -> Live:
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
    fields |= {DATA + names[n].name: values for n, values in row.data.items() if n in names}
    return Live(address, row.id, fields)


def _emails_undecided(desired: Desired, row: tuple[str, ...]) -> bool:
    """The bulk search does not say which e-mail is primary: one alone is, several must be read."""
    if "emails" not in desired.fields:
        return False
    stated = tuple(desired.fields["emails"].value or ())
    return len(row) > 1 or _folded(stated) != _folded(row)


def _folded(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.casefold() for value in values)


async def _read_emails(api: WiseflowApi, world: World, live: Live) -> None:
    try:
        rows = await read_emails(api, live.server_id)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        world.unread[live.address, "emails"] = str(error)
        return
    world.emails[live.server_id] = tuple(
        EmailRow(
            id=row["emailId"],
            email=row["email"],
            primary=bool(row.get("primary")),
            external=bool(row.get("fromExternalSource")),
            activated=bool(row.get("activated")),
        )
        for row in rows
    )


# ---- checks against the licence ------------------------------------------------------------------


def _checked(
    desired: Desired, live: Live | None, world: World, findings: Findings
) -> dict[str, Stated]:
    """The stated fields that the licence can hold; each other one is a problem of its own."""
    fields = {}
    for path, stated in desired.fields.items():
        refusal = _refusal(path, stated, live, world)
        if refusal:
            findings.problem(stated.location, path, *refusal)
        else:
            fields[path] = stated
    return fields


def _refusal(path: str, stated: Stated, live: Live | None, world: World) -> tuple[str, str] | None:
    if path == "roles":
        return _role_refusal(stated, live, world)
    if not path.startswith(DATA):
        return None
    kind = world.licence.data_types.get(path.removeprefix(DATA))
    if kind is None:
        hint = known(world.licence.data_types)
        return f'unknown user data type "{path.removeprefix(DATA)}"', hint
    return _data_refusal(kind, stated)


def _role_refusal(stated: Stated, live: Live | None, world: World) -> tuple[str, str] | None:
    roles = world.licence.roles
    unknown = [name for name in stated.value or () if name not in roles]
    if unknown:
        return f'unknown licence role "{unknown[0]}"', known(roles)
    there = live.fields["roles"] if live else ()
    closed = [n for n in stated.value or () if roles[n].protected and n not in there]
    if closed:
        return f'the licence role "{closed[0]}" is protected', "UNIwise alone gives or takes it"
    return None


def _data_refusal(kind: DataType, stated: Stated) -> tuple[str, str] | None:
    values = _values(stated.value)
    if len(values) > 1 and not kind.multiple:
        return f'"{kind.name}" holds one value, not {len(values)}', "state one"
    for value in values:
        if not kind.accepts(value):
            return f'"{kind.name}" does not accept this value', f"it must match {kind.pattern}"
    return None


def _values(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


# ---- planning ------------------------------------------------------------------------------------


def _create(desired: Desired, fields: Mapping[str, Stated], world: World) -> Iterable[Change]:
    reasons = []
    lacking = [name for name in ("first_name", "last_name") if not _text(fields.get(name))]
    if desired.profile in world.incomplete_profiles:
        reasons.append(f"UNIWeb was not read: {world.incomplete_profiles[desired.profile or '']}")
    elif lacking:
        reasons.append(f"a new user needs {' and '.join(lacking)}: state it, or fill it by profile")
    if set(fields) != set(desired.fields):
        reasons.append("what the licence does not accept must be mended first")
    yield Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=changed_fields(fields, None, sorted(fields)),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=tuple(reasons),
    )


def _text(stated: Stated | None) -> bool:
    return bool(stated and stated.value)


def _update(
    desired: Desired, part: str, fields: Iterable[FieldChange], hazards: Iterable[Hazard] = ()
) -> Iterable[Change]:
    changed = tuple(fields)
    if changed:
        yield Change(
            address=desired.address,
            part=part,
            action=Action.UPDATE,
            location=desired.location,
            fields=changed,
            hazards=tuple(hazards),
        )


def _attributes(
    desired: Desired, fields: Mapping[str, Stated], live: Live, world: World
) -> Iterable[Change]:
    paths = [path for path in ATTRIBUTES if path in fields]
    changed = [
        change
        for path in paths
        for change in changed_fields(
            fields, live.fields, [path], lambda a, b, path=path: equal(path, a, b)
        )
    ]
    return _update(desired, "attributes", changed)


def emails_after(
    stated: tuple[str, ...], rows: tuple[EmailRow, ...], exact: bool
) -> tuple[str, ...]:
    """The e-mails as they will be, primary first; what comes from outside always stays."""
    wanted = set(_folded(stated))
    kept = [row for row in rows if row.email.casefold() not in wanted]
    if exact:
        kept = [row for row in kept if row.external]
    ordered = sorted(kept, key=lambda row: not row.primary)
    return stated + tuple(row.email for row in ordered)


def _emails(
    desired: Desired, fields: Mapping[str, Stated], live: Live, world: World
) -> Iterable[Change]:
    if "emails" not in fields or (desired.address, "emails") in world.unread:
        return []
    stated = tuple(fields["emails"].value or ())
    rows = world.emails.get(live.server_id)
    if rows is None:
        rows = tuple(EmailRow(0, email, True, False, True) for email in live.fields["emails"])
    before = tuple(row.email for row in sorted(rows, key=lambda row: not row.primary))
    after = emails_after(stated, rows, "emails" in desired.exact)
    if _folded(before[:1]) == _folded(after[:1]) and set(_folded(before)) == set(_folded(after)):
        return []
    change = FieldChange("emails", before, after, str(fields["emails"].location))
    return _update(desired, "emails", [change], _email_hazards(after, rows))


def _email_hazards(after: tuple[str, ...], rows: tuple[EmailRow, ...]) -> Iterable[Hazard]:
    primary = after[0].casefold() if after else ""
    asleep = [r for r in rows if r.email.casefold() == primary and not r.activated]
    if asleep and not asleep[0].primary:
        message = "the new primary e-mail is deactivated: WISEflow sends an activation e-mail"
        yield Hazard("primary-email", message, True)


def _roles(
    desired: Desired, fields: Mapping[str, Stated], live: Live, world: World
) -> Iterable[Change]:
    if "roles" not in fields:
        return []
    stated, there = tuple(fields["roles"].value or ()), tuple(live.fields["roles"])
    protected = {name for name, role in world.licence.roles.items() if role.protected}
    exact = "roles" in desired.exact
    kept = [name for name in there if not exact or name in stated or name in protected]
    after = tuple(sorted({*kept, *stated}))
    before = tuple(sorted(there))
    if before == after:
        return []
    change = FieldChange("roles", before, after, str(fields["roles"].location))
    return _update(desired, "roles", [change])


def _data(
    desired: Desired, fields: Mapping[str, Stated], live: Live, world: World
) -> Iterable[Change]:
    changed = []
    for path in sorted(path for path in fields if path.startswith(DATA)):
        kind = world.licence.data_types[path.removeprefix(DATA)]
        before = tuple(live.fields.get(path, ()))
        after = data_after(kind, _values(fields[path].value), before, "data" in desired.exact)
        if sorted(before) != sorted(after):
            written = str(fields[path].location)
            changed.append(FieldChange(path, _plain(before), _plain(after), written))
    return _update(desired, "data", changed)


def data_after(
    kind: DataType, stated: tuple[str, ...], before: tuple[str, ...], exact: bool
) -> tuple[str, ...]:
    """One value replaces; several are only added to, unless they are stated to be exact."""
    if not kind.multiple or exact or not stated:
        return stated
    return before + tuple(value for value in stated if value not in before)


def _plain(values: tuple[str, ...]) -> Value:
    return values[0] if len(values) == 1 else (values or None)


# ---- writing -------------------------------------------------------------------------------------


async def _write_create(change: Change, work: Work) -> None:
    world = work.world
    after = {field.path: field.after for field in change.fields}
    body = _create_body(change.address.key, after, world)
    user_id = await _post_user(change.address, body, after, work)
    work.server_ids[change.address] = user_id
    emails = _values(after.get("emails"))
    if emails:
        await _set_emails(work, user_id, emails, exact=False)
    if after.get("login") == "disabled":
        await _put_attributes(work, user_id, {"login": "disabled"})


def _create_body(key: str, after: Mapping[str, Value], world: World) -> dict[str, Any]:
    types = world.licence.data_types
    pairs = {(world.people.user_key, key)}
    pairs |= {
        (path.removeprefix(DATA), value)
        for path, values in after.items()
        if path.startswith(DATA)
        for value in _values(values)
    }
    body: dict[str, Any] = {
        "firstName": after["first_name"],
        "lastName": after["last_name"],
        # None at all, so that no e-mail can match a stranger's account.
        "emails": [],
        "roles": [world.licence.roles[name].id for name in after.get("roles") or ()],
        "externalIds": [
            {"userDataTypeId": types[name].id, "value": value} for name, value in sorted(pairs)
        ],
    }
    body |= {name: after[name] for name in ("phone", "language") if after.get(name)}
    return body


async def _post_user(
    address: Address, body: dict[str, Any], after: Mapping[str, Value], work: Work
) -> int:
    """The new user's number. A 200 where 201 was due is somebody else's account: stop."""
    try:
        answer = await work.api.request("POST", "/license/user", body=body)
    except UnknownOutcomeError:
        await work.patience.sleep(work.patience.lost_answer)
        found = await _look_for(address, work)
        if found is None:
            raise
        return found
    except ApiError as error:
        emails = _values(after.get("emails"))
        if error.status != 400 or body["emails"] or not emails:
            raise
        return await _post_user(address, body | {"emails": [emails[0]]}, after, work)
    if answer.status != 201:
        raise RefusedError(
            f"WISEflow updated user #{answer.payload['userId']} instead of creating one: "
            "an identifier here is somebody else's; compare both people before you go on"
        )
    return int(answer.payload["userId"])


async def _look_for(address: Address, work: Work) -> int | None:
    kind = work.world.licence.data_types[work.world.people.user_key]
    wanted = (kind.id, address.key)
    rows = (await UserSearch(work.api).find([wanted]))[wanted]
    return rows[0].id if len(rows) == 1 else None


async def _write_attributes(change: Change, user_id: int, work: Work) -> None:
    await _put_attributes(work, user_id, {field.path: field.after for field in change.fields})


async def _put_attributes(work: Work, user_id: int, after: Mapping[str, Value]) -> None:
    """Overlays the values on what the server has just answered: every field is required."""
    ids = {"userId": user_id}
    row = await work.api.call("GET", "/users/{userId}", ids=ids)
    body = {theirs: row.get(theirs) for theirs in ATTRIBUTES.values()}
    body = {name: "" if value is None else value for name, value in body.items()}
    for path, value in after.items():
        body[ATTRIBUTES[path]] = value == "disabled" if path == "login" else value or ""
    await work.api.call("PUT", "/users/{userId}", ids=ids, body=body)


async def _write_emails(change: Change, user_id: int, work: Work) -> None:
    desired = work.world.desired[change.address]
    stated = _values(desired.fields["emails"].value)
    await _set_emails(work, user_id, stated, exact="emails" in desired.exact)


async def _set_emails(work: Work, user_id: int, stated: tuple[str, ...], exact: bool) -> None:
    """Adds first, then makes primary, then removes: nobody is locked out on the way."""
    ids = {"userId": user_id}
    there = _by_email(await read_emails(work.api, user_id))
    lacking = [email for email in stated if email.casefold() not in there]
    if lacking:
        body = [{"email": email, "primary": False} for email in lacking]
        await work.api.call("POST", "/users/{userId}/emails", ids=ids, body=body, repeatable=False)
        there = _by_email(await read_emails(work.api, user_id))
    primary = there.get(stated[0].casefold()) if stated else None
    if primary and not primary.get("primary"):
        body = [{"emailId": primary["emailId"], "email": primary["email"], "primary": True}]
        await work.api.call("PATCH", "/users/{userId}/emails", ids=ids, body=body, repeatable=True)
    if exact:
        wanted = set(_folded(stated))
        for email, row in there.items():
            if email not in wanted and not row.get("fromExternalSource"):
                path = "/users/{userId}/emails/{emailId}"
                await work.api.call("DELETE", path, ids={**ids, "emailId": row["emailId"]})


def _by_email(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["email"].casefold(): row for row in rows}


async def _write_roles(change: Change, user_id: int, work: Work) -> None:
    (field,) = change.fields
    ids, roles = {"userId": user_id}, work.world.licence.roles
    add = [roles[name].id for name in field.after if name not in field.before]
    if add:
        body = [{"licenseRoleId": number} for number in add]
        await work.api.call("POST", "/users/{userId}/roles", ids=ids, body=body, repeatable=True)
    gone = [name for name in field.before if name not in field.after]
    rows = await read_user_roles(work.api, user_id) if gone else []
    for row in rows:
        if row["name"] in gone and not row.get("isProtected"):
            path = "/users/{userId}/roles/{userRoleId}"
            await work.api.call("DELETE", path, ids={**ids, "userRoleId": row["userRoleId"]})


async def _write_data(change: Change, user_id: int, work: Work) -> None:
    rows = await read_user_data(work.api, user_id)
    for field in change.fields:
        kind = work.world.licence.data_types[field.path.removeprefix(DATA)]
        there = [row for row in rows if row["userDataTypeId"] == kind.id]
        await _set_data(work, user_id, kind, there, _values(field.after))


async def _set_data(
    work: Work,
    user_id: int,
    kind: DataType,
    there: list[dict[str, Any]],
    after: tuple[str, ...],
) -> None:
    path, ids = "/users/{userId}/user-data", {"userId": user_id}
    values = {str(row["value"]): row for row in there}
    add = [value for value in after if value not in values]
    gone = [row for value, row in values.items() if value not in after]
    if add and gone and not kind.multiple:
        body: list[dict[str, Any]] = [{"userDataId": gone.pop(0)["userDataId"], "value": add.pop()}]
        await work.api.call("PATCH", path, ids=ids, body=body, repeatable=True)
    if add:
        body = [{"userDataTypeId": kind.id, "value": value} for value in add]
        await work.api.call("POST", path, ids=ids, body=body, repeatable=False)
    for row in gone:
        await work.api.call(
            "DELETE", f"{path}/{{userDataId}}", ids={**ids, "userDataId": row["userDataId"]}
        )
