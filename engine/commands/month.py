"""The month's evaluation pack."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, opened
from engine.errors import UsageError

app = typer.Typer()


@app.command()
def month(
    of: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month in which the lists went out.")],
    home: HomeOption,
    page: Annotated[Path | None, typer.Option(help="Write it as one page (HTML) as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What became of a month's lists: hit rates, the way to lasting help, time, unmet need, overrides, burden.

    Counts of 7 and under are not shown, the others are rounded to 5.

    Example: xunfang month 2025-12 --home demo-home --page month.html
    """
    from engine import month as monthly
    from engine import monthpage

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", of):
        raise UsageError(f"{of}: is no month", "Write it as 2025-12.")
    place = opened(home)
    with bars() as progress:
        told = monthly.figures(place, date.fromisoformat(f"{of}-01"), progress)
    if page is not None:
        monthpage.write_page(told, page, place.settings.minor_units)
    emit(told, as_json, "month")
