"""The institution cube of a night."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened

app = typer.Typer()


class By(StrEnum):
    """Parts of the county that the cube may be told by."""

    AREA = "area"


@app.command()
def coverage(
    home: HomeOption,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of the night of this date (default: the newest).")
    ] = None,
    by: Annotated[By | None, typer.Option(help="By township as well.")] = None,
    *,
    page: Annotated[Path | None, typer.Option(help="Write it as one page (HTML) as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Population × programme × authority: who draws what, who lacks it, what is misplaced or doubled.

    Counts of 7 and under are not shown, nor others from which they could be worked out; the rest are rounded to 5.

    Example: xunfang coverage --home demo-home --by area --page coverage.html
    """
    from engine import coverage as cube
    from engine import coveragepage
    from engine.send import currency_of

    place = opened(home)
    told = cube.figures(place, None if on is None else on.date(), by_area=by is not None)
    if page is not None:
        coveragepage.write_page(told, page, currency_of(place))
    emit(told, as_json, "coverage")
