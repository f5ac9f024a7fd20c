"""Fills desired users, and rosters of profiles, from UNIWeb. Stated values always win."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.allocation_entries import with_allocations
from engine.errors import ApiError, AuthenticationError, Location, Problem
from engine.mapping import map_member
from engine.model import INDIVIDUAL, Desired, DesiredRole, DesiredSeat, Person, Profile, Stated
from engine.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.model import Address, DesiredState

Members = Mapping[str, Mapping[str, Any]]
"""From the index that a profile matches on to sections by resource path."""

MemberReader = Callable[[Profile], Awaitable[Members]]


@dataclass(frozen=True, slots=True)
class Filled:
    """The resources with UNIWeb's values in them, and what could not be read or mapped."""

    resources: Mapping[Address, Desired]
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """Profiles whose read failed, and files of sources that were not read, with the reason.

    Nothing may be created, removed or blanked by them.
    """
    problems: Sequence[Problem] = ()
    matched: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """For each profile the keys of the users that it fills."""
    members: Mapping[str, int] = field(default_factory=dict)
    """For each profile how many members UNIWeb answered."""
    values: Mapping[tuple[str, str], Mapping[str, Stated]] = field(default_factory=dict)
    """For each (profile, user key) what UNIWeb holds, before stated values win."""


async def fill_from_uniweb(
    state: DesiredState, read_members: MemberReader | None, user_key: str
) -> Filled:
    """The desired resources with UNIWeb's part in them; one read for each profile in use.

    What the manifests could not read of their sources stands with what UNIWeb did not answer.
    Raises: AuthenticationError, when UNIWeb refuses the credentials.
    """
    used = _profiles_in_use(state)
    lost = dict.fromkeys(_named_by_roles(state), "a file that was not read")
    lost = {label: why for label, why in lost.items() if label not in state.profiles}
    lost |= {label: str(problem) for label, problem in state.unread.items()}
    problems = [_left_alone(problem) for problem in state.unread.values()]
    if not used:
        return Filled(state.resources, lost, tuple(problems))
    answers = await together(_read(profile, read_members) for profile in used)
    read: dict[str, Members] = {}
    incomplete: dict[str, str] = {}
    for profile, answer in zip(used, answers, strict=True):
        if isinstance(answer, str):
            incomplete[profile.key] = answer
        else:
            read[profile.key] = answer
    problems += [
        Problem(profile.location, "members", f"UNIWeb was not read: {incomplete[profile.key]}")
        for profile in used
        if profile.key in incomplete
    ]
    return _fill(state, read, lost | incomplete, problems, user_key)


def _left_alone(problem: Problem) -> Problem:
    hint = "nothing that this file fills is created, removed or blanked"
    return replace(problem, hint=f"{problem.hint}\n  {hint}" if problem.hint else hint)


def _profiles_in_use(state: DesiredState) -> list[Profile]:
    named = {one.profile for one in state.resources.values() if one.profile}
    named |= _named_by_roles(state) & set(state.profiles)
    return [state.profiles[key] for key in sorted(named)]


def _named_by_roles(state: DesiredState) -> set[str]:
    """Profiles whose members fill a role, and files of sources that should have."""
    return {
        member.profile
        for one in state.resources.values()
        for role in one.roles.values()
        for member in role.profiles
    }


async def _read(profile: Profile, read_members: MemberReader | None) -> Members | str:
    if read_members is None:
        return "this environment has no uniweb"
    try:
        members = await read_members(profile)
    except AuthenticationError:
        raise
    except ApiError as error:
        return error.lasting
    if not members and "modified_since" not in profile.members:
        # A filter that finds nobody cannot be told from an answer that lost everybody.
        return "UNIWeb answers nobody: check the filter"
    return members


def _fill(
    state: DesiredState,
    read: Mapping[str, Members],
    incomplete: Mapping[str, str],
    problems: list[Problem],
    user_key: str,
) -> Filled:
    resources: dict[Address, Desired] = {}
    matched: dict[str, list[str]] = {key: [] for key in read}
    values: dict[tuple[str, str], Mapping[str, Stated]] = {}
    indexes = {key: _index(state.profiles[key], members, problems) for key, members in read.items()}
    for address, desired in state.resources.items():
        one = _with_members(desired, state.profiles, read, user_key)
        profile = state.profiles.get(desired.profile or "")
        if profile and profile.key in read:
            found = _match(desired, profile, indexes[profile.key])
            if found:
                fields, wrong = map_member(profile, *found)
                problems += [one for one in wrong if one.field not in desired.fields]
                matched[profile.key].append(address.key)
                values[profile.key, address.key] = fields
                one = replace(one, fields={**fields, **desired.fields})
        resources[address] = one
    counts = {key: len(members) for key, members in read.items()}
    return Filled(resources, incomplete, tuple(problems), matched, counts, values)


Index = Mapping[str, tuple[str, Mapping[str, Any]]]


def _index(profile: Profile, members: Members, problems: list[Problem]) -> Index:
    """Members by their index without case; two that differ in case only fill nobody."""
    index: dict[str, tuple[str, Mapping[str, Any]]] = {}
    twice: set[str] = set()
    for name, sections in sorted(members.items()):
        if name.casefold() in index:
            twice.add(name.casefold())
            place = Location(f"uniweb:members/{name}")
            message = "two members differ in upper and lower case only"
            problems.append(Problem(place, profile.match_member, message, "mend it in UNIWeb"))
        index[name.casefold()] = (name, sections)
    return {name: member for name, member in index.items() if name not in twice}


def _match(
    desired: Desired, profile: Profile, index: Index
) -> tuple[str, Mapping[str, Any]] | None:
    if profile.match_user == "key":
        return index.get(desired.address.key.casefold())
    stated = desired.fields.get(f"data.{profile.match_user}")
    values = () if stated is None or stated.value is None else stated.value
    for value in (values,) if isinstance(values, str) else values:
        if found := index.get(value.casefold()):
            return found
    return None


def _with_members(
    desired: Desired,
    profiles: Mapping[str, Profile],
    read: Mapping[str, Members],
    user_key: str,
) -> Desired:
    """The resource with everyone on its roles whom a roster's UNIWeb filter returned."""
    if not any(role.profiles for role in desired.roles.values()):
        return desired
    roles = {
        name: _role_with_members(role, profiles, read, user_key)
        for name, role in desired.roles.items()
    }
    return replace(desired, roles=with_allocations(roles))


def _role_with_members(
    role: DesiredRole,
    profiles: Mapping[str, Profile],
    read: Mapping[str, Members],
    user_key: str,
) -> DesiredRole:
    if role.role in INDIVIDUAL:
        return replace(role, seats=(*role.seats, *_mentioned(role, profiles, read, user_key)))
    seats = {seat.person.identity: seat for seat in role.seats}
    for seat in _mentioned(role, profiles, read, user_key):
        seats.setdefault(seat.person.identity, seat)
    return replace(role, seats=tuple(seats.values()))


def _mentioned(
    role: DesiredRole,
    profiles: Mapping[str, Profile],
    read: Mapping[str, Members],
    user_key: str,
) -> Iterator[DesiredSeat]:
    """Everyone whom the filters of a role's profiles returned, with the flags of the mention."""
    for mention in role.profiles:
        if mention.profile not in read:
            continue
        profile = profiles[mention.profile]
        kind = user_key if profile.match_user == "key" else profile.match_user
        for name in sorted(read[profile.key]):
            yield DesiredSeat(Person(kind, name), mention.location, mention.flags)
