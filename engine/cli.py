"""The command line: each command is open → one call of the engine → print. Heavy imports wait until needed."""

import _thread
import errno
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine.commands import (
    audit,
    card,
    case,
    columns,
    consent,
    coverage,
    dispute,
    explain,
    fairness,
    holding,
    household,
    keys,
    linkage,
    lists,
    models,
    month,
    outcome,
    poverty,
    programmes,
    push,
    quarantine,
    reassign,
    records,
    rescue,
    review,
    rights,
    selective,
    signs,
    state,
    survey,
)
from engine.commands.guard import ask_as, guard
from engine.commands.options import (
    DateOption,
    HomeOption,
    JsonOption,
    SeedOption,
    ThreadsOption,
    bars,
    emit,
    home_at,
    now,
    opened,
    text_of,
)
from engine.errors import DiskFullError, InterruptedRunError, UsageError, XunfangError, exit_code_table
from engine.libraries import tell_libraries

if TYPE_CHECKING:
    from datetime import date

    from engine.population import Progress
    from engine.settings import Home
    from engine.workplace import Workplace

SOON: Final = 2.0
"""Seconds after which an interruption that was lost comes once more, if the command still runs."""

app = typer.Typer(
    name="xunfang",
    help="Xunfang (寻访) finds the households that need social assistance before they ask, and puts a "
    "caseworker at their door. It recommends a visit; it never decides on a benefit, never lowers or stops one, "
    "never publishes a list.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=exit_code_table(),
)
app.add_typer(columns.app, name="features")
app.add_typer(survey.app, name="survey")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(linkage.app, name="linkage")
app.add_typer(rights.app, name="rights")
app.add_typer(consent.app, name="consent")
app.add_typer(outcome.app, name="outcome")
app.add_typer(case.app, name="case")
app.add_typer(dispute.app, name="dispute")
app.add_typer(review.app, name="review")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(programmes.app, name="programmes")
app.add_typer(push.app, name="push")
app.add_typer(records.app)
app.add_typer(poverty.app)
app.add_typer(explain.app)
app.add_typer(household.app)
app.add_typer(month.app)
app.add_typer(coverage.app)
app.add_typer(selective.app)
app.add_typer(signs.app)
app.add_typer(fairness.app)
app.add_typer(card.app)
app.add_typer(holding.app)
app.add_typer(lists.app)
app.add_typer(reassign.app)
app.add_typer(rescue.app)
app.add_typer(state.app)
app.add_typer(audit.log_app, name="audit")
app.add_typer(audit.app)


@app.callback()
def start(
    as_whom: Annotated[
        str | None,
        typer.Option("--as", envvar="XUNFANG_AS", help="Who runs it: a name of home.toml's staff, or a role."),
    ] = None,
) -> None:
    """Take note of who runs the command."""
    ask_as(as_whom)


@app.command()
def demo(
    home: HomeOption = Path("demo-home"),
    people: Annotated[int, typer.Option(min=1_000, max=1_000_000, help="People of the synthetic county.")] = 30_000,
    seed: SeedOption = 1,
    *,
    threads: ThreadsOption = 2,
    world: Annotated[Path | None, typer.Option(help="A parameter file of another world (TOML).")] = None,
    as_json: JsonOption = False,
) -> None:
    """A synthetic county, from raw files to caseworkers' lists: generate, check, train, score, explain, draft.

    Example: xunfang demo --home demo-home --people 30000 --seed 1
    """
    from engine import trial

    with bars() as progress:
        place, night_on = _county(home, people, seed, world, progress)
        told = trial.first_night(place, night_on, seed=seed, threads=threads, now=now, progress=progress)
    emit(told, as_json, "night")


def _county(home: Path, people: int, seed: int, world: Path | None, progress: "Progress") -> "tuple[Home, date]":
    """A home with a synthetic county in its inbox, and the business date that suits it."""
    from engine import layout, trial
    from fixtures.county.county import County
    from fixtures.county.world import World

    try:
        there = World.from_toml(text_of(world)) if world else World()
        county = County(people, seed, there)
    except ValueError as wrong:
        raise UsageError(str(wrong), "Mend the argument or the parameter file.") from None
    place = home_at(home)
    layout.same_trial(place, {"people": people, "seed": seed, "world": repr(there)})
    parts = ((part.frames, part.dirt, part.truth) for part in county.parts())
    count = len(county.blocks())
    layout.write_delivery(place, "county", county.last_known_on, parts, count=count, progress=progress)
    layout.lay_out(place, trial.EXAMPLE_SETTINGS, county.staffing(), automatic=True)
    return place, county.night_on


@app.command()
def train(home: HomeOption, seed: SeedOption = 1, threads: ThreadsOption = 2, as_json: JsonOption = False) -> None:
    """Train both risks on past dates, test them on a later one, and promote what passes its gates.

    Example: xunfang train --home demo-home
    """
    from engine import trial

    with bars() as progress:
        told = trial.train(opened(home, seed=seed, threads=threads), progress)
    emit(told, as_json, "experiments")


@app.command()
def evaluate(
    home: HomeOption,
    seed: Annotated[int | None, typer.Option(min=0, help="Default: the seed of the last training.")] = None,
    threads: ThreadsOption = 2,
    *,
    model: Annotated[
        list[str] | None, typer.Option(help="Compare kept models on the rows that both were tested on.")
    ] = None,
    scorecard: Annotated[
        bool, typer.Option("--scorecard", help="Short lists by the model beside every other way of choosing.")
    ] = False,
    groups: Annotated[bool, typer.Option("--groups", help="With --scorecard: by group as well.")] = False,
    worlds: Annotated[
        Path | None,
        typer.Option(
            help="With --scorecard: a trial home for each world (TOML) of this folder, made under --home and told "
            "side by side."
        ),
    ] = None,
    people: Annotated[
        int, typer.Option(min=1_000, max=1_000_000, help="With --worlds: people of each county.")
    ] = 10_000,
    page: Annotated[Path | None, typer.Option(help="With --scorecard: write it as one page (HTML).")] = None,
    findings: Annotated[
        bool,
        typer.Option(
            "--findings", help="Every finding code against what is really so; of a synthetic county only."
        ),
    ] = False,
    business_date: DateOption = None,
    as_json: JsonOption = False,
) -> None:
    """The figures of each model beside its baselines; with --findings, of each finding code beside the truth.

    Example: xunfang evaluate --home demo-home --json
    """
    from engine import learning, scorecardpage, serving, trial
    from engine import scorecard as cards
    from engine.registry import RISKS

    if scorecard and worlds is not None:
        told = _in_worlds(home, worlds, people, seed=1 if seed is None else seed, threads=threads, groups=groups)
        if page is not None:
            scorecardpage.write_page(told, page)
        emit(told, as_json, "scorecard")
        return
    place = opened(home, seed=learning.seed_of(home_at(home)) if seed is None else seed, threads=threads)
    if findings:
        _measured(place, None if business_date is None else business_date.date(), as_json=as_json)
        return
    if model:
        emit(serving.compared(place.home, model, place.list_length, place.seed), as_json, "compared")
        return
    with bars() as progress:
        if scorecard:
            told = cards.figures(place, RISKS, groups=groups, progress=progress)
        else:
            told = trial.evaluate(place, progress)
    if page is not None and scorecard:
        scorecardpage.write_page(told, page)
    emit(told, as_json, "scorecard" if scorecard else "experiments")


def _measured(place: "Workplace", as_of: "date | None", *, as_json: bool) -> None:
    """Every finding code of a day beside the truth; by default half a year before the newest record."""
    from engine import measured

    with bars() as progress:
        told = measured.figures(place, as_of, progress)
    emit(told, as_json, "measured")


def _in_worlds(
    home: Path, folder: Path, people: int, *, seed: int, threads: int, groups: bool
) -> dict[str, object]:
    """The scorecard of a county in each world of a folder, each in a home under ``home``, made and trained once."""
    from engine import scorecard as cards
    from engine import trial
    from engine.registry import RISKS

    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UsageError(f"{folder}: no parameter file of a world (*.toml) is there", "Mend the path.")
    told: list[dict[str, object]] = []
    for file in files:
        with bars() as progress:
            made, _ = _county(home / file.stem, people, seed, file, progress)
            place = opened(made.root, seed=seed, threads=threads)
            trial.trained(place, progress)
            told.append({"world": file.stem, **cards.figures(place, RISKS, groups=groups, progress=progress)})
    return {"people": people, "seed": seed, "worlds": told}


@app.command()
def night(
    home: HomeOption,
    business_date: DateOption = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Run one night: score everybody, draft the lists, save them, and write those that are released.

    Example: xunfang night --home demo-home --date 2025-12-31
    """
    from engine import trial

    with bars() as progress:
        place = opened(home, threads=threads)
        day = business_date.date() if business_date else now().astimezone().date()
        told = trial.one_night(place, day, now=now, progress=progress)
    emit(told, as_json, "night")


@app.command()
def schedule(
    home: HomeOption,
    at: Annotated[str, typer.Option(help="Local time of the night, HH:MM.")] = "01:30",
    zone: Annotated[str, typer.Option(help="Time zone.")] = "Asia/Shanghai",
    threads: ThreadsOption = 2,
) -> None:
    """Run the night at its hour, every day, until stopped. Missed nights are caught up and announced.

    Example: xunfang schedule --home home --at 01:30 --zone Asia/Shanghai
    """
    from engine import logs, trial

    logs.configure()
    trial.run_schedule(opened(home, threads=threads), at=at, zone=zone, now=now)


def main() -> None:
    """Run a command; a user's mistake ends with its message, its way out and its exit code."""
    tell_libraries()
    before, sys.unraisablehook = sys.unraisablehook, _again
    try:
        guard(typer.main.get_command(app))()
    except XunfangError as error:
        _leave(error)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _leave(DiskFullError("the disk is full", "Free some space and run the same command again."))
    except BaseException as left:
        if not _is_stop(left):
            raise
        _leave(
            InterruptedRunError("stopped; nothing half-written remains", "Run the same command again: it goes on.")
        )
    finally:
        sys.unraisablehook = before


def _is_stop(left: BaseException) -> bool:
    """Whether it is Ctrl-C: as such, as typer's exit code, or as a panic of Polars, which was calling Python."""
    if isinstance(left, SystemExit):
        return left.code == InterruptedRunError.exit_code
    panic = type(left).__name__ == "PanicException" and "KeyboardInterrupt" in str(left)
    return panic or isinstance(left, KeyboardInterrupt)


def _again(lost: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C that comes while Python closes a generator would be printed and forgotten: it comes once more."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        later = threading.Timer(SOON, _interrupt)
        later.daemon = True
        later.start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    """Nothing where the command has ended in the meantime, as it does where Ctrl-C was heard elsewhere as well."""
    if sys.unraisablehook is _again:
        _thread.interrupt_main()


def _leave(error: XunfangError) -> None:
    typer.echo(f"xunfang: {error}", err=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
