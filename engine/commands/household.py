"""One household's relief chain."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened, today

app = typer.Typer()


@app.command()
def household(
    number: Annotated[str, typer.Argument(metavar="HOUSEHOLD", help="Its twelve characters, as on the card.")],
    home: HomeOption,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="As known on this day (default: today)."),
    ] = None,
    purpose: Annotated[str, typer.Option(help="What for: visit, review or objection.")] = "review",
    *,
    page: Annotated[Path | None, typer.Option(help="Write it as one page (HTML) as well.")] = None,
    as_json: JsonOption = False,
) -> None:
    """One household's chain: records, nights, visits, aid, each with date and source, as of any past day.

    What was not known on that day is left out. Who asked is noted first.

    Example: xunfang --as reviewer household 7k2m9qa0c4xw --home home --as-of 2025-12-31
    """
    from engine import relief, reliefpage
    from engine.commands.guard import person, purpose_of

    who = person()
    told = relief.chain_of(
        opened(home),
        number,
        as_of=today() if as_of is None else as_of.date(),
        role=who.role,
        areas=who.areas,
        purpose=purpose_of(purpose),
    )
    if page is not None:
        reliefpage.write_page(told, page)
    emit(told, as_json, "household")
