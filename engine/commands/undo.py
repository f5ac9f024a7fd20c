"""`wisectl undo`: a plan that reverses a run, with what cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.journal import check_whole, find_run
from engine.commands.plan import PlanFlags, make, save
from engine.errors import EngineError, StaleError
from engine.journal import read
from engine.render.as_json import plan_document, render
from engine.render.terminal import render_plan
from engine.undoing import Undone, as_adopted, changed_since, undo

if TYPE_CHECKING:
    from pathlib import Path

    from engine.commands.session import Session


def run(session: Session, flags: PlanFlags, name: str | None, out: Path | None) -> int:
    """Prints the plan, and writes it to `out`, from where `apply` takes it; 0."""
    _, path = find_run(session.invocation, name)
    undone = _undone(session, path)
    planned = make(session, undone.state, flags, identified=True)
    _check_licence(path, planned.licence)
    style = session.style(session.stated())
    if out:
        save(session, planned, flags, style, out, undo=path.stem)
    later = changed_since(list(read(path)), planned.plan.changes)
    impossible = [
        {"id": style.sentence(change), "reason": reason} for change, reason in undone.impossible
    ]
    if session.invocation.json:
        document = plan_document(planned.plan, style)
        document |= {"undo": path.stem, "impossible": impossible, "changed_since": later}
        print(render(document), end="")
        return 0
    print(render_plan(planned.plan, style), end="")
    if later:
        print(f"\nChanged again since that run, and lost by this plan: {len(later)}")
    for one in later:
        print(f"! {style.sentence(one)}")
    if impossible:
        print(f"\nCannot be undone: {len(impossible)}")
    for row in impossible:
        print(f"! {row['id']}\n      {row['reason']}")
    return 0


def _check_licence(path: Path, licence: str) -> None:
    """Raises: StaleError, where the run was carried out on another licence."""
    made = next(read(path)).get("licence")
    if made != licence:
        text = f"the run was carried out on licence {made}, this is {licence}: nothing is planned"
        raise StaleError(text)


def state_of(session: Session, name: str) -> Undone:
    """The state that a saved reverse plan goes back to. Raises: StaleError, without the journal."""
    try:
        _, path = find_run(session.invocation, name)
    except EngineError as error:
        raise StaleError(f"the plan reverses a run whose journal is not here: {error}") from None
    return _undone(session, path)


def _undone(session: Session, path: Path) -> Undone:
    check_whole(path)
    undone = undo(read(path), f"{path.parent.name}/{path.name}")
    undone.state = as_adopted(undone.state, session.stated())
    return undone
