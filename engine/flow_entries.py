"""`flows` and `flow_templates` entries -> desired flows, dates in UTC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.checking import check
from engine.dates import DateError, end_of, parse_length, parse_moment
from engine.documents import twice
from engine.kinds._flow_attached import ATTACHED, LISTS, name_of
from engine.model import DATA_OF, TYPE_OF, Address, Desired, Stated
from engine.nodes import Node, Scalar, Table
from engine.period_entries import read_periods
from engine.stating import frozen, stated_fields
from engine.wiseflow.sources import Source

if TYPE_CHECKING:
    from engine.documents import Documents, Entry
    from engine.model import Value

WINDOWS = ("participation", "marking")
NO_FIELDS = {"key", "template"}


@dataclass(frozen=True, slots=True)
class FlowReader:
    """Reads every flow and template; what is wrong goes to the documents' problems."""

    documents: Documents
    time_zone: str | None

    def read(self) -> dict[str, Desired]:
        """Every flow by key, its template merged in; of two with one key the first."""
        self.documents.refuse_twice("flow_templates")
        self.documents.refuse_twice("flows")
        for entry in self.documents.of("flow_templates"):
            self._fields(entry, entry.node)
        found: dict[str, Desired] = {}
        for entry in self.documents.of("flows"):
            template = self.documents.refer(entry, "template", "flow_templates")
            node = merged(template.node, entry.node) if template else entry.node
            fields = self._fields(entry, node)
            self._check_whole(entry, node, fields)
            if entry.key and self.documents.by_key("flows")[entry.key.casefold()] is entry:
                found[entry.key] = Desired(Address("flow", entry.key), entry.at("key"), fields)
        return found

    def _fields(self, entry: Entry, node: Table) -> dict[str, Stated]:
        """What a flow or template states, dates in UTC; what stands alone is checked."""
        _, node_left, value = check(node, entry.kind.model)
        if value is None or not isinstance(node_left, Table):
            return {}
        self.documents.refuse_repeats(entry, "copy_from", "include")
        fields = stated_fields(node_left, value)
        copied = getattr(value, "copy_from", None)
        kept = {
            path: stated
            for path, stated in fields.items()
            if path not in NO_FIELDS and path.split(".")[0] not in (*WINDOWS, "copy_from")
        }
        if copied is not None:
            said = (pair for pair in frozen(copied) if pair != ("reassessment", False))
            kept["copy_from"] = Stated(tuple(said), node.at("copy_from"))
        self._settings(entry, node_left, kept)
        self._attached(entry, node_left, kept)
        read_periods(self.documents, entry, node_left, kept, self.time_zone)
        kept.pop("activate_from", None)
        self._moment(entry, node_left, ("activate_from",), kept)
        for name in WINDOWS:
            self._window(entry, node_left, name, kept)
        return kept

    # ---- settings --------------------------------------------------------------------------------

    def _settings(self, entry: Entry, node: Table, fields: dict[str, Stated]) -> None:
        """Anonymisation as one text, and each assessor type under a path of its own."""
        if data := fields.pop("anonymisation.data", None):
            fields["anonymisation"] = Stated(DATA_OF + data.value, node.at("anonymisation"))
        listed = fields.get("assessor_types")
        if listed is None:
            return
        types = [dict(one) for one in listed.value]
        places = [item.location for item in node.items("assessor_types")]
        names = [(one["type"], place) for one, place in zip(types, places, strict=True)]
        said = entry.name("assessor_types")
        self.documents.problems += twice([(*one, said) for one in names], "this list")
        fields["assessor_types"] = Stated(tuple(name for name, _ in names), listed.location)
        for one, place in zip(types, places, strict=True):
            instruction = (one["instruction"] or "").strip() or True
            fields.setdefault(TYPE_OF + one["type"], Stated(instruction, place))

    def _attached(self, entry: Entry, node: Table, fields: dict[str, Stated]) -> None:
        """SIS sources and references, each under a path of its own."""
        for what in (one for one in LISTS if one in fields):
            listed = fields[what]
            names = [_name_of(one) for one in listed.value]
            places = [item.location for item in node.items(what)]
            said = entry.name(what)
            rows = list(zip(names, places, strict=True))
            self.documents.problems += twice([(*row, said) for row in rows], "this list")
            fields[what] = Stated(tuple(names), listed.location)
            for name, place in rows:
                fields.setdefault(f"{what}.{name}", Stated(ATTACHED, place))

    # ---- dates -----------------------------------------------------------------------------------

    def _moment(
        self, entry: Entry, table: Table, path: tuple[str, ...], fields: dict[str, Stated]
    ) -> None:
        node = table.entries.get(path[-1])
        if isinstance(node, Scalar):
            try:
                moment = parse_moment(node.text, self.time_zone)
            except DateError as error:
                name = entry.name(*path)
                self.documents.wrong(node.location, name, error.message, error.hint)
            else:
                fields[".".join(path)] = Stated(moment, node.location)

    def _window(self, entry: Entry, node: Table, name: str, fields: dict[str, Stated]) -> None:
        window = node.table(name)
        if window is None:
            return
        self._moment(entry, window, (name, "start"), fields)
        self._moment(entry, window, (name, "end"), fields)
        length = window.entries.get("length")
        if isinstance(length, Scalar):
            self._length(entry, window, length, name, fields)

    def _length(
        self, entry: Entry, window: Table, node: Scalar, name: str, fields: dict[str, Stated]
    ) -> None:
        said = entry.name(name, "length")
        if window.states("end"):
            message, hint = "both end and length are stated", "keep one of them"
            self.documents.wrong(node.location, said, message, hint)
            return
        where, start = node.location, window.text("start")
        try:
            length = parse_length(node.text)
            if start is not None and f"{name}.start" in fields:
                begins = fields[f"{name}.start"].location
                where = begins if begins.through and not where.through else where
                end = end_of(start, length, self.time_zone)
                fields[f"{name}.end"] = Stated(end, node.location)
        except DateError as error:
            self.documents.wrong(where, said, error.message, error.hint)

    # ---- what a whole flow must have -------------------------------------------------------------

    def _check_whole(self, entry: Entry, node: Table, fields: dict[str, Stated]) -> None:
        stated = [name for name in WINDOWS if node.states(name)]
        if len(stated) == 1:
            other = WINDOWS[1 - WINDOWS.index(stated[0])]
            where, name = entry.first_stated((other,), (stated[0],))
            message = f"{stated[0]} is stated without {other}"
            self.documents.wrong(where, name, message, "state both windows, or neither")
        for name in stated:
            self._check_window(entry, node, name, fields)
        self._check_marking(entry, fields)
        self._check_activation(entry, node, fields)
        self._check_copy(entry, node)

    def _check_window(
        self, entry: Entry, node: Table, name: str, fields: dict[str, Stated]
    ) -> None:
        window = node.table(name)
        if window is None:
            return
        missing = [] if window.states("start") else ['"start"']
        if not window.states("end") and not window.states("length"):
            missing.append('"end" or "length"')
        if missing:
            where, said = entry.first_stated((name,))
            self.documents.wrong(where, said, f"lacks {' and '.join(missing)}")
        start, end = fields.get(f"{name}.start"), fields.get(f"{name}.end")
        if start and end and end.value <= start.value:
            paths = [(name, edge) for edge in ("end", "length", "start")]
            where, said = entry.first_stated(*paths)
            message = "ends before it starts" if end.value < start.value else "ends as it starts"
            self.documents.wrong(where, said, f"{name} {message}", _both(start, end))

    def _check_marking(self, entry: Entry, fields: dict[str, Stated]) -> None:
        start, marking = fields.get("participation.start"), fields.get("marking.start")
        if start and marking and marking.value < start.value:
            paths = (("marking", "start"), ("participation", "start"))
            where, said = entry.first_stated(*paths)
            message = "marking starts before participation starts"
            self.documents.wrong(where, said, message, _both(start, marking))

    def _check_activation(self, entry: Entry, node: Table, fields: dict[str, Stated]) -> None:
        if not node.states("activate_from"):
            return
        where, said = entry.first_stated(("activate_from",), ("lifecycle",))
        if node.text("lifecycle") != "active" and "lifecycle" not in node.faulty:
            message = "activate_from says when, but nothing says that this flow is activated"
            self.documents.wrong(where, said, message, "state lifecycle: active, or remove it")
        moment, end = fields.get("activate_from"), fields.get("participation.end")
        if moment and end and moment.value >= end.value:
            paths = (("activate_from",), ("participation", "end"), ("participation", "length"))
            where, said = entry.first_stated(*paths)
            message = "activation is after participation has ended"
            self.documents.wrong(where, said, message, _both(moment, end))

    def _check_copy(self, entry: Entry, node: Table) -> None:
        copied = node.table("copy_from")
        if copied is None:
            return
        if not copied.states("flow"):
            where, said = entry.first_stated(("copy_from",))
            self.documents.wrong(where, said, 'copy_from lacks "flow"', "the key of a flow")
        source = copied.text("flow")
        if source is not None and entry.key and source.casefold() == entry.key.casefold():
            where, said = entry.first_stated(("copy_from", "flow"))
            self.documents.wrong(where, said, "a flow cannot be copied from itself")
        if copied.states("include") and copied.text("reassessment") in ("true", "True", "TRUE"):
            where, said = entry.first_stated(("copy_from", "include"))
            message = "of a reassessment WISEflow itself says what comes along: its settings"
            self.documents.wrong(where, said, message, "remove include, or reassessment")


def _name_of(one: Value) -> str:
    """A source or a reference as its path says it."""
    return one if isinstance(one, str) else name_of(Source(**dict(one)))


def _both(one: Stated, other: Stated) -> str:
    """Where two dates are written that do not go together."""
    return f"see {one.location} and {other.location}"


def merged(base: Table, over: Table) -> Table:
    """The template under the flow: mappings merge by key; lists and scalars replace."""
    entries: dict[str, Node] = {k: v for k, v in base.entries.items() if k not in NO_FIELDS}
    for key, value in over.entries.items():
        below = entries.get(key)
        if isinstance(below, Table) and isinstance(value, Table):
            entries[key] = merged(_replaceable(below, value), value)
        else:
            entries[key] = value
    faulty = {k: v for k, v in base.faulty.items() if k not in over.entries}
    return replace(over, entries=entries, faulty={**faulty, **over.faulty})


def _replaceable(below: Table, over: Table) -> Table:
    """A window's `length` replaces the template's `end`, and the other way round."""
    gone = set()
    if over.states("length") and not over.states("end"):
        gone.add("end")
    if over.states("end") and not over.states("length"):
        gone.add("length")
    entries = {key: value for key, value in below.entries.items() if key not in gone}
    faulty = {key: place for key, place in below.faulty.items() if key not in gone}
    return Table(below.location, entries, below.size, faulty)
