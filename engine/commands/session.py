"""What every command starts with: the folder, the environment, its servers, and how to speak."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from engine.base import read_base
from engine.commands.colour import wants_colour
from engine.desired import Conventions as ManifestConventions
from engine.desired import load_desired
from engine.errors import EngineError
from engine.live import Conventions
from engine.pacing import Rate
from engine.render.style import Style
from engine.sandbox.serve import Options as SandboxOptions
from engine.sandbox.serve import running
from engine.secret_fill import with_secrets
from engine.settings import (
    SANDBOX,
    EnvironmentSettings,
    GuardSettings,
    Settings,
    choose_environment,
    expand,
    load_settings,
)
from engine.standing import with_base
from engine.uniweb.client import Connection as UniwebConnection
from engine.wiseflow.client import Connection as WiseflowConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.model import DesiredState

WORK_FOLDER = ".wisectl"


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options of one call, and where its output goes."""

    root: Path
    asked: str | None = None
    no_color: bool = False
    verbose: bool = False
    json: bool = False

    @property
    def in_ci(self) -> bool:
        return any(os.environ.get(name) for name in ("CI", "GITHUB_ACTIONS"))

    def say(self, text: str) -> None:
        """A line for people: standard output, or standard error where that is for JSON."""
        print(text, file=sys.stderr if self.json else sys.stdout, flush=True)


@dataclass(frozen=True, slots=True)
class Session:
    """One environment of one repository, its settings read and checked."""

    invocation: Invocation
    settings: Settings
    name: str
    wiseflow: WiseflowConnection
    uniweb: UniwebConnection | None
    environment: EnvironmentSettings | None = None

    @property
    def conventions(self) -> Conventions:
        value, environment = self.settings.value, self.environment
        pinned = environment.licence if environment else None
        return Conventions(value.user_key, value.flow_key, value.time_zone, pinned)

    @property
    def guards(self) -> GuardSettings:
        return self.environment.guards if self.environment else GuardSettings()

    @property
    def parallelism(self) -> int:
        return self.environment.parallelism if self.environment else 16

    def stated(self) -> DesiredState:
        """What the manifests mean, secrets as they are written there. Raises: ManifestError."""
        return desired_of(self.settings, self.name)

    def desired(self, base: str | None = None) -> DesiredState:
        """What the manifests mean, with the values of secrets, beside what they meant at a base.

        Raises: ManifestError, StaleError.
        """
        state = with_secrets(self.stated(), os.environ)
        if base is None:
            return state
        root, folder, conventions = _manifests_of(self.settings, self.name)
        return with_base(state, read_base(root, folder, conventions, base))

    def style(self, state: DesiredState | None = None) -> Style:
        """How this session's plans look; keys that stand in the manifests are never masked."""
        return style_of(self.invocation, self.settings, self.environment, state)


def settings_of(invocation: Invocation) -> Settings:
    return load_settings(invocation.root)


def desired_of(settings: Settings, environment: str) -> DesiredState:
    """The desired state of one environment's manifests. Raises: ManifestError."""
    return load_desired(*_manifests_of(settings, environment))


def _manifests_of(settings: Settings, name: str) -> tuple[Path, Path, ManifestConventions]:
    """The repository, its folder of manifests, and what decides what they mean."""
    value = settings.value
    environment = value.environments.get(name)
    folder = environment.manifests if environment else "manifests/"
    sources = environment.sources if environment else {}
    conventions = ManifestConventions(
        value.user_key,
        value.time_zone,
        {source: Path(path) for source, path in sources.items()},
        name,
        frozenset({SANDBOX, *value.environments}),
    )
    return settings.root, settings.root / folder, conventions


def style_of(
    invocation: Invocation,
    settings: Settings,
    environment: EnvironmentSettings | None,
    state: DesiredState | None,
) -> Style:
    mask = environment.mask if environment else "live"
    masked = mask == "all" or (mask == "live" and invocation.in_ci)
    zone: tzinfo = ZoneInfo(settings.value.time_zone) if settings.value.time_zone else UTC
    return Style(
        color=not invocation.json and wants_colour(invocation.no_color),
        zone=zone,
        verbose=invocation.verbose,
        mask=masked,
        known=frozenset() if mask == "all" or state is None else known_keys(state),
    )


def known_keys(state: DesiredState) -> frozenset[str]:
    """The user keys that stand in the manifests, folded."""
    keys = {key.casefold() for key in state.of("user")}
    for one in state.resources.values():
        for role in one.roles.values():
            keys |= {seat.person.value.casefold() for seat in role.seats}
    return frozenset(keys)


@contextmanager
def opened(invocation: Invocation, base: str | None = None) -> Iterator[Session]:
    """The chosen environment; the embedded sandbox runs while the block lasts.

    `base` is only said here: the manifests are compared with it where they are read.
    """
    settings = settings_of(invocation)
    name = choose_environment(settings, invocation.asked)
    if name == SANDBOX:
        with _embedded(invocation, settings, base) as session:
            yield session
        return
    environment = settings.value.environments[name]
    connection = _wiseflow(settings, name, environment)
    said = f"base {base}" if base else "no base: nobody is removed by absence"
    invocation.say(f"{name} ({environment.wiseflow.url})   {said}")
    yield Session(
        invocation, settings, name, connection, _uniweb(settings, name, environment), environment
    )


@contextmanager
def _embedded(invocation: Invocation, settings: Settings, base: str | None) -> Iterator[Session]:
    folder = invocation.root / WORK_FOLDER
    make_work_folder(folder)
    with running(SandboxOptions(data=folder / "sandbox.db")) as sandbox:
        said = f"base {base}" if base else "no base"
        invocation.say(f"sandbox (embedded, {WORK_FOLDER}/sandbox.db)   {said}")
        wiseflow, uniweb = sandbox_connections(sandbox.url)
        yield Session(invocation, settings, SANDBOX, wiseflow, uniweb)


def make_work_folder(folder: Path) -> None:
    """The folder for what is not to be committed; it ignores itself. Raises: EngineError."""
    if folder.exists() and not folder.is_dir():
        raise EngineError(f"{folder} is in the way of a folder for locks and journals: move it")
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def sandbox_connections(url: str) -> tuple[WiseflowConnection, UniwebConnection]:
    """How to reach a sandbox with its own credentials."""
    secret = SecretStr(SANDBOX)
    return (
        WiseflowConnection(f"{url}/v1", SANDBOX, secret),
        UniwebConnection(f"{url}/uniweb", SANDBOX, secret),
    )


def _wiseflow(
    settings: Settings, name: str, environment: EnvironmentSettings
) -> WiseflowConnection:
    login, path = environment.wiseflow, ("environments", name, "wiseflow")
    rate = Rate(environment.rate.per_minute, environment.rate.per_second)

    def secret(part: str) -> SecretStr:
        text = getattr(login, part) or ""
        return expand(settings, (*path, part), text, os.environ)

    if login.api_key:
        return WiseflowConnection(
            login.url, api_key=secret("api_key"), rate=rate, parallelism=environment.parallelism
        )
    return WiseflowConnection(
        login.url,
        secret("client_id").get_secret_value(),
        secret("client_secret"),
        rate=rate,
        parallelism=environment.parallelism,
    )


def _uniweb(
    settings: Settings, name: str, environment: EnvironmentSettings
) -> UniwebConnection | None:
    login, path = environment.uniweb, ("environments", name, "uniweb")
    if login is None:
        return None
    client_id = expand(settings, (*path, "client_id"), login.client_id, os.environ)
    return UniwebConnection(
        login.url,
        client_id.get_secret_value(),
        expand(settings, (*path, "client_secret"), login.client_secret, os.environ),
    )


def lock_path(root: Path, environment: str) -> Path:
    """The file that one apply at a time holds for an environment."""
    return root / WORK_FOLDER / f"{environment}.lock"


def journal_folder(session: Session) -> Path:
    """Where the runs of this environment are."""
    return session.invocation.root / WORK_FOLDER / "journal" / session.name
