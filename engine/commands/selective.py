"""What the lists miss."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, opened

app = typer.Typer()


@app.command("yield")
def found(
    home: HomeOption,
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The twelve months up to this day (default: the last night or visit)."
        ),
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the figures as one page (HTML) as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """How many households are in need, how many of them the lists find, and what they miss, from visits by lot.

    Example: xunfang yield --home demo-home --page yield.html
    """
    from engine import selective

    with bars() as progress:
        told = selective.figures(opened(home), None if date is None else date.date(), progress)
    if page is not None:
        selective.write_page(told, page)
    emit(told, as_json, "yield")
