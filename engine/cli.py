"""The command line: each command is open → one call of the engine → print. Heavy imports wait until needed."""

import errno
import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import (
    DiskFullError,
    IntegrityError,
    InterruptedRunError,
    UsageError,
    XunfangError,
    exit_code_table,
)

if TYPE_CHECKING:
    from engine.settings import Home

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
features_app = typer.Typer()
survey_app = typer.Typer(
    no_args_is_help=True,
    help="The same engine on a public survey of real people.\n\nExample: xunfang survey eph --help",
)
app.add_typer(features_app, name="features")
app.add_typer(survey_app, name="survey")

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="XUNFANG_HOME", help="The one folder that holds everything.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for machines.")]
DateOption = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The business date (default: today).")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, max=64, help="The bytes do not depend on it.")]


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
    from engine import layout, trial
    from fixtures.county.county import County
    from fixtures.county.world import World

    try:
        there = World.from_toml(_text(world)) if world else World()
        county = County(people, seed, there)
    except ValueError as wrong:
        raise UsageError(str(wrong), "Mend the argument or the parameter file.") from None
    place = _home(home)
    layout.same_trial(place, {"people": people, "seed": seed, "world": repr(there)})
    with _bars() as progress:
        parts = ((part.frames, part.dirt, part.truth) for part in county.parts())
        count = len(county.blocks())
        layout.write_delivery(place, "county", county.last_known_on, parts, count=count, progress=progress)
        layout.lay_out(place, trial.EXAMPLE_SETTINGS, county.staffing(), automatic=True)
        told = trial.first_night(place, county.night_on, seed=seed, threads=threads, now=_now, progress=progress)
    _emit(told, as_json, "night")


@survey_app.command("eph")
def survey_eph(
    waves: Annotated[tuple[str, str], typer.Option(help="Two waves, the second a year after the first.")],
    source: Annotated[Path, typer.Option("--from", help="The folder with the survey's files.")],
    home: HomeOption = Path("survey-home"),
    as_json: JsonOption = False,
) -> None:
    """Argentina's household survey as source records: lays out a home for check, train, evaluate and night.

    Example: xunfang survey eph --from ../shared/data/eph_argentina_dev --waves 2016T3 2017T3 --home eph-home
    """
    from engine import layout
    from fixtures.surveys import eph, eph_home
    from fixtures.surveys.raw import SurveyError
    from fixtures.surveys.waves import in_order

    place = _home(home)
    try:
        ordered = [str(wave) for wave in in_order(waves)]
        told = eph_home.settings(ordered)
        deliveries = eph.to_deliveries(layout.read_survey(source, eph.FILES, ordered), ordered)
    except SurveyError as wrong:
        raise UsageError(str(wrong), "Name two quarters a year apart, such as 2016T3 2017T3.") from None
    layout.same_trial(place, {"survey": "eph", "waves": ordered})
    with _bars() as progress:
        for wave in in_order(waves):
            part: tuple[layout.Tables, layout.Tables, layout.Tables] = (deliveries[str(wave)], {}, {})
            layout.write_delivery(place, f"eph-{wave}", wave.known_on, [part], count=1, progress=progress)
    layout.lay_out(place, told["home"], told["caseworkers"], automatic=True)
    night_as_of = told["night_as_of"]
    _emit(
        {
            "home": str(place.root),
            "deliveries": ordered,
            "night_as_of": night_as_of,
            "lacks": told["home"]["lacks"],
        },
        as_json,
        "survey",
    )


@app.command("init")
def init(home: HomeOption = Path("home"), as_json: JsonOption = False) -> None:
    """Lay out an empty home with commented defaults. What is there already is kept.

    Example: xunfang init --home home
    """
    from engine import trial

    _emit(trial.empty_home(_home(home)), as_json, "init")


@app.command()
def check(home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in what lies in the inbox and say, per source: rows, accepted, set aside and by which rule.

    Example: xunfang check --home demo-home
    """
    from engine.workplace import Workplace

    with _bars() as progress:
        told, taken = Workplace.open(_home(home)).check(progress)
    _emit(told, as_json, "check")
    taken.raise_refused()


@app.command()
def train(home: HomeOption, seed: SeedOption = 1, threads: ThreadsOption = 2, as_json: JsonOption = False) -> None:
    """Train both risks on past dates, test them on a later one, and promote what passes its gates.

    Example: xunfang train --home demo-home
    """
    from engine import learning
    from engine.workplace import Workplace

    with _bars() as progress:
        place = Workplace.open(_home(home), seed=seed, threads=threads)
        place.take_in(progress)
        told = learning.learn(place.learner(progress), promote=place.policy.promotion.automatic)
    _emit(told, as_json, "experiments")


@app.command()
def evaluate(
    home: HomeOption,
    seed: Annotated[int | None, typer.Option(min=0, help="Default: the seed of the last training.")] = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """The figures of each model beside its baselines: for everybody, for entry, for the unsupported.

    Example: xunfang evaluate --home demo-home --json
    """
    from engine import learning
    from engine.workplace import Workplace

    with _bars() as progress:
        where = _home(home)
        used = learning.seed_of(where) if seed is None else seed
        place = Workplace.open(where, seed=used, threads=threads)
        place.take_in(progress)
        told = learning.evaluate(place.learner(progress))
    _emit(told, as_json, "experiments")


@app.command()
def night(
    home: HomeOption,
    business_date: DateOption = None,
    threads: ThreadsOption = 2,
    actor: Annotated[str, typer.Option(help="Who runs it, for the record.")] = "operator",
    as_json: JsonOption = False,
) -> None:
    """Run one night: score everybody, draft the lists, save them, and write those that are released.

    Example: xunfang night --home demo-home --date 2025-12-31
    """
    from engine import trial
    from engine.workplace import Workplace

    with _bars() as progress:
        place = Workplace.open(_home(home), threads=threads)
        day = business_date.date() if business_date else _now().astimezone().date()
        told = trial.one_night(place, day, actor=actor, now=_now, progress=progress)
    _emit(told, as_json, "night")


@app.command()
def status(home: HomeOption, as_json: JsonOption = False) -> None:
    """Last night, what is held and why, freshness of the sources, what waits, and the disk.

    Example: xunfang status --home demo-home
    """
    from engine.status import status_of
    from engine.workplace import Workplace

    _emit(status_of(Workplace.open(_home(home)), _now()), as_json, "status")


@app.command()
def verify(home: HomeOption, as_json: JsonOption = False) -> None:
    """Compare every stored file with its hash, and the audit chain with its key.

    Example: xunfang verify --home demo-home
    """
    from engine.verify import verify_home
    from engine.workplace import Workplace

    told = verify_home(Workplace.open(_home(home)))
    _emit(told, as_json, "verify")
    if not told["intact"]:
        raise IntegrityError(
            f"{home}: {len(told['damaged'])} stored files or chains are not what they were when they were written",
            "Put back what is named above from a backup of the home.",
        )


@app.command()
def migrate(home: HomeOption) -> None:
    """Bring the home's database to this program's version.

    Example: xunfang migrate --home home
    """
    from engine.db import migrate as bring_up
    from engine.db import open_db
    from engine.settings import existing

    bring_up(open_db(existing(_home(home)).database))
    typer.echo("the database has this program's version")


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
    from engine.workplace import Workplace

    logs.configure()
    trial.run_schedule(Workplace.open(_home(home), threads=threads), at=at, zone=zone, now=_now)


@features_app.callback(invoke_without_command=True)
def features(context: typer.Context, as_json: JsonOption = False) -> None:
    """The columns that the models see: name, label, unit, direction, concept.

    Example: xunfang features
    """
    if context.invoked_subcommand is None:
        from engine.show import feature_rows

        _emit({"features": feature_rows()}, as_json, "features")


@features_app.command("show")
def features_show(
    name: Annotated[str, typer.Argument(help="Name of the column.")],
    home: HomeOption,
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="What was known on this day.")],
    as_json: JsonOption = False,
) -> None:
    """Compute one column on one date: what it means, and how it is distributed.

    Example: xunfang features show income_drop_3m --home demo-home --as-of 2025-12-31
    """
    from engine.show import feature_shown
    from engine.workplace import Workplace

    with _bars() as progress:
        told = feature_shown(Workplace.open(_home(home)).population(progress), name, as_of.date())
    _emit(told, as_json, "feature")


def main() -> None:
    """Run a command; a user's mistake ends with its message, its way out and its exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # LightGBM's threads sleep, not spin, on a busy machine
    try:
        app()
    except XunfangError as error:
        _leave(error)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _leave(DiskFullError("the disk is full", "Free some space and run the same command again."))
    except SystemExit as left:  # typer turns Ctrl-C into this code, without a word
        if left.code != InterruptedRunError.exit_code:
            raise
        _leave(
            InterruptedRunError("stopped; nothing half-written remains", "Run the same command again: it goes on.")
        )


def _leave(error: XunfangError) -> None:
    typer.echo(f"xunfang: {error}", err=True)
    sys.exit(error.exit_code)


def _home(folder: Path) -> "Home":
    from engine.settings import Home

    return Home(folder.expanduser().resolve())


def _now() -> datetime:
    return datetime.now(UTC)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Mend the path.") from None


def _bars() -> Any:
    from engine.show import bars

    return bars()


def _emit(told: dict[str, Any], as_json: bool, shape: str) -> None:
    if as_json:
        text = json.dumps(told, ensure_ascii=False, indent=2, default=_plain)
        typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))  # names of files that are no UTF-8
        return
    from engine.show import as_text

    typer.echo(as_text(told, shape), nl=False)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | Path):
        return str(value)
    raise TypeError(f"cannot be told as JSON: {type(value).__name__}")


if __name__ == "__main__":
    main()
