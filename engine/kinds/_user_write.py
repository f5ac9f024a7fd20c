"""Carries out the changes of users: creation without e-mails, then part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import ApiError, UnknownOutcomeError
from engine.kind import RefusedError, Work
from engine.kinds._user_plan import ATTRIBUTES, DATA, folded, values_of
from engine.model import Action, Address, Change, Value
from engine.wiseflow.users import UserSearch, read_emails, read_user_data, read_user_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.wiseflow.licence import DataType
    from engine.world import World


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
    body = _create_body(change.address.key, after, world)
    user_id = await _post_user(change.address, body, after, work)
    work.server_ids[change.address] = user_id
    emails = values_of(after.get("emails"))
    if emails:
        await _set_emails(work, user_id, emails, exact=False)


def _create_body(key: str, after: Mapping[str, Value], world: World) -> dict[str, Any]:
    types = world.licence.data_types
    pairs = {(world.people.user_key, key)}
    pairs |= {
        (path.removeprefix(DATA), value)
        for path, values in after.items()
        if path.startswith(DATA)
        for value in values_of(values)
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
        found = await _look_for(address, work)
        if found is None:
            await work.patience.sleep(work.patience.lost_answer)
            found = await _look_for(address, work)
        if found is None:
            raise
        return found
    except ApiError as error:
        emails = values_of(after.get("emails"))
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
    stated = values_of(desired.fields["emails"].value)
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
    rows = await read_user_data(work.api, user_id)
    for field in change.fields:
        kind = work.world.licence.data_types[field.path.removeprefix(DATA)]
        there = [row for row in rows if row["userDataTypeId"] == kind.id]
        await _set_data(work, user_id, kind, there, values_of(field.after))


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


WRITERS = {
    "attributes": _write_attributes,
    "emails": _write_emails,
    "roles": _write_roles,
    "data": _write_data,
}
