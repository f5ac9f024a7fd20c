"""Carries out the changes of users: creation without e-mails, then part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, UnknownOutcomeError
from engine.kind import RefusedError, Work
from engine.kinds._user_plan import ATTRIBUTES, folded
from engine.kinds._user_values import DATA, values_of
from engine.plan import Action, Change
from engine.wiseflow.users import UserSearch, read_emails, read_user_data, read_user_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Address, Value
    from engine.world import World

Entry = dict[str, Any]
Pair = tuple[str, str]


async def write_user(change: Change, work: Work) -> None:
    """One change of one user, whichever part it is."""
    if change.action is Action.CREATE:
        await _write_create(change, work)
        return
    user_id = work.server_id(change.address)
    if user_id is None:
        raise RefusedError("the user is not in WISEflow")
    await WRITERS[change.part](change, user_id, work)


async def _write_create(change: Change, work: Work) -> None:
    world = work.world
    after = {field.path: field.after for field in change.fields}
    own, others = _identifiers(change.address.key, after, world)
    body = _create_body(own, after, world)
    user_id, is_new = await _post_user(change.address, body, after, work)
    work.server_ids[change.address] = user_id
    emails = values_of(after.get("emails"))
    if emails:
        await _set_emails(work, user_id, emails, exact=False)
    if others:
        rows = [] if is_new else await read_user_data(work.api, user_id)
        there = {(row["userDataTypeId"], str(row["value"])) for row in rows}
        entries = [one for one in _entries(others, world) if (*one.values(),) not in there]
        await _add_data(work, user_id, entries)


def _identifiers(key: str, after: Mapping[str, Value], world: World) -> tuple[set[Pair], set[Pair]]:
    """What a user is made with, and what is added then: names of data types with values.

    With an identifier that is somebody else's WISEflow would write over them; to add it is refused.
    """
    types = world.licence.data_types
    pairs = {
        (path.removeprefix(DATA), value)
        for path, values in after.items()
        if path.startswith(DATA)
        for value in values_of(values)
    }
    own = (world.people.user_key, key)
    later = {one for one in pairs if types[one[0]].unique and one != own}
    return {own, *pairs} - later, later


def _entries(pairs: Iterable[Pair], world: World) -> list[Entry]:
    types = world.licence.data_types
    return [{"userDataTypeId": types[name].id, "value": value} for name, value in sorted(pairs)]


def _create_body(
    identifiers: Iterable[Pair], after: Mapping[str, Value], world: World
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "firstName": after["first_name"],
        "lastName": after["last_name"],
        # None at all, so that no e-mail can match a stranger's account.
        "emails": [],
        "roles": [world.licence.roles[name].id for name in after.get("roles") or ()],
        "externalIds": _entries(identifiers, world),
    }
    body |= {name: after[name] for name in ("phone", "language") if after.get(name)}
    return body


async def _post_user(
    address: Address,
    body: dict[str, Any],
    after: Mapping[str, Value],
    work: Work,
    *,
    again: bool = False,
) -> tuple[int, bool]:
    """The new user's number, and whether this very call made them.

    A 200 where 201 was due is somebody else's account: stop.

    After a lost answer the user is looked for, once more when the request cannot arrive any more,
    and only then sent again.
    """
    try:
        answer = await work.api.request("POST", "/license/user", body=body)
        number = _number_in(answer.payload, answer.status)
    except UnknownOutcomeError:
        found = await _look_for(address, work)
        if found is None:
            await work.patience.sleep(work.patience.lost_answer)
            found = await _look_for(address, work)
        if found is None and again:
            raise
        if found is None:
            return await _post_user(address, body, after, work, again=True)
        return found, False
    except ApiError as error:
        emails = values_of(after.get("emails"))
        if error.status != 400 or body["emails"] or not emails:
            raise
        return await _post_user(address, body | {"emails": [emails[0]]}, after, work, again=again)
    if answer.status != 201 and not (again and await _is_ours(address, number, work)):
        raise RefusedError(
            f"WISEflow updated user #{number} instead of creating one: "
            "another run has just made the same person, or an e-mail here is somebody else's; "
            "plan again, and compare both people where it still says so"
        )
    return number, answer.status == 201


def _number_in(payload: Any, status: int) -> int:
    """Raises: UnknownOutcomeError, where an answer of success does not say whom it made."""
    number = payload.get("userId") if isinstance(payload, dict) else None
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    raise UnknownOutcomeError("POST", "/license/user", status, "its answer names no user")


async def _is_ours(address: Address, number: int, work: Work) -> bool:
    """Whether the user that a repeated creation met carries the key: the first one made it."""
    kind = work.world.licence.data_types[work.world.people.user_key]
    return any(
        row["userDataTypeId"] == kind.id and str(row["value"]).casefold() == address.key.casefold()
        for row in await read_user_data(work.api, number)
    )


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
    stated = values_of(desired.fields["emails"].value)
    await _set_emails(work, user_id, stated, exact="emails" in desired.exact)


async def _set_emails(work: Work, user_id: int, stated: tuple[str, ...], exact: bool) -> None:
    """Adds first, then makes primary, then removes: nobody is locked out on the way.

    Who has no e-mail gets the primary as such at once: a search does not tell which is primary, so
    that nobody would notice that it was never made so.
    """
    ids = {"userId": user_id}
    there = _by_email(await read_emails(work.api, user_id))
    lacking = [email for email in stated if email.casefold() not in there]
    if lacking:
        body = [{"email": email, "primary": not there and email == stated[0]} for email in lacking]
        await work.api.call("POST", "/users/{userId}/emails", ids=ids, body=body, repeatable=False)
        there = _by_email(await read_emails(work.api, user_id))
    primary = there.get(stated[0].casefold()) if stated else None
    if primary and not primary.get("primary"):
        body = [{"emailId": primary["emailId"], "email": primary["email"], "primary": True}]
        await work.api.call("PATCH", "/users/{userId}/emails", ids=ids, body=body, repeatable=True)
    if exact:
        wanted = set(folded(stated))
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
    """Replaces first, then adds, then deletes."""
    path, ids = "/users/{userId}/user-data", {"userId": user_id}
    replaced, added, gone = _steps(change, await read_user_data(work.api, user_id), work.world)
    if replaced:
        await work.api.call("PATCH", path, ids=ids, body=replaced, repeatable=True)
    await _add_data(work, user_id, added)
    for number in gone:
        one = {**ids, "userDataId": number}
        await work.api.call("DELETE", "/users/{userId}/user-data/{userDataId}", ids=one)


async def _add_data(work: Work, user_id: int, entries: Iterable[Entry]) -> None:
    path, ids = "/users/{userId}/user-data", {"userId": user_id}
    for body in _one_of_each_type(entries):
        await work.api.call("POST", path, ids=ids, body=body, repeatable=False)


def _steps(
    change: Change, rows: Iterable[Mapping[str, Any]], world: World
) -> tuple[list[Entry], list[Entry], list[int]]:
    """Entries of PATCH and of POST, and the numbers of what is deleted."""
    replaced: list[Entry] = []
    added: list[Entry] = []
    gone: list[int] = []
    for field in change.fields:
        kind = world.licence.data_types[field.path.removeprefix(DATA)]
        there = {str(r["value"]): r["userDataId"] for r in rows if r["userDataTypeId"] == kind.id}
        after = values_of(field.after)
        new = [value for value in after if value not in there]
        old = [number for value, number in there.items() if value not in after]
        if new and old and not kind.multiple:
            replaced.append({"userDataId": old.pop(0), "value": new.pop()})
        added += [{"userDataTypeId": kind.id, "value": value} for value in new]
        gone += old
    return replaced, added, gone


def _one_of_each_type(added: Iterable[Entry]) -> list[list[Entry]]:
    """The entries in bodies that name each type once.

    Of several of one type WISEflow takes the first. Source: WISEflow help, user data by API.
    """
    bodies: list[list[Entry]] = []
    for entry in added:
        kind = entry["userDataTypeId"]
        free = (b for b in bodies if all(one["userDataTypeId"] != kind for one in b))
        body = next(free, None)
        if body is None:
            bodies.append([entry])
        else:
            body.append(entry)
    return bodies


WRITERS = {
    "attributes": _write_attributes,
    "emails": _write_emails,
    "roles": _write_roles,
    "data": _write_data,
}
