"""Whether a household that loses ground can fall in risk or on the list."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, SeedOption, ThreadsOption, bars, emit, opened

app = typer.Typer()


@app.command()
def signs(
    *,
    home: HomeOption,
    sample: Annotated[int, typer.Option(min=1, help="Households that are made worse, at most.")] = 10_000,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By what was known on this day (default: now).")
    ] = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Make records worse (a wage lost, a bill, a month of arrears) and count who falls in risk or on the list.

    Example: xunfang signs --home demo-home
    """
    from engine.rewriting import steady
    from engine.signs import figures

    with bars() as progress:
        place = opened(home, seed=seed, threads=threads)
        with steady(place.home):
            told = figures(
                place.population(progress),
                place.promoted_models(),
                seed=seed,
                as_of=None if date is None else date.date(),
                sample=sample,
                threads=threads,
            )
    emit(told, as_json, "signs")
