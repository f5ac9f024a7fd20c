"""`wisectl validate`: settings and manifests only; no network, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.session import desired_of, settings_of
from engine.errors import ManifestError, Problem
from engine.render.as_json import render
from engine.settings import SANDBOX, choose_environment

if TYPE_CHECKING:
    from engine.commands.session import Invocation


def run(invocation: Invocation) -> int:
    """Checks the named environment, or every one; prints what there is."""
    settings = settings_of(invocation)
    environments = settings.value.environments
    names = sorted(environments) or [SANDBOX]
    if invocation.asked:
        names = [choose_environment(settings, invocation.asked)]
    problems: set[Problem] = set()
    counts: dict[str, dict[str, int]] = {}
    for name in names:
        try:
            counts[name] = dict(desired_of(settings, name).counts)
        except ManifestError as error:
            problems |= set(error.problems)
    if problems:
        raise ManifestError(sorted(problems))
    if invocation.json:
        print(render({"format_version": "1.0", "valid": True, "environments": counts}), end="")
        return 0
    for name, found in counts.items():
        print(f"{name}: " + ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in found.items()))
    print("Valid. Nothing was sent.")
    return 0
