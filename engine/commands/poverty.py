"""The figures about poverty."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, opened

app = typer.Typer()


@app.command()
def poverty(
    home: HomeOption,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By what was known on this day (default: now).")
    ] = None,
    before_assistance: Annotated[
        bool, typer.Option("--before-assistance", help="Leave social assistance out of the incomes.")
    ] = False,
    page: Annotated[Path | None, typer.Option(help="Write the figures as one page (HTML) as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """How many are relatively poor, how deep, how much it would take, and who is at the edge.

    Example: xunfang poverty --home demo-home --page poverty.html
    """
    from engine import poverty as figures

    with bars() as progress:
        told = figures.figures(
            opened(home),
            None if date is None else date.date(),
            concept="before_assistance" if before_assistance else "disposable",
            progress=progress,
        )
    if page is not None:
        figures.write_page(told, page)
    emit(told, as_json, "poverty")
