"""The page of one household."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, ThreadsOption, emit, opened

app = typer.Typer()


@app.command()
def explain(
    household: Annotated[str, typer.Argument(help="The household's number on a list (its pseudonym).")],
    home: HomeOption,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of the night of this date (default: the newest).")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What for: review or objection.")] = "review",
    *,
    page: Annotated[Path | None, typer.Option(help="Write it as one page (HTML) as well.")] = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Why a household is on a list, or why not: rules, score, evidence, what is missing, what would change it.

    Made from what the night has stored, and refused where the numbers do not add up. Who asked is noted first.

    Example: xunfang --as reviewer explain 7k2m9qa0c4xw --home home --page household.html
    """
    from engine.commands.guard import person, purpose_of
    from engine.explain import household as explaining
    from engine.explain.page import write_page

    who = person()
    told = explaining.explain(
        opened(home, threads=threads),
        household,
        on=None if date is None else date.date(),
        role=who.role,
        areas=who.areas,
        purpose=purpose_of(purpose),
    )
    if page is not None:
        write_page(told, page)
    emit(told, as_json, "explain")
