"""P2: commands that only read send nothing that writes, whatever there is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.cli import cli
from engine.main import run
from tests.laws.law import law
from tests.laws.snapshot import raw_objects
from tests.laws.tally import note
from tests.laws.wire import READS

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from tests.laws.server import Server
    from tests.laws.stage import Stage
    from tests.laws.worlds import World

WRITERS = {"apply", "demo", "sandbox", "init"}
"""Commands whose business is to write somewhere, or to serve; every other only reads."""

ARGUMENTS: dict[str, list[list[str]]] = {
    "plan": [["--json"], ["--detailed-exitcode"], ["--out", "saved.plan"], ["--target", "flow/*"]],
    "show": [["saved.plan"]],
    "schema": [["--to", "schemas"]],
}
"""How a command is tried, beside without arguments; one that is not here is tried so alone."""

SETTINGS = """
time_zone: Europe/Copenhagen
environments:
  here:
    wiseflow: {{url: "{url}/v1", client_id: sandbox, client_secret: "${{SECRET}}"}}
    uniweb: {{url: "{url}/uniweb", client_id: sandbox, client_secret: "${{SECRET}}"}}
    rate: {{per_minute: 1000000, per_second: 100000}}
"""


def readers() -> dict[str, click.Command]:
    return {name: one for name, one in cli.commands.items() if name not in WRITERS}


@law(share=0.01)
def test_read_only_commands_send_nothing_that_writes(stage: Stage, world: World) -> None:
    """Every command that is not known to write is run; the server is the same afterwards."""
    world.begin(stage)
    before = raw_objects(stage.state())
    prepare(stage.root, stage.server.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "sandbox")
        patch.chdir(stage.root)
        for name in readers():
            for arguments in [*ARGUMENTS.get(name, ()), []]:
                sent = dict(stage.control("GET", "requests"))
                run(["--dir", str(stage.root), "--env", "here", name, *arguments])
                assert _writes(stage, sent) == [], f"{name} {arguments}"
                note("commands", name)
    assert raw_objects(stage.state()) == before


def prepare(root: Path, url: str) -> None:
    """Settings of an environment that is this sandbox."""
    (root / "wisectl.yaml").write_text(SETTINGS.format(url=url), encoding="utf-8")


def _writes(stage: Stage, before: dict[str, int]) -> list[str]:
    """The writing operations that were sent since."""
    now = stage.control("GET", "requests")
    return [
        name
        for name, count in now.items()
        if count != before.get(name) and name not in READS and "/uniweb/api/" not in name
    ]


def test_the_count_of_writes_sees_one(server: Server, stage: Stage) -> None:
    """Else the law above could not fail."""
    stage.reset()
    sent = dict(stage.control("GET", "requests"))
    user = stage.state()["users"][0]["id"]
    stage.by_hand("POST", f"/users/{user}/roles", [])
    assert _writes(stage, sent) == ["POST /users/{userId}/roles"]
