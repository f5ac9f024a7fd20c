"""`wisectl profiles`: what UNIWeb would fill, profile by profile; nothing is written."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from engine.fill import Filled, fill_from_uniweb
from engine.render.as_json import problem_rows, render
from engine.render.blocks import FOLDED_AFTER
from engine.render.style import Style, counted, mask, printable
from engine.render.terminal import render_problem
from engine.uniweb.client import open_uniweb

if TYPE_CHECKING:
    from engine.commands.session import Session
    from engine.model import DesiredState


def run(session: Session) -> int:
    """Prints who is matched and what is filled; 1 where a profile could not be read."""
    state = session.stated()
    filled = asyncio.run(_fill(session, state))
    style = session.style(state)
    if session.invocation.json:
        print(render(_document(state, filled)), end="")
    else:
        print("\n".join(_lines(state, filled, style)))
    return 1 if filled.incomplete else 0


async def _fill(session: Session, state: DesiredState) -> Filled:
    if session.uniweb is None:
        return await fill_from_uniweb(state, None, session.conventions.user_key)
    async with open_uniweb(session.uniweb) as uniweb:
        return await fill_from_uniweb(state, uniweb.read_members, session.conventions.user_key)


def _wanted(state: DesiredState, profile: str) -> list[str]:
    return sorted(a.key for a, one in state.resources.items() if one.profile == profile)


def _lines(state: DesiredState, filled: Filled, style: Style) -> list[str]:
    lines = []
    for key, profile in sorted(state.profiles.items()):
        who = ", ".join(f"{name} {value}" for name, value in profile.members.items()) or "everyone"
        lines.append(f"profile/{key}   {who}   {profile.location}")
        if key in filled.incomplete:
            lines.append(f"  ! not read: {printable(filled.incomplete[key])}")
            continue
        lines += _profile_lines(key, state, filled, style)
    lines += [render_problem(problem) for problem in filled.problems]
    return lines or ["No profiles in the manifests."]


def _profile_lines(key: str, state: DesiredState, filled: Filled, style: Style) -> list[str]:
    wanted, matched = _wanted(state, key), set(filled.matched.get(key, ()))
    lines = [f"  {counted(filled.members.get(key, 0), 'member')} in UNIWeb"]
    if wanted:
        lines.append(f"  {len(matched)} of {counted(len(wanted), 'user')} matched")
    missing = [name for name in wanted if name not in matched]
    if missing:
        more = f" and {len(missing) - FOLDED_AFTER} more" if len(missing) > FOLDED_AFTER else ""
        lines.append(f"  not in UNIWeb: {', '.join(missing[:FOLDED_AFTER])}{more}")
    fields: Counter[str] = Counter()
    for name in matched:
        fields.update(filled.values.get((key, name), {}).keys())
    paths = sorted(state.profiles[key].fill) if wanted else []
    lines += [f"  {path}: {counted(fields[path], 'value')}" for path in paths]
    if style.verbose:
        lines += _value_lines(key, sorted(matched), filled, style)
    return lines


def _value_lines(key: str, names: list[str], filled: Filled, style: Style) -> list[str]:
    lines = []
    for name in names:
        for path, stated in sorted(filled.values.get((key, name), {}).items()):
            text = printable(str(stated.value))
            lines.append(f"    {name} {path}: {mask(text) if style.mask else text}")
    return lines


def _document(state: DesiredState, filled: Filled) -> dict[str, object]:
    rows = [
        {
            "profile": key,
            "members": filled.members.get(key, 0),
            "users": len(_wanted(state, key)),
            "matched": len(filled.matched.get(key, ())),
            "read": key not in filled.incomplete,
        }
        for key in sorted(state.profiles)
    ]
    problems = problem_rows(filled.problems)
    return {"format_version": "1.0", "profiles": rows, "problems": problems}
