"""`flow_sets` entries -> an entry of `flows` and one of `role_assignments` for each row.

Whatever reads those kinds meets the rows as if they had been written out one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.by_row import Faulty, Molder, Pour, TableMold, Vacant, common
from engine.checking import check
from engine.documents import Entry
from engine.kinds import KINDS
from engine.nodes import Node, Scalar, Sequence, Table, is_null, said
from engine.role_entries import FLAGS

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.by_row import Mold
    from engine.csvcells import Row
    from engine.csvfile import Sheet, Sheets
    from engine.documents import Documents, Steps
    from engine.kind import Kind

FLOW, ROLES = KINDS["flows"], KINDS["role_assignments"]


@dataclass(frozen=True, slots=True)
class FlowSetReader:
    """Writes out every flow set; what is wrong goes to the documents' problems."""

    documents: Documents
    sheets: Sheets
    _said: set[tuple[str, str]] = field(default_factory=set)
    """Field and message of what is wrong in all rows of a set."""

    def read(self) -> None:
        """Adds what the rows state to the documents; nothing of a file that was not read."""
        for entry in self.documents.of("flow_sets"):
            where, name = entry.at("csv"), entry.name("csv")
            sheet = None
            if entry.value.csv:
                problems = self.documents.problems
                sheet = self.sheets.sheet(entry.value.csv, where, name, problems)
            flow, roles = self._flow(entry, sheet), self._roles(entry, sheet)
            if self.sheets.lost(entry.value.csv or ""):
                self.documents.partial.add(FLOW.plural)
            elif sheet is not None:
                self.sheets.flow_files.add(sheet.name)
                for row in sheet.rows:
                    self._row(entry, sheet, row, flow, roles)

    # ---- once a set ------------------------------------------------------------------------------

    def _flow(self, entry: Entry, sheet: Sheet | None) -> Mold | None:
        table = entry.node.table("flow")
        if table is None:
            return None
        key = table.get("key")
        if isinstance(key, Scalar) and "{" not in key.text and not is_null(key):
            message, hint = "every row would have this key", "put a column into it: {code}-2027s"
            self.documents.wrong(key.location, entry.name("flow", "key"), message, hint)
            table = _without(table, "key")
        return self._mold(sheet, FLOW.model, (*entry.path, "flow"), table)

    def _roles(self, entry: Entry, sheet: Sheet | None) -> Mold | None:
        table = entry.node.table("roles")
        if table is None:
            return None
        if table.states("flows"):
            where, name = table.at("flows"), entry.name("roles", "flows")
            message = "the flow of these roles is that of the row"
            self.documents.wrong(where, name, message, "remove it")
            table = _without(table, "flows")
        mold = self._mold(sheet, ROLES.model, (*entry.path, "roles"), table)
        return replace(mold, rests_on=tuple(FLAGS)) if isinstance(mold, TableMold) else mold

    def _mold(
        self, sheet: Sheet | None, model: type[BaseModel], path: Steps, table: Table
    ) -> Mold | None:
        """The mold of a mapping; what is wrong in all rows is said once, and without any row too.

        Columns that a file of a source lacks make it unread, and are no problem of the manifests.
        """
        molder = Molder(sheet, model, path)
        mold = molder.mold(table)
        missing = self.sheets.blame(sheet.name, molder.missing) if sheet else ()
        self.documents.problems += [*molder.problems, *missing]
        if isinstance(mold, Faulty):
            return None
        node = common(mold)
        if isinstance(node, Table):
            found = check(_of_flow(node, None) if model is ROLES.model else node, model, path)[0]
            self._said.update((one.field, one.message) for one in found)
            self.documents.problems += found
        return mold

    # ---- once a row ------------------------------------------------------------------------------

    def _row(
        self, entry: Entry, sheet: Sheet, row: Row, flow: Mold | None, roles: Mold | None
    ) -> None:
        problems, key = self.documents.problems, None
        if flow is not None:
            pour = Pour(sheet, row, (*entry.path, "flow"), problems)
            key = self._add_flow(pour, pour.fill(flow))
        if roles is not None:
            pour = Pour(sheet, row, (*entry.path, "roles"), problems)
            node = pour.fill(roles)
            if isinstance(node, Table):
                self._add(ROLES, pour.path, _of_flow(node, key))

    def _add_flow(self, pour: Pour, node: Node | Vacant | Faulty) -> Node | None:
        """The key of the row's flow; None where it has none, which is said."""
        table = node if isinstance(node, Table) else None
        empty = node.cell if isinstance(node, Vacant) else None
        if table is not None and "key" in table.vacant:
            empty = table.vacant["key"]
            table = replace(table, faulty={**table.faulty, "key": empty})
        if empty is not None:
            hint = "every row names its flow: fill the cell, or remove the row"
            self.documents.wrong(empty, said((*pour.path, "key")), "this cell is empty", hint)
        entry = self._add(FLOW, pour.path, table) if table is not None else None
        return entry.node.get("key") if entry is not None else None

    def _add(self, kind: Kind, path: Steps, node: Table) -> Entry | None:
        problems, clean, value = check(node, kind.model, path)
        for one in problems:
            if (one.field, one.message) not in self._said:
                self.documents.problems.append(one)
        if value is None or not isinstance(clean, Table):
            return None
        entry = Entry(kind, path, clean, value)
        self.documents.entries.setdefault(kind.plural, []).append(entry)
        return entry


def _without(table: Table, key: str) -> Table:
    """The mapping with a key taken out, as what is wrong is: nothing more is said of it."""
    entries = {name: node for name, node in table.entries.items() if name != key}
    return replace(table, entries=entries, faulty={**table.faulty, key: table.at(key)})


def _of_flow(roles: Table, key: Node | None) -> Table:
    """The roles of a row as an entry for its flow; no flow is said to lack where its key does."""
    if key is None:
        return _without(roles, "flows")
    faulty = {name: place for name, place in roles.faulty.items() if name != "flows"}
    entries = {"flows": Sequence(key.location, (key,)), **roles.entries}
    return replace(roles, entries=entries, faulty=faulty)
