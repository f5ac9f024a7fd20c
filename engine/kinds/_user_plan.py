"""What of a user differs from what is live, as far as the licence can hold it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.diff import changed_fields, plainly_equal
from engine.kinds._user_identifiers import needs as needs_of_identifiers
from engine.kinds._user_identifiers import refusal as taken
from engine.kinds._user_values import DATA, data_after, unfit, values_of
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.world import EmailRow, Findings, World, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Desired, Live, Stated, Value

ATTRIBUTES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "phone": "phone",
    "language": "language",
    "login": "loginDeactivated",
}
"""From manifest fields to those of GET and PUT /users/{userId}."""

NO_PRIMARY = "(no primary)"
"""Stands first where none of a user's e-mails is primary, as a crash can leave them."""


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


def normal(path: str, value: Value) -> Value:
    """Lists as mappings of their members, so that a part of a list can be told from all of it."""
    if path == "emails":
        emails = folded(value or ())
        primary = {"primary": emails[0]} if emails else {}
        return {**dict.fromkeys(set(emails) - {NO_PRIMARY}, True), **primary}
    if path == "roles" or path.startswith(DATA):
        return dict.fromkeys(values_of(value), True)
    if path == "language":
        return str(value or "").split("_")[0].casefold()
    return value


def folded(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.casefold() for value in values)


def checked(
    desired: Desired, live: Live | None, world: World, findings: Findings
) -> dict[str, Stated]:
    """The stated fields that the licence can hold; each other one is a problem of its own."""
    fields = {}
    for path, stated in desired.fields.items():
        refusal = _refusal(path, stated, live, world) or taken(path, desired, world)
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
    return unfit(kind, values_of(stated.value))


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


def creation(desired: Desired, fields: Mapping[str, Stated], world: World) -> Iterable[Change]:
    reasons = tuple(_creation_blocks(desired, fields, world))
    status = Status.BLOCKED if reasons else Status.PLANNED
    # A new login is enabled: to disable it is a step of its own, after the creation.
    disabled = "login" in fields and fields["login"].value == "disabled"
    paths = sorted(set(fields) - ({"login"} if disabled else set()))
    made = Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=changed_fields(fields, None, paths),
        needs=needs_of_identifiers(desired, fields, world),
        status=status,
        reasons=reasons,
    )
    yield made
    if disabled:
        changed = changed_fields(fields, {"login": "enabled"}, ["login"])
        for change in _update(desired, "attributes", changed):
            yield replace(change, needs=(made.id,))


def _creation_blocks(desired: Desired, fields: Mapping[str, Stated], world: World) -> Iterable[str]:
    lacking = [name for name in ("first_name", "last_name") if not _text(fields.get(name))]
    if desired.profile in world.incomplete_profiles:
        yield f"UNIWeb was not read: {world.incomplete_profiles[desired.profile or '']}"
    elif lacking:
        yield f"a new user needs {' and '.join(lacking)}: state it, or fill it by profile"
    if set(fields) != set(desired.fields):
        yield "what the licence does not accept must be mended first"


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
    differing = [
        path
        for path in ATTRIBUTES
        if path in fields and not equal(path, fields[path].value, live.fields.get(path))
    ]
    changed = changed_fields(fields, live.fields, differing)
    return _update(desired, "attributes", changed)


def emails_after(
    stated: tuple[str, ...], rows: tuple[EmailRow, ...], exact: bool
) -> tuple[str, ...]:
    """The e-mails as they will be, primary first; what comes from outside always stays."""
    wanted = set(folded(stated))
    kept = [row for row in rows if row.email.casefold() not in wanted]
    if exact:
        kept = [row for row in kept if row.external]
    ordered = sorted(kept, key=lambda row: not row.primary)
    return stated + tuple(row.email for row in ordered)


def primary_first(rows: Iterable[EmailRow]) -> tuple[str, ...]:
    """The e-mails as they are, primary first."""
    ordered = sorted(rows, key=lambda row: not row.primary)
    lacking = (NO_PRIMARY,) if ordered and not ordered[0].primary else ()
    return lacking + tuple(row.email for row in ordered)


def _emails(
    desired: Desired, fields: Mapping[str, Stated], live: Live, world: World
) -> Iterable[Change]:
    if "emails" not in fields or (desired.address, "emails") in world.unread:
        return []
    stated = tuple(fields["emails"].value or ())
    rows = world.emails.get(live.server_id)
    if rows is None:
        rows = tuple(EmailRow(0, email, True, False, True) for email in live.fields["emails"])
    before = primary_first(rows)
    after = emails_after(stated, rows, "emails" in desired.exact)
    if folded(before[:1]) == folded(after[:1]) and set(folded(before)) == set(folded(after)):
        return []
    change = FieldChange("emails", before, after, str(fields["emails"].location))
    changes = _update(desired, "emails", [change], _email_hazards(after, rows))
    if stated:
        return changes
    reason = "the primary e-mail of a user cannot be deleted: state the one that stays"
    return [replace(one, status=Status.BLOCKED, reasons=(reason,)) for one in changes]


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
    # What a seat needs is not taken away under it, whatever is stated to be exact.
    stays = {*stated, *protected, *world.needed.get(desired.address, ())}
    kept = [name for name in there if not exact or name in stays]
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
        after = data_after(kind, values_of(fields[path].value), before, "data" in desired.exact)
        if sorted(before) != sorted(after):
            written = str(fields[path].location)
            changed.append(FieldChange(path, _plain(before), _plain(after), written))
    changes = _update(desired, "data", changed)
    return [replace(one, needs=needs_of_identifiers(desired, fields, world)) for one in changes]


def _plain(values: tuple[str, ...]) -> Value:
    return values[0] if len(values) == 1 else (values or None)


PARTS = (_attributes, _emails, _roles, _data)
"""The parts of an update, each a change of its own."""
