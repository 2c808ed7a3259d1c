"""What comes in: laying out a home, and taking in what its inbox holds."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, home_at, opened, today
from engine.errors import UsageError

app = typer.Typer()


@app.command("init")
def init(
    home: HomeOption = Path("home"),
    sample: Annotated[
        Path | None, typer.Option(help="A department's file: write a starting description of it.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="With --sample: the kind of record that it holds.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Lay out an empty home with commented defaults. What is there already is kept.

    With --sample, write a commented description of a department's file into sources/ as well: no value of it.

    Example: xunfang init --home home
    """
    from engine import trial

    if (sample is None) != (kind is None):
        raise UsageError("--sample and --kind belong together", "Give both, or neither.")
    told = trial.empty_home(home_at(home))
    if sample is not None and kind is not None:
        from engine.intake.sample import describe_sample

        told |= describe_sample(home_at(home), sample, kind)
    emit(told, as_json, "init")


@app.command()
def check(home: HomeOption, as_json: JsonOption = False) -> None:
    """Take in what lies in the inbox and say, per source: rows, accepted, set aside and by which rule.

    Example: xunfang check --home demo-home
    """
    with bars() as progress:
        told, taken = opened(home).check(progress)
    emit(told, as_json, "check")
    taken.raise_refused()


@app.command()
def fetch(
    home: HomeOption,
    source: Annotated[
        str | None, typer.Option(help="One described source (default: all that have a query).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the departments' databases, without the right to write, and land each result as a delivery in the inbox.

    Example: xunfang fetch --home home
    """
    from engine.intake import database

    place = opened(home)
    told = database.fetch(place.home, today(), source=source)
    if told["fetched"]:
        place.log.note("databases read", "delivery", {"rows": told["fetched"]})
    emit(told, as_json, "fetch")
