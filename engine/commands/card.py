"""The card of a model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.commands.options import HomeOption, JsonOption, SeedOption, bars, emit, opened

app = typer.Typer()


@app.command()
def card(
    risk: Annotated[Literal["relative_poverty", "emergency"], typer.Argument(help="Which risk.")],
    *,
    home: HomeOption,
    model: Annotated[
        str | None, typer.Option(help="A kept model by its id (default: the one that serves).")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the card as one page (HTML) as well.")] = None,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """A model in full: purpose and limits, data, tests, calibration, fairness, what moves it, what is watched.

    Example: xunfang card relative_poverty --home demo-home --page card.html
    """
    from engine import modelcard
    from engine.files import write_bytes
    from engine.rewriting import steady

    with bars() as progress:
        place = opened(home, seed=seed)
        with steady(place.home):
            told, sample = modelcard.figures(place, risk, model, progress)
    if page is not None:
        from engine.modelcardpage import card_page

        write_bytes(page, card_page(told, [] if sample is None else sample.drawings()))
    emit(told, as_json, "card")
