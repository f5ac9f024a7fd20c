"""`wisectl doctor`: can we reach, log in, and do what the settings ask? One line a check."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.commands.plan_key import plan_key
from engine.errors import EngineError, ManifestError
from engine.exit_codes import DONE, ERROR, worst
from engine.render.as_json import render
from engine.render.style import printable
from engine.uniweb.client import open_uniweb
from engine.wiseflow.client import open_wiseflow
from engine.wiseflow.licence import fingerprint, read_licence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.commands.session import Session
    from engine.wiseflow.client import WiseflowApi

SKEW = 300.0
"""Seconds by which this machine's clock may differ from the server's."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do where it is not well."""

    name: str
    found: str
    well: bool = True
    advice: str = ""
    exit_code: int = DONE


def run(session: Session) -> int:
    """Prints every check; 0 when all is well."""
    checks = asyncio.run(_all(session))
    if session.invocation.json:
        rows = [
            {"name": c.name, "found": c.found, "ok": c.well, "advice": c.advice} for c in checks
        ]
        print(render({"format_version": "1.0", "checks": rows}), end="")
    else:
        for check in checks:
            word = "ok     " if check.well else "problem"
            print(f"{word}  {check.name}: {printable(check.found)}")
            if check.advice:
                print(f"         {check.advice}")
    return worst(check.exit_code or (DONE if check.well else ERROR) for check in checks)


async def _all(session: Session) -> list[Check]:
    checks = [_time_zone(session), _plan_key(session), *[c async for c in _wiseflow(session)]]
    return [*checks, await _uniweb(session)]


def _time_zone(session: Session) -> Check:
    zone = session.settings.value.time_zone
    if zone:
        return Check("time zone", zone)
    advice = "set time_zone in wisectl.yaml, or write an offset with every date"
    return Check("time zone", "not set", True, advice)


def _plan_key(session: Session) -> Check:
    """Saved plans are sealed with a key; one that is made here cannot be known to CI."""
    environment = session.environment
    try:
        plan_key(session)
    except EngineError as error:
        advice = "saved plans cannot be made or applied until it is mended"
        return Check("plan key", _said(error), False, advice, error.exit_code)
    if environment is None:
        return Check("plan key", "made here, for the sandbox")
    if environment.plan_key is None:
        advice = "CI needs one: `plan_key: ${WISECTL_PLAN_KEY}`, the same on every runner"
        return Check("plan key", "made here: only this folder can apply its plans", True, advice)
    return Check("plan key", "from the environment")


def _said(error: EngineError) -> str:
    problems = error.problems if isinstance(error, ManifestError) else []
    return "; ".join(problem.message for problem in problems) or str(error)


async def _wiseflow(session: Session) -> AsyncIterator[Check]:
    async with open_wiseflow(session.wiseflow, read_only=True) as api:
        try:
            licence = await read_licence(api)
        except EngineError as error:
            advice = "check url and credentials of this environment"
            yield Check("WISEflow", str(error), False, advice, error.exit_code)
            return
        yield Check("WISEflow", "reached, logged in, licence read")
        user_key = session.conventions.user_key
        if user_key not in licence.data_types:
            known = ", ".join(sorted(licence.data_types))
            yield Check("user key", f"no data type {user_key}", False, f"this licence has: {known}")
        else:
            yield Check("user key", user_key)
        yield _pinned(session, fingerprint(licence, user_key))
        yield _clock(session, api)


def _pinned(session: Session, found: str) -> Check:
    pinned = session.environment.licence if session.environment else None
    if pinned is None:
        advice = f"write `licence: {found}` into this environment to pin it"
        return Check("licence", f"{found}, not pinned", True, advice if session.environment else "")
    if pinned == found:
        return Check("licence", f"{found}, as pinned")
    return Check("licence", f"{found}, pinned is {pinned}", False, "this is another licence")


def _clock(session: Session, api: WiseflowApi) -> Check:
    skew = (datetime.now(UTC) - api.server_now).total_seconds()
    if abs(skew) <= SKEW or session.environment is None:
        return Check("clock", f"WISEflow says {api.server_now:%Y-%m-%d %H:%M} UTC")
    return Check("clock", f"{skew:.0f} s from WISEflow's", True, "WISEflow's time decides")


async def _uniweb(session: Session) -> Check:
    if session.uniweb is None:
        return Check("UNIWeb", "not configured", True, "profiles need it")
    async with open_uniweb(session.uniweb) as uniweb:
        try:
            await uniweb.check()
        except EngineError as error:
            advice = "check url and credentials of uniweb in this environment"
            return Check("UNIWeb", str(error), False, advice, error.exit_code)
    return Check("UNIWeb", "reached, logged in")
