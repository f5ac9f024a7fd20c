"""The command line: every command with its options and its help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from engine import __version__
from engine.commands.session import Invocation, opened
from engine.errors import EngineError
from engine.guards import Allowance, parse_allowance

Command = Callable[..., Any]
HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
@click.option("--env", "asked", envvar="WISECTL_ENV", help="The environment of wisectl.yaml.")
@click.option(
    "--dir",
    "root",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The repository; the current folder unless said.",
)
@click.option("--no-color", is_flag=True, help="No colour, whatever the terminal can do.")
@click.option("-v", "--verbose", is_flag=True, help="Every name and every value.")
@click.version_option(__version__, prog_name="wisectl")
@click.pass_context
def cli(
    context: click.Context, asked: str | None, root: Path, no_color: bool, verbose: bool
) -> None:
    """Keeps a WISEflow licence in the state that YAML manifests in git describe.

    \b
    Example:
      wisectl validate
      wisectl plan
      wisectl apply
    """
    # A repository that is to be begun is not there yet.
    if not root.is_dir() and context.invoked_subcommand != "init":
        raise EngineError(f"there is no folder {root}: name the repository with --dir")
    context.obj = Invocation(root.resolve(), asked or None, no_color, verbose)


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document.")(command)


def _plan_flags(command: Command) -> Command:
    for decorate in (
        click.option("--target", "targets", multiple=True, metavar="SELECTOR",
                     help="Only these addresses, such as flow/math*; repeatable."),
        click.option("--exclude", "excludes", multiple=True, metavar="SELECTOR",
                     help="Not these addresses; repeatable."),
        click.option("--allow", multiple=True, metavar="NAME:ADDRESS[:N]",
                     help="Let a held change through; the plan prints the exact flag."),
    ):  # fmt: skip
        command = decorate(command)
    return _json(command)


def _base_flag(command: Command) -> Command:
    return click.option(
        "--base",
        metavar="REF",
        help="Compare with the manifests as they were at this commit: who left is removed.",
    )(command)


def _with_json(invocation: Invocation, as_json: bool) -> Invocation:
    changed = Invocation(
        invocation.root, invocation.asked, invocation.no_color, invocation.verbose, as_json
    )
    click.get_current_context().obj = changed
    return changed


def _allowances(texts: tuple[str, ...]) -> tuple[Allowance, ...]:
    try:
        return tuple(parse_allowance(text) for text in texts)
    except ValueError as error:
        raise EngineError(f"--allow: {error}") from None


@cli.command()
@_json
@click.pass_obj
def validate(invocation: Invocation, as_json: bool) -> int:
    """Check settings and manifests: no network, no secrets.

    Example: wisectl validate
    """
    from engine.commands import validate as command

    return command.run(_with_json(invocation, as_json))


@cli.command()
@_plan_flags
@_base_flag
@click.option("--detailed-exitcode", is_flag=True, help="2 for changes, 6 for held ones.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan; `apply FILE` carries out exactly this.",
)
@click.pass_obj
def plan(
    invocation: Invocation,
    /,
    as_json: bool,
    detailed_exitcode: bool,
    out: Path | None,
    allow: tuple[str, ...],
    **scope: Any,
) -> int:
    """Show what an apply would do. Sends nothing that writes.

    Example: wisectl plan --target 'flow/math*' --detailed-exitcode
    """
    from engine.commands import plan as command

    flags = command.PlanFlags(allow=_allowances(allow), **scope)
    with opened(_with_json(invocation, as_json), flags.base) as session:
        return command.run(session, flags, detailed_exitcode, out)


@cli.command()
@_json
@click.argument("plan_file", type=click.Path(path_type=Path), metavar="PLANFILE")
@click.pass_obj
def show(invocation: Invocation, as_json: bool, plan_file: Path) -> int:
    """Show a saved plan again: no network, no key.

    Example: wisectl show monday.plan
    """
    from engine.commands import show as command

    return command.run(_with_json(invocation, as_json), plan_file)


@cli.command()
@_plan_flags
@_base_flag
@click.argument(
    "plan_file",
    type=click.Path(path_type=Path),
    required=False,
    metavar="[PLANFILE]",
)
@click.option(
    "--reviewed",
    type=click.Path(path_type=Path),
    metavar="PLANFILE",
    help="Plan afresh and carry out only what is identical there.",
)
@click.option("--auto-approve", "approved", is_flag=True, help="Do not ask: it was reviewed.")
@click.option("--parallelism", type=click.IntRange(1, 256), help="Changes at once.")
@click.pass_obj
def apply(
    invocation: Invocation,
    /,
    as_json: bool,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    allow: tuple[str, ...],
    base: str | None,
    **how: Any,
) -> int:
    """Plan, ask, and carry it out; or carry out a saved plan without asking.

    \b
    Example:
      wisectl --env staging apply --allow starts-soon:flow/math101-2027s
      wisectl --env staging apply monday.plan
    """
    from engine.commands import apply as command
    from engine.commands.plan import PlanFlags

    flags = PlanFlags(targets, excludes, _allowances(allow), base)
    saved = how["plan_file"] or how["reviewed"]
    shown = base or ("that of the plan" if saved else None)
    with opened(_with_json(invocation, as_json), shown) as session:
        return command.run(session, flags, command.ApplyFlags(**how))


@cli.command()
@_json
@click.argument("run_id", required=False, metavar="[RUN]")
@click.pass_obj
def journal(invocation: Invocation, as_json: bool, run_id: str | None) -> int:
    """Show the last run, or another, and what of it is unknown. No network.

    Example: wisectl --env staging journal
    """
    from engine.commands import journal as command

    return command.run(_with_json(invocation, as_json), run_id)


@cli.command()
@_plan_flags
@click.argument("run_id", required=False, metavar="[RUN]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan; `apply FILE` carries it out.",
)
@click.pass_obj
def undo(
    invocation: Invocation,
    as_json: bool,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    allow: tuple[str, ...],
    run_id: str | None,
    out: Path | None,
) -> int:
    """Plan the reverse of a run, and say what cannot be undone. Sends nothing that writes.

    \b
    Example:
      wisectl undo --out back.plan
      wisectl apply back.plan
    """
    from engine.commands import undo as command
    from engine.commands.plan import PlanFlags

    flags = PlanFlags(targets, excludes, _allowances(allow))
    with opened(_with_json(invocation, as_json)) as session:
        return command.run(session, flags, run_id, out)


@cli.command()
@_json
@click.pass_obj
def profiles(invocation: Invocation, as_json: bool) -> int:
    """Show what UNIWeb would fill, profile by profile.

    Example: wisectl -v profiles
    """
    from engine.commands import profiles as command

    with opened(_with_json(invocation, as_json)) as session:
        return command.run(session)


@cli.command()
@_json
@click.pass_obj
def doctor(invocation: Invocation, as_json: bool) -> int:
    """Can we reach both servers, log in, and do what the settings ask?

    Example: wisectl --env staging doctor
    """
    from engine.commands import doctor as command

    with opened(_with_json(invocation, as_json)) as session:
        return command.run(session)


@cli.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Instead of schemas/.")
@click.pass_obj
def schema(invocation: Invocation, folder: Path | None) -> int:
    """Write the JSON Schemas that make editors complete and check manifests.

    Example: wisectl schema
    """
    from engine.commands import schema as command

    return command.run(invocation, folder)


@cli.command()
@click.pass_obj
def init(invocation: Invocation) -> int:
    """Write settings, a first manifest, schemas and a CI workflow; overwrite nothing.

    Example: wisectl --dir exams init
    """
    from engine.commands import init as command

    return command.run(invocation)


@cli.group()
def grades() -> None:
    """Grades out of WISEflow, to where the manifests say.

    Example: wisectl grades export --dry-run
    """


@grades.command("export")
@_json
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--dry-run", is_flag=True, help="Only say what would be delivered.")
@click.pass_obj
def export_grades(
    invocation: Invocation, as_json: bool, keys: tuple[str, ...], dry_run: bool
) -> int:
    """Deliver new and changed grades, each once; all exports where no KEY is named.

    \b
    Example:
      wisectl --env production grades export --dry-run
      wisectl --env production grades export sis
    """
    from engine.commands import grades as command

    with opened(_with_json(invocation, as_json)) as session:
        return command.run(session, keys, dry_run=dry_run)


@cli.group()
def sandbox() -> None:
    """WISEflow and UNIWeb on this machine, to try things on.

    Example: wisectl sandbox serve --port 8080
    """


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="SQLite file; else in memory.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--size", type=click.Choice(["small", "university"]), default="small")
@click.option("--clock", metavar="TIME|now", help="An ISO time, or now; 2027-01-11 08:00 UTC.")
@click.option("--no-rate-limit", is_flag=True, help="No limit, no rate headers.")
@click.option("--quirk", "quirks", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
def serve(
    port: int,
    data: Path | None,
    seed: int,
    size: str,
    clock: str | None,
    no_rate_limit: bool,
    quirks: tuple[str, ...],
) -> int:
    """Serve both on loopback until Ctrl-C.

    Example: wisectl sandbox serve --port 8080 --data sandbox.db
    """
    from engine.commands import sandbox as command
    from engine.sandbox.serve import Options

    options = Options(
        data=command.data_of(data),
        seed=seed,
        size=size,
        clock=clock,
        rate_limit=not no_rate_limit,
        quirks=command.quirks_of(quirks),
    )
    return command.run(port, options)


@cli.command()
@click.pass_obj
def demo(invocation: Invocation) -> int:
    """The whole main job on the embedded servers, told step by step.

    Example: wisectl demo
    """
    from engine.commands import demo as command

    return command.run(invocation)
