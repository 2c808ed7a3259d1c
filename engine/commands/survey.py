"""Public surveys of real people as source records: each command lays out a home for the others."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, home_at
from engine.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from engine.layout import Tables

app = typer.Typer(
    no_args_is_help=True,
    help="The same engine on a public survey of real people.\n\nExample: xunfang survey eph --help",
)
FromOption = Annotated[Path, typer.Option("--from", help="The folder with the survey's files.")]


@app.command()
def eph(
    waves: Annotated[tuple[str, str], typer.Option(help="Two waves, the second a year after the first.")],
    source: FromOption,
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

    try:
        ordered = in_order(waves)
        names = [str(wave) for wave in ordered]
        told = eph_home.settings(names)
        deliveries = eph.to_deliveries(layout.read_survey(source, eph.FILES, names), names)
    except SurveyError as wrong:
        raise UsageError(str(wrong), "Name two quarters a year apart, such as 2016T3 2017T3.") from None
    days = {str(wave): wave.known_on for wave in ordered}
    _lay_out(home, {"survey": "eph", "waves": names}, told, deliveries, days, as_json=as_json)


@app.command()
def gsoep(
    source: FromOption,
    waves: Annotated[tuple[int, int], typer.Option(help="The first and the last year.")] = (1984, 1988),
    home: HomeOption = Path("survey-home"),
    as_json: JsonOption = False,
) -> None:
    """The German panel of incomes, jobs and doctor visits as source records, a wave a year.

    Example: xunfang survey gsoep --from ../shared/data/gsoep_health_1984_1995 --waves 1984 1988 --home gsoep-home
    """
    from engine import layout
    from fixtures.surveys import gsoep
    from fixtures.surveys.raw import SurveyError

    try:
        ordered = gsoep.waves_from(*waves)
        deliveries = gsoep.to_deliveries(layout.read_survey(source, gsoep.FILES, [""])[""], ordered)
    except SurveyError as wrong:
        raise UsageError(str(wrong), "Name two years of the panel, such as 1984 1988.") from None
    days = {str(wave): wave.known_on for wave in ordered}
    told = gsoep.settings() | {"night_as_of": ordered[-1].as_of}
    _lay_out(home, {"survey": "gsoep", "waves": list(days)}, told, deliveries, days, as_json=as_json)


@app.command()
def eusilc(
    source: FromOption,
    year: Annotated[int, typer.Option(min=1990, max=2100, help="The year of the incomes.")] = 2005,
    home: HomeOption = Path("survey-home"),
    as_json: JsonOption = False,
) -> None:
    """EU-SILC (the public Austrian sample) as source records: who is poor, told without any income column.

    Example: xunfang survey eusilc --from ../shared/data/eusilc_laeken --home eusilc-home
    """
    from datetime import date

    from engine import layout
    from features.catalog import FEATURES
    from fixtures.surveys import eusilc, eusilc_home
    from fixtures.surveys.raw import SurveyError

    try:
        records = eusilc.to_deliveries(layout.read_survey(source, eusilc.FILES, [""])[""], year)
    except SurveyError as wrong:
        raise UsageError(str(wrong), "Name the folder with the public sample (eusilc.parquet).") from None
    barred = [item.name for item in FEATURES if "income" in item.sources]
    told = eusilc_home.settings(barred) | {"night_as_of": date(year + 1, 1, 1)}
    made_from, name = {"survey": "eusilc", "year": year}, str(year)
    _lay_out(home, made_from, told, {name: records}, {name: date(year, 12, 31)}, as_json=as_json)


def _lay_out(
    home: Path,
    made_from: Mapping[str, Any],
    told: Mapping[str, Any],
    deliveries: Mapping[str, "Tables"],
    days: Mapping[str, "date"],
    *,
    as_json: bool,
) -> None:
    """Write the deliveries and the settings, and tell what was laid out."""
    from engine import layout

    place = home_at(home)
    layout.same_trial(place, made_from)
    with bars() as progress:
        for name, day in days.items():
            part: tuple[Tables, Tables, Tables] = (deliveries[name], {}, {})
            layout.write_delivery(place, f"{made_from['survey']}-{name}", day, [part], count=1, progress=progress)
    layout.lay_out(place, told["home"], told["caseworkers"], automatic=True)
    shown = {
        "home": str(place.root),
        "deliveries": list(days),
        "night_as_of": told["night_as_of"],
        "lacks": told["home"]["lacks"],
    }
    emit(shown, as_json, "survey")
