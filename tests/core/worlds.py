"""Worlds built by hand for the pure core: small, whole, and no server behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from engine.errors import Location
from engine.kind import Kind
from engine.kinds._flow_live import FlowLive
from engine.kinds._user_live import UserLive
from engine.model import (
    Address,
    Desired,
    DesiredRole,
    DesiredSeat,
    Live,
    LiveSeat,
    Person,
    Stated,
    Value,
)
from engine.planner import Options, make_plan
from engine.wiseflow.flows import FlowKeys
from engine.wiseflow.licence import DataType, Licence, LicenceRole
from engine.wiseflow.users import UserRow
from engine.world import People, World

if TYPE_CHECKING:
    from engine.plan import Plan

NOW = datetime(2027, 1, 11, 8, tzinfo=UTC)
USER_KEY = "Personal Organisation Id"
HERE = Location("flows.yaml", 3, 3)

LICENCE = Licence(
    data_types={
        USER_KEY: DataType(1, USER_KEY, multiple=True),
        "Department": DataType(2, "Department"),
        "Student Number": DataType(3, "Student Number", pattern=r"^\d+$", multiple=True),
    },
    roles={
        "Assessor": LicenceRole(10, "Assessor"),
        "Manager": LicenceRole(11, "Manager"),
        "Administrator": LicenceRole(12, "Administrator", protected=True),
    },
    flow_types={"FLOWassign": 1, "FLOWlock": 3},
    assessor_types={"Internal": 20, "External": 21},
)

KINDS = {
    "users": Kind("user", "users", BaseModel, UserLive()),
    "flows": Kind("flow", "flows", BaseModel, FlowLive(), after=("user",)),
}


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)


def stated(**fields: Value) -> dict[str, Stated]:
    """Fields as a manifest states them; a double underscore stands for the dot."""
    return {name.replace("__", "."): Stated(value, HERE) for name, value in fields.items()}


WINDOWS: dict[str, Value] = {
    "participation__start": days(60),
    "participation__end": days(60.2),
    "marking__start": days(62),
    "marking__end": days(80),
}


def role(name: str, *people: str, membership: str = "managed", **flags: Value) -> DesiredRole:
    seats = tuple(
        DesiredSeat(Person(USER_KEY, key), HERE, {n: Stated(v, HERE) for n, v in flags.items()})
        for key in people
    )
    return DesiredRole(name, seats, membership, HERE)


def flow(key: str, *roles: DesiredRole, **fields: Value) -> Desired:
    return Desired(
        Address("flow", key), HERE, stated(**fields), roles={one.role: one for one in roles}
    )


def user(key: str, *exact: str, **fields: Value) -> Desired:
    return Desired(Address("user", key), HERE, stated(**fields), exact=frozenset(exact))


@dataclass(slots=True)
class Licensed:
    """A world under construction: people by key, flows with their seats."""

    desired: list[Desired] = field(default_factory=list)
    rows: dict[int, UserRow] = field(default_factory=dict)
    flows: list[Live] = field(default_factory=list)

    def person(self, number: int, key: str, **changes: Value) -> Licensed:
        values: dict[str, Value] = {
            "first_name": "Ada",
            "last_name": "Lovelace",
            "phone": None,
            "language": "en_GB",
            "emails": (key,),
            "roles": (),
            "deactivated": False,
            "data": {1: (key,)},
        } | changes
        self.rows[number] = UserRow(id=number, **values)
        return self

    def live_flow(
        self, key: str, number: int, state: int, roles: dict[str, list[int]], **fields: Value
    ) -> Licensed:
        seats = {
            name: tuple(
                LiveSeat(n, 1000 + n, {"active": True} if name == "participants" else {})
                for n in people
            )
            for name, people in roles.items()
        }
        named = {name.replace("__", "."): value for name, value in fields.items()}
        facts = {"state": state, "sis": False, "marked": False, "content": True}
        self.flows.append(Live(Address("flow", key), number, named, seats, facts))
        return self

    def world(self) -> World:
        people = People(USER_KEY, rows=dict(self.rows))
        people.manifest = {
            (USER_KEY, d.address.key.casefold()): d.address.key
            for d in self.desired
            if d.address.kind == "user"
        }
        for row in self.rows.values():
            for key in row.data.get(1, ()):
                identity = (USER_KEY, key.casefold())
                people.found[identity] = (*people.found.get(identity, ()), row.id)
        desired = {one.address: one for one in self.desired}
        world = World(LICENCE, NOW, people, desired, FlowKeys())
        for one in self.desired:
            if one.address.kind == "user":
                UserLive()._take(one, world)
        world.live |= {live.address: live for live in self.flows}
        return world

    def plan(self, options: Options = Options()) -> Plan:
        return make_plan("test", self.world(), KINDS, options)
