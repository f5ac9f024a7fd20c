"""Reads and writes what is attached to a flow: SIS sources, and references of other systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kinds._flow_attached import (
    ATTACHED,
    LISTS,
    REFERENCES,
    SOURCES,
    is_stated,
    name_of,
    source_of,
)
from engine.kinds._flow_attached_shape import KEY_PREFIX
from engine.kinds._flow_settings_io import unread
from engine.together import together
from engine.wiseflow.references import (
    AS_WRITTEN,
    add_reference,
    read_references,
    remove_reference,
)
from engine.wiseflow.sources import add_source, read_sources, remove_source

if TYPE_CHECKING:
    from engine.kind import Work
    from engine.model import Desired, Live
    from engine.plan import Change
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World

FED = "sources"
"""The part under which it stands that the search for fed flows could not be read."""


async def read_attached(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Reads each list that is stated; one that cannot be read is left alone."""
    await together(_read(api, world, live, what) for what in LISTS if is_stated(desired, what))


async def _read(api: WiseflowApi, world: World, live: Live, what: str) -> None:
    for path in [path for path in live.fields if path.startswith(f"{what}.")]:
        del live.fields[path]
    try:
        if what == SOURCES:
            names = {name_of(one) for one in await read_sources(api, live.server_id)}
        else:
            found = await read_references(api, live.server_id, AS_WRITTEN)
            # That of the flow's key, old or new, is not another system's.
            names = {one for one in found if not one.casefold().startswith(KEY_PREFIX)}
    except ApiError as error:
        unread(world, live.address, what, error)
        return
    live.fields.update({f"{what}.{name}": ATTACHED for name in sorted(names)})
    if what == SOURCES:
        # The flow itself knows better than a search, which may lag or fail.
        live.facts["sis"] = bool(names)
        world.unread.pop((live.address, FED), None)


async def write_attached(change: Change, flow_id: int, work: Work) -> None:
    """Attaches and takes away one by one; any of it may have been done."""
    for one in change.fields:
        what, _, name = one.path.partition(".")
        if what == REFERENCES:
            write = remove_reference if one.after is None else add_reference
            await write(work.api, flow_id, name, AS_WRITTEN)
            continue
        source = source_of(name)
        (number,) = work.world.licence.integrations[source.integration]
        change_source = remove_source if one.after is None else add_source
        await change_source(work.api, flow_id, source, number)


ATTACHED_WRITERS = {part: write_attached for what in LISTS for part in (what, f"{what}.leave")}
"""By part of a flow."""
