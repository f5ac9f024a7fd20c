"""wisectl.yaml: where, not what. Every value with its place; secrets only as `${NAME}`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from engine.checking import SECRETS, Line, Shape, at, check, near
from engine.errors import Location, ManifestError, Problem
from engine.guards import MAX_REMOVED, MAX_UPDATES, UPDATES_SHARE
from engine.manifest import read_yaml
from engine.nodes import Node, Odd, Table, is_null, shown
from engine.redaction import hide_everywhere
from engine.transport import is_loopback
from engine.variables import VARIABLE, Variable, filled, missing

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "wisectl.yaml"
SANDBOX = "sandbox"


def _url(value: str) -> str:
    if "@" in value:
        raise ValueError("holds a name or a password\nstate client_id and client_secret instead")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        usable = usable and parts.port != 0  # Raises where it is no port at all.
    except ValueError:
        usable = False
    if not usable:
        # What stands behind a question mark may be a key.
        said = shown(value) if "?" not in value else "this"
        raise ValueError(f"{said} is no address of a server\nsuch as https://host/v1")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("plain http is only for this machine\nwrite https")
    return value.rstrip("/")


def _homepage(value: str) -> str:
    """UNIWeb's homepage may lack its scheme: https is meant."""
    return _url(value if "://" in value else f"https://{value}")


def _off(value: object) -> object:
    """`off` is text in YAML 1.2, whatever older readers make of it."""
    return "off" if isinstance(value, Odd) and value.text == "off" else value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(
            f"{shown(value)} is no time zone\n{near(value.rpartition('/')[2], _cities()) or ''}"
        )
    return value


def _cities() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone)


Url = Annotated[Line, AfterValidator(_url)]
Homepage = Annotated[Line, AfterValidator(_homepage)]


class WiseflowSettings(Shape):
    """A licence's API and how to log in: client credentials, or an API key."""

    url: Url = Field(description="such as https://europe-api.wiseflow.net/v1")
    client_id: Line | None = Field(None, description="text, or ${NAME}")
    client_secret: Variable | None = Field(None, description="${NAME}: an environment variable")
    api_key: Variable | None = Field(None, description="${NAME}; instead of client credentials")


class UniwebSettings(Shape):
    """A UNIWeb homepage, to which /api/… is added, and an API client's credentials."""

    url: Homepage
    client_id: Line = Field(description="text, or ${NAME}")
    client_secret: Variable


class RateSettings(Shape):
    """Requests at most; WISEflow allows 5,000 a minute and 200 a second."""

    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 5000
    per_second: Annotated[int, Field(ge=1, le=100_000)] = 200


class GuardSettings(Shape):
    """Limits over a whole plan; 0 means none at all."""

    max_removed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        MAX_REMOVED, description="people who may leave, or 1 % of the sets that they leave"
    )
    max_updates: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        MAX_UPDATES, description="objects of one kind whose live values may be replaced"
    )
    updates_share: Annotated[int, Field(ge=0, le=100)] = Field(
        UPDATES_SHARE, description="or so many per cent of those that are live"
    )


class EnvironmentSettings(Shape):
    """One licence, and what belongs to it."""

    manifests: Line = "manifests/"
    licence: Line | None = Field(None, description="fingerprint, shown by doctor")
    wiseflow: WiseflowSettings
    uniweb: UniwebSettings | None = None
    plan_key: Variable | None = None
    sources: dict[str, Line] = Field(default={}, description="folders outside git, by name")
    parallelism: Annotated[int, Field(ge=1, le=256)] = 16
    rate: RateSettings = RateSettings()
    guards: GuardSettings = GuardSettings()
    mask: Annotated[Literal["live", "all", "off"], BeforeValidator(_off)] = "live"


class SettingsModel(Shape):
    """wisectl.yaml, at the root of the repository."""

    user_key: Line = Field(
        "Personal Organisation Id",
        description="the user data type whose value is a user's key in manifests",
    )
    flow_key: Literal["external_source", "code"] = Field(
        "external_source", description="how a flow carries its key in WISEflow"
    )
    time_zone: Annotated[Line, AfterValidator(_zone)] | None = Field(
        None, description="of dates without an offset, such as Europe/Copenhagen"
    )
    environments: dict[str, EnvironmentSettings] = Field(default={}, description="by name")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one repository; `node` knows where each value stands."""

    root: Path
    value: SettingsModel
    node: Table = field(default_factory=lambda: Table(Location(FILE, 1, 1), {}))

    def environment_names(self) -> list[str]:
        return [*sorted(self.value.environments), SANDBOX]


def load_settings(root: Path) -> Settings:
    """The settings, or defaults where there is no file. Raises: ManifestError, all at once."""
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        return Settings(root, SettingsModel())
    node, problems = read_yaml(path, root)
    problems = [_unnamed(problem) for problem in problems]
    if node is None or is_null(node):
        if problems:
            raise ManifestError(problems)
        return Settings(root, SettingsModel())
    if not isinstance(node, Table):
        raise ManifestError(
            [Problem(node.location, "", "must be a mapping", "such as user_key: …")]
        )
    found, _, value = check(node, SettingsModel)
    problems += found
    if value is not None:
        problems += _semantics(node, value, root)
    if problems or value is None:
        raise ManifestError(problems)
    _hide_secrets(value)
    return Settings(root, value, node)


def _hide_secrets(value: SettingsModel) -> None:
    """No output shows what the variables of any environment hold, whichever of them is used."""
    for environment in value.environments.values():
        login, uniweb = environment.wiseflow, environment.uniweb
        texts = [login.client_secret, login.api_key, environment.plan_key]
        for text in [*texts, uniweb.client_secret if uniweb else None]:
            hide_everywhere(os.environ.get(VARIABLE.sub(r"\1", text or ""), ""))


def _unnamed(problem: Problem) -> Problem:
    """The problem of an alias without its name: it may be a secret that starts with `*`."""
    if not problem.message.startswith("no anchor is named"):
        return problem
    hint = "put a value that starts with * in quotes; secrets are ${NAME}"
    return Problem(problem.location, problem.field, "an alias without an anchor", hint)


def _semantics(node: Table, value: SettingsModel, root: Path) -> list[Problem]:
    problems = []
    for name, environment in value.environments.items():
        path = ("environments", name)
        if name == SANDBOX:
            where = at(node, path).location
            hint = "it is always there: choose another name"
            problems.append(Problem(where, f"environments.{name}", "the name is taken", hint))
        problems += _login_problems(node, path, environment.wiseflow)
        problems += _folder_problems(node, path, environment, root)
    return problems


def _login_problems(node: Node, path: tuple[str, str], login: WiseflowSettings) -> list[Problem]:
    where = at(node, (*path, "wiseflow")).location
    name = f"environments.{path[1]}.wiseflow"
    pair = [login.client_id, login.client_secret]
    if login.api_key and any(pair):
        message = "states both an api_key and client credentials"
        return [Problem(where, name, message, "keep one of them")]
    if not login.api_key and not all(pair):
        hint = "state client_id and client_secret, or api_key"
        return [Problem(where, name, "does not say how to log in", hint)]
    return []


def _folder_problems(
    node: Node, path: tuple[str, str], environment: EnvironmentSettings, root: Path
) -> list[Problem]:
    problems = []
    folder = (root / environment.manifests).resolve()
    if not folder.is_relative_to(root.resolve()):
        where = at(node, (*path, "manifests")).location
        message = f"{shown(environment.manifests)} leads out of the repository"
        problems.append(Problem(where, f"environments.{path[1]}.manifests", message, ""))
    for name, text in environment.sources.items():
        if not Path(text).is_absolute():
            where = at(node, (*path, "sources", name)).location
            field_name = f"environments.{path[1]}.sources.{name}"
            message = f"{shown(text)} is no absolute path"
            hint = "folders in the repository need no source"
            problems.append(Problem(where, field_name, message, hint))
    return problems


def choose_environment(settings: Settings, asked: str | None) -> str:
    """The environment to work on. Raises: ManifestError, where none or an unknown one is named."""
    names = settings.environment_names()
    if asked is None and not settings.value.environments:
        return SANDBOX
    here = settings.node.at("environments")
    if asked is None:
        message = "several environments are possible" if len(names) > 2 else "name the environment"
        hint = f"--env or WISECTL_ENV: {', '.join(names)}"
        raise ManifestError([Problem(here, "environments", message, hint)])
    if asked not in names:
        message = f"no environment {shown(asked)}"
        raise ManifestError([Problem(here, "environments", message, near(asked, names))])
    return asked


def expand(
    settings: Settings, path: tuple[str, ...], text: str, variables: Mapping[str, str]
) -> SecretStr:
    """A value with its `${NAME}` filled in. Raises: ManifestError, where one is not set."""
    lacking = missing(text, variables)
    if lacking:
        where = at(settings.node, path).location
        name = ".".join(path)
        message = f"the environment variable {lacking[0]} is not set"
        raise ManifestError([Problem(where, name, message, f"export {lacking[0]}=…")])
    value = SecretStr(filled(text, variables))
    if path[-1] in SECRETS:
        hide_everywhere(value.get_secret_value())
    return value
