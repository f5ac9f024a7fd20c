"""Grade exports as text: counts by flow, what is held back and why; no grade without -v. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from engine.grades.model import Difference
from engine.render.style import counted, mask
from engine.render.text import Line, Span, Tone, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.grades.exporting import ExportReport
    from engine.grades.model import FlowReport, GradeExport, Item, Trouble
    from engine.render.style import Style

FOLDED = 10
"""Lines of one sort under a flow, after which only their number is told."""

FEW = 3
"""Flows that wait, after which only their number is told."""

TO = {
    "oneroster_csv": "OneRoster 1.2 CSV",
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "sql": "a database",
    "http": "posted",
}
SYMBOLS = {
    Difference.NEW: ("+", Tone.ADD),
    Difference.CHANGED: ("~", Tone.CHANGE),
    Difference.TAKEN_BACK: ("-", Tone.FAINT),
    Difference.WITHDRAWN: ("-", Tone.REMOVE),
}


def head(export: GradeExport, *, forgets: bool = False) -> list[Line]:
    """What comes before the flows of an export."""
    shown = export.to.table if export.to.kind == "sql" else export.to.value
    where = "" if export.to.kind == "http" else f" → {shown}"
    said = f"grade_export/{export.key}"
    flows = counted(len(export.flows), "flow")
    place = f"{export.location.file}:{export.location.line}"
    lines = [line(Span(said, Tone.STRONG), f"   {flows}{where} ({TO[export.to.kind]})   {place}")]
    if forgets:
        message = "the ledger ends with this job, and the next one posts everything again: "
        hint = "name a file that stays, as ledger below http"
        lines.append(line(Span("  ! ", Tone.ALERT), message + hint))
    return lines


def flow_lines(report: FlowReport, style: Style) -> list[Line]:
    """One flow: nothing for one of which nothing is to be told."""
    if report.failed:
        return [line(Span("  ! ", Tone.ALERT), f"{report.flow}   failed: {report.failed}")]
    if report.waiting:
        return []  # They are told together at the end.
    lines = [_counts(report)] if _tells(report) else []
    lines += [shown for one in _moved(report, style) for shown in one]
    for trouble in _some(report.troubles, style):
        lines += _trouble(trouble, style)
    return [*lines, *_more(report.troubles, style)]


def _tells(report: FlowReport) -> bool:
    return bool(report.items or report.troubles)


def _counts(report: FlowReport) -> Line:
    """The worst first: what is withdrawn stands before what comes."""
    shown = [one for one in SYMBOLS if report.count(one)]
    symbol, tone = SYMBOLS[shown[-1]] if shown else ("!", Tone.ALERT)
    parts = [f"{report.count(one)} {one}" for one in Difference if report.count(one)]
    parts += [counted(len(report.troubles), "problem")] if report.troubles else []
    parts += [f"{report.without} without a grade"] if report.without else []
    parts += [f"{report.exported} exported by WISEflow itself"] if report.exported else []
    return line(Span(f"  {symbol} ", tone), f"{report.flow}   {', '.join(parts)}")


def _moved(report: FlowReport, style: Style) -> Iterator[list[Line]]:
    """Who has another grade than before, and whose is gone; new ones only with -v."""
    told = [item for item in report.items if item.difference is not Difference.NEW or style.verbose]
    for item in _some(told, style):
        yield [_item(item, style)]
    if rest := _more(told, style):
        yield rest


def _item(item: Item, style: Style) -> Line:
    symbol, tone = SYMBOLS[item.difference]
    number = f"participant {item.number}" if item.number is not None else "a person"
    values = ""
    if style.verbose and not style.mask:
        before = str(item.before.content["code"]) if item.before else ""
        after = item.grade.code if item.grade else ""
        values = "   " + " → ".join(one for one in (before, after) if one)
    said = f"{number} ({_person(item.person, style)})   {item.difference}{values}"
    return line(Span(f"      {symbol} ", tone), said)


def _trouble(trouble: Trouble, style: Style) -> list[Line]:
    who = _person(trouble.person, style)
    who = f"participant {trouble.number} ({who})" if trouble.number is not None else who
    said = f"{who}: {trouble.message}" if who else trouble.message
    shown = [line(Span("      ! ", Tone.ALERT), said)]
    return [*shown, line(f"        {trouble.hint}")] if trouble.hint else shown


def _person(text: str, style: Style) -> str:
    """Masked wherever values of people are: these are no keys that the manifests hold."""
    return mask(text) if style.mask and not text.startswith(("#", "user #", "seat #")) else text


T = TypeVar("T")


def _some(items: Iterable[T], style: Style) -> list[T]:
    listed = list(items)
    return listed if style.verbose or len(listed) <= FOLDED else listed[:FOLDED]


def _more(items: Iterable[object], style: Style) -> list[Line]:
    rest = len(list(items)) - FOLDED
    return [line(f"        and {rest} more (-v)")] if rest > 0 and not style.verbose else []


def tail(report: ExportReport, style: Style, *, dry_run: bool) -> list[Line]:
    """What it came to; the last line is an interface."""
    lines = []
    if report.recovered:
        grades = counted(report.recovered, "grade")
        lines.append(line(f"  The last run did not end: {grades} that it had begun are delivered."))
    if report.unfinished:
        grades = counted(report.unfinished, "grade")
        lines.append(
            line(f"  The last run did not end: {grades} that it began are finished first.")
        )
    if report.failed:
        lines.append(line(Span("  ! ", Tone.ALERT), report.failed))
    waiting = [one for one in report.flows if one.waiting]
    shown = waiting if style.verbose else waiting[:FEW]
    said = [f"  . {one.flow}   waiting: {one.waiting}" for one in shown]
    lines += [line(Span(one, Tone.FAINT)) for one in said]
    if rest := len(waiting) - len(shown):
        lines.append(line(Span(f"    and {rest} more waiting (-v)", Tone.FAINT)))
    if report.written:
        lines.append(line(f"  Written: {', '.join(report.written)}"))
    if report.in_git:
        message = f"git does not ignore {', '.join(report.in_git)}: grades would get into commits"
        lines.append(line(Span("  ! ", Tone.ALERT), message))
    return [*lines, line(summary(report, dry_run=dry_run))]


def summary(report: ExportReport, *, dry_run: bool) -> str:
    """`Grades of sis: 74 new, 2 changed, 70 unchanged, 1 withdrawn. 1 problem.`"""
    always = [one for one in Difference if one is not Difference.TAKEN_BACK or total(report, one)]
    counts = ", ".join(f"{total(report, one)} {one}" for one in always)
    problems = sum(len(one.troubles) for one in report.flows)
    problems += sum(bool(one.failed) for one in report.flows) + bool(report.failed)
    waiting = sum(bool(one.waiting) for one in report.flows)
    said = f"Grades of {report.export.key}{', dry run' if dry_run else ''}: {counts}."
    said += f" {counted(problems, 'problem')}." if problems else ""
    return said + (f" {counted(waiting, 'flow')} waiting." if waiting else "")


def total(report: ExportReport, difference: Difference) -> int:
    return sum(one.count(difference) for one in report.flows)


def document(report: ExportReport, style: Style) -> dict[str, object]:
    """One export for machines; grades are never in it, people masked where values are."""
    return {
        "key": report.export.key,
        "to": report.export.to.kind,
        "summary": {_name(one): total(report, one) for one in Difference},
        "flows": [_flow_row(one) for one in report.flows],
        "problems": [
            {
                "flow": one.flow,
                "participant": one.number,
                "person": _person(one.person, style) or None,
                "message": one.message,
                "hint": one.hint,
            }
            for flow in report.flows
            for one in flow.troubles
        ],
        "withdrawn": [
            {"flow": flow.flow, "participant": one.number, "person": _person(one.person, style)}
            for flow in report.flows
            for one in flow.items
        ],
        "recovered": report.recovered,
        "unfinished": report.unfinished,
        "written": list(report.written),
        "in_git": list(report.in_git),
        "failed": report.failed or None,
    }


def _name(difference: Difference) -> str:
    return str(difference).replace(" ", "_")


def _flow_row(report: FlowReport) -> dict[str, object]:
    counts = {_name(one): report.count(one) for one in Difference}
    return {
        "flow": report.flow,
        **counts,
        "without": report.without,
        "exported": report.exported,
        "waiting": report.waiting or None,
        "failed": report.failed or None,
    }
