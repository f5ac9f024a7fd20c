"""P9: a secret, and the phone number of somebody in WISEflow, appear nowhere they must not."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.main import run
from engine.redaction import Redactor, Secrets
from engine.sandbox.serve import Options, running
from tests import loopback
from tests.laws.parrot import EMAIL, PHONE, SECRETS, Parrot, found, parroting, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VARIABLES = {
    "FLOW_SECRET": SECRETS["client secret"],
    "FLOW_KEY": SECRETS["API key"],
    "UNI_SECRET": SECRETS["UNIWeb secret"],
    "PLAN_KEY": SECRETS["plan key"],
    "HOOK_SECRET": SECRETS["webhook secret"],
}
MANIFEST = """
    profiles:
      - key: law
        members: {unit: Law}
        language: en
        match: {user: key, member: login_name}
        fill: {data.Department: profile/affiliations.unit}
    users:
      - key: kim@example.org
        first_name: Kim
        last_name: Larsen
        phone: "+44 1632 960001"
        roles: [Manager]
      - key: new@example.org
        first_name: Nina
        last_name: New
        phone: "+44 1632 960002"
        profile: law
    flows:
      - key: math101-2027s
        type: FLOWassign
        title: Mathematics 101
        participation: {start: "2027-05-03 09:00", length: 4h}
        marking: {start: "2027-05-05 12:00", end: "2027-05-24 12:00"}
    role_assignments:
      - flows: [math101-2027s]
        membership: exact
        managers: [kim@example.org]
        participants: [new@example.org]
    webhooks:
      - {key: sis, url: "http://127.0.0.1:9/", events: [ASSIGNMENT], secret: "${HOOK_SECRET}"}
"""
WRITES = ("/license/user", "/create/flow", "/emails", "/roles", "/participants", "/webhooks")
MODES = ("envelope", "partial", "short", "each", "text", "html", "redirect", "uniweb", "names")
READING = (
    ("plan",),
    ("-v", "plan"),
    ("plan", "--json"),
    ("plan", "--out", "saved.plan"),
    ("profiles",),
    ("-v", "profiles"),
    ("profiles", "--json"),
    ("doctor",),
    ("doctor", "--json"),
)
EVERY = (
    ("validate",),
    ("validate", "--json"),
    *READING,
    ("show", "saved.plan"),
    ("show", "saved.plan", "--json"),
    ("apply", "--auto-approve"),
    ("apply", "--auto-approve", "--json"),
    ("journal",),
    ("journal", "--json"),
    ("undo",),
)


class Site:
    """A repository whose environments speak to the parrot."""

    def __init__(self, root: Path, parrot: Parrot) -> None:
        self.root, self.parrot = root, parrot
        login = {
            "oauth": "client_id: c, client_secret: '${FLOW_SECRET}'",
            "key": "api_key: '${FLOW_KEY}'",
        }
        environments = "".join(
            f"  {name}:\n"
            f"    wiseflow: {{url: {parrot.url}/v1, {how}}}\n"
            f"    uniweb: {{url: {parrot.url}/uniweb, client_id: u, "
            "client_secret: '${UNI_SECRET}'}\n"
            "    plan_key: ${PLAN_KEY}\n"
            for name, how in login.items()
        )
        text = f"time_zone: Europe/Copenhagen\nenvironments:\n{environments}"
        (root / "wisectl.yaml").write_text(text, encoding="utf-8")
        (root / "manifests").mkdir()
        manifest = root / "manifests" / "term.yaml"
        manifest.write_text(textwrap.dedent(MANIFEST), encoding="utf-8")

    def arguments(self, command: tuple[str, ...], env: str = "oauth") -> list[str]:
        places = (str(self.root / one) if one.endswith(".plan") else one for one in command)
        return ["--dir", str(self.root), "--env", env, *places]

    def files(self) -> str:
        """All that stands in files which the commands wrote, but the sandbox's own."""
        paths = [path for path in sorted(self.root.rglob("*")) if path.is_file()]
        kept = [path for path in paths if path.name not in {"sandbox.db", "term.yaml"}]
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in kept)


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    with running(Options(rate_limit=False)) as sandbox, parroting(sandbox.url) as server:
        yield server


@pytest.fixture
def site(parrot: Parrot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name in ("CI", "GITHUB_ACTIONS", "WISECTL_ENV", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    parrot.mode, parrot.which = "fine", lambda method, path: True
    loopback.post(f"{parrot.sandbox}/_sandbox/reset").raise_for_status()
    return Site(tmp_path, parrot)


def by_hand(parrot: Parrot, method: str, path: str, body: Any = None) -> Any:
    headers = {"x-api-key": "sandbox"}
    answer = loopback.request(method, f"{parrot.sandbox}/v1{path}", json=body, headers=headers)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def with_strangers(site: Site) -> None:
    """Kim gets another phone number by hand, and a stranger takes part."""
    assert run(site.arguments(("apply", "--auto-approve"))) == 0
    types = {
        row["name"]: row["id"]
        for row in by_hand(site.parrot, "GET", "/license/user-data-types")["data"]
    }
    key = types["Personal Organisation Id"]
    kim = by_hand(site.parrot, "GET", f"/user/userDataType/{key}/kim%40example.org")["id"]
    user = by_hand(site.parrot, "GET", f"/users/{kim}")["data"]
    by_hand(site.parrot, "PUT", f"/users/{kim}", user | {"phone": PHONE})
    ids = [{"userDataTypeId": key, "value": EMAIL}]
    body = {
        "firstName": "Str",
        "lastName": "Anger",
        "language": "en",
        "emails": [EMAIL],
        "phone": PHONE,
        "roles": [],
        "externalIds": ids,
    }
    stranger = by_hand(site.parrot, "POST", "/license/user", body)["userId"]
    metadata = {"metadata": {"externalSourceReference": "wisectl-math101-2027s"}}
    flow = by_hand(site.parrot, "POST", "/flows/search?limit=10", metadata)["data"][0]["flowId"]
    by_hand(site.parrot, "POST", f"/flows/{flow}/participants", [{"userId": stranger}])


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, but by the sandbox's own server."""
    return "\n".join(
        f"{one.name} {one.getMessage()}"
        for one in caplog.records
        if not one.name.startswith("uvicorn")
    )


def everything(capfd: pytest.CaptureFixture[str], site: Site) -> tuple[str, str, str]:
    out, err = capfd.readouterr()
    return out, err, site.files()


# ---- servers that repeat what they hear ----------------------------------------------------------


@pytest.mark.parametrize("env", ["oauth", "key"])
def test_no_command_shows_a_secret_that_stands_in_headers(
    site: Site, env: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    codes = {command: run(site.arguments(command, env)) for command in EVERY}
    assert codes["plan",] == codes["apply", "--auto-approve"] == 0
    text = "\n".join((*everything(capfd, site), ours(caplog)))
    assert found(text, [*SECRETS.values(), PHONE, EMAIL]) == []


@pytest.mark.parametrize("mode", MODES)
def test_no_command_shows_a_secret_that_a_refusal_repeats(
    site: Site, mode: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site.parrot.mode = mode
    site.parrot.which = lambda method, path: "token" not in path
    for command in READING:
        run(site.arguments(command))
    run(site.arguments(("apply", "--auto-approve"), "key"))
    text = "\n".join((*everything(capfd, site), ours(caplog)))
    assert found(text, [*SECRETS.values(), PHONE, EMAIL]) == []


def test_no_command_shows_a_secret_that_stands_in_what_is_read(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(site.arguments(("apply", "--auto-approve"))) == 0
    site.parrot.mode = "data"
    for command in (*EVERY, ("apply", "saved.plan")):
        run(site.arguments(command))
    (site.root / "saved.plan").unlink()
    out, err, files = everything(capfd, site)
    assert "•••" in out
    assert found(out + err + files, SECRETS.values()) == []


def test_no_plan_file_holds_a_secret_that_stands_in_what_is_read(site: Site) -> None:
    assert run(site.arguments(("apply", "--auto-approve"))) == 0
    site.parrot.mode = "data"
    assert run(site.arguments(("plan", "--out", "saved.plan"))) == 0
    assert found(site.files(), SECRETS.values()) == []
    assert run(site.arguments(("show", "saved.plan"))) == 0


@pytest.mark.parametrize("mode", ["envelope", "oauth", "text", "html", "redirect", "uniweb"])
def test_no_command_shows_a_secret_that_a_refused_login_repeats(
    site: Site, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    site.parrot.mode = mode
    for end in ("/oauth2/token", "/token.php"):
        site.parrot.which = lambda method, path, end=end: path.endswith(end)  # type: ignore[misc]
        for command in (("plan",), ("plan", "--json"), ("doctor",), ("profiles",)):
            run(site.arguments(command))
    assert found("\n".join(everything(capfd, site)), [*SECRETS.values(), PHONE, EMAIL]) == []


@pytest.mark.parametrize("mode", ["envelope", "partial", "text", "html"])
def test_no_apply_shows_what_refused_writes_repeat(
    site: Site, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = site.root / "wisectl.yaml"
    text = settings.read_text(encoding="utf-8").replace(
        "    plan_key", "    mask: all\n    plan_key"
    )
    settings.write_text(text, encoding="utf-8")
    site.parrot.mode = mode
    site.parrot.which = lambda method, path: (
        method not in {"GET", "POST"} or (method == "POST" and path.endswith(WRITES))
    )
    for command in (
        ("apply", "--auto-approve"),
        ("apply", "--auto-approve", "--json"),
        ("journal",),
    ):
        run(site.arguments(command))
    text = "\n".join(everything(capfd, site))
    assert found(text, [*SECRETS.values(), PHONE, EMAIL]) == []
    assert "960002" not in text.replace(" ", "")


# ---- people --------------------------------------------------------------------------------------


def test_in_ci_nothing_of_somebody_who_stands_in_wiseflow_only_is_shown(
    site: Site, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_strangers(site)
    monkeypatch.setenv("CI", "1")
    capfd.readouterr()
    for command in (*EVERY[:-3], ("journal",), ("undo",)):
        run(site.arguments(command))
    out, err, files = everything(capfd, site)
    assert "user/kim@example.org" in out
    assert found(out + err, [PHONE, EMAIL]) == []
    assert found(files, [PHONE, *SECRETS.values()]) == []


def test_a_phone_number_reaches_no_file_and_no_error_anywhere(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    with_strangers(site)
    capfd.readouterr()
    for command in EVERY:
        run(site.arguments(command))
    _, err, files = everything(capfd, site)
    assert found(err + files, [PHONE]) == []


# ---- crashes, debugging, logging -----------------------------------------------------------------

CRASH = """
import asyncio, logging, sys
logging.basicConfig(level=logging.DEBUG)
sys.path.insert(0, {root!r})
import engine.main
import engine.commands.plan as plan
from engine.wiseflow.client import WiseflowApi

secrets = {secrets!r}
if {crash!r} == "command":
    def crash(*_, **__):
        try:
            raise ValueError(secrets)
        except ValueError as error:
            raise RuntimeError(secrets) from error
    plan.run = crash
elif {crash!r} == "call":
    async def crash(*_, **__):
        raise ExceptionGroup(secrets, [KeyError(secrets), OSError(secrets)])
    WiseflowApi.request = crash
elif {crash!r} == "type":
    def crash(*_, **__):
        raise type("Odd", (Exception,), {{"__str__": lambda self: secrets}})()
    plan.run = crash
engine.main.main(sys.argv[1:])
"""


@pytest.mark.parametrize("crash", ["nothing", "command", "call", "type"])
def test_neither_a_crash_nor_debugging_shows_a_secret(site: Site, crash: str) -> None:
    said = " ".join([*SECRETS.values(), PHONE])
    script = CRASH.format(root=str(ROOT), secrets=said, crash=crash)
    arguments = [sys.executable, "-X", "dev", "-c", script, *site.arguments(("plan",))]
    environment = os.environ | VARIABLES | {"PYTHONASYNCIODEBUG": "1", "CI": "1"}
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        arguments, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == (0 if crash == "nothing" else 70)
    text = ended.stdout + ended.stderr + site.files()
    assert found(text, [*SECRETS.values(), PHONE]) == []
    if crash != "nothing":
        assert (site.root / ".wisectl" / "crash.txt").exists()
        assert "Traceback" not in text


# ---- settings ------------------------------------------------------------------------------------

WRONG = [
    "wiseflow: {url: 'https://h.example/v1?key=CANARY', api_key: '${FLOW_KEY}'}",
    "wiseflow: {url: 'https://user:CANARY@h.example/v1', api_key: '${FLOW_KEY}'}",
    "wiseflow: {url: 'https://h.example/v1', api_key: CANARY}",
    "wiseflow: {url: 'https://h.example/v1', api_key: [CANARY]}",
    "wiseflow: {url: 'https://h.example/v1', api_key: {x: CANARY}}",
    "wiseflow: {url: 'https://h.example/v1', api_key: '${CANARY'}",
    "wiseflow: {url: 'https://h.example/v1', client_id: x, client_secret: CANARY}",
    "wiseflow: {url: 'https://h.example/v1', client_id: x, client_secret: 'CANARY",
    "wiseflow: {url: 'https://h.example/v1', client_id: x, client_secret: *CANARY}",
    "plan_key: CANARY",
    "plan_key: !secret CANARY",
    "uniweb: {url: 'https://h.example', client_id: x, client_secret: CANARY}",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_secret_that_stands_in_the_settings_is_refused_and_not_shown(
    site: Site, wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "c4nLiterallyInSettings77"
    settings = site.root / "wisectl.yaml"
    text = f"environments:\n  oauth:\n    {wrong.replace('CANARY', canary)}\n"
    settings.write_text(text, encoding="utf-8")
    for command in (("validate",), ("validate", "--json"), ("plan",), ("doctor", "--json")):
        assert run(site.arguments(command)) == 3
    settings.unlink()
    assert found("\n".join(everything(capfd, site)), [canary]) == []


# ---- the rule itself -----------------------------------------------------------------------------

LETTERS = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"])
ODD = st.text(LETTERS, min_size=12, max_size=40)


@given(ODD, st.text(max_size=30), st.text(max_size=30))
def test_every_spelling_of_any_secret_is_hidden(secret: str, before: str, after: str) -> None:
    secrets = Secrets()
    secrets.add(secret)
    for spelling in spellings(secret):
        shown = secrets.hidden(f"{before} {spelling} {after}")
        assert spelling not in shown


@given(st.text(max_size=300))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    secrets = Secrets()
    for secret in SECRETS.values():
        secrets.add(secret)
    assert secrets.hidden(text) == text


PHONES = ["+4570717273", "+45 70 71 72 73", "+45-7071-7273", "%2B4570717273", "(+45) 70 717273"]


@pytest.mark.parametrize("spelling", [*PHONES, "70717273", "70 71 72 73", json.dumps(PHONE)])
def test_a_phone_number_of_the_request_is_hidden_however_it_is_grouped(spelling: str) -> None:
    shown = Redactor().clean(f"phone {spelling} is in use", ["+45 70717273", "70 717273"])
    assert found(shown, [PHONE]) == []


@pytest.mark.parametrize("spelling", PHONES)
def test_a_phone_number_with_its_country_is_hidden_whosoever_it_is(spelling: str) -> None:
    assert found(Redactor().clean(f"phone {spelling} is in use"), [PHONE]) == []


def test_numbers_of_wiseflow_and_traces_stay() -> None:
    text = "flow 7464798 at 1799999999, trace 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
    assert Redactor("c4n-something").clean(text) == text
