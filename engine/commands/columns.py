"""The feature columns: what there is, and one of them computed."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, bars, emit, opened

app = typer.Typer()


@app.callback(invoke_without_command=True)
def features(context: typer.Context, as_json: JsonOption = False) -> None:
    """The columns that the models see: name, label, unit, direction, concept.

    Example: xunfang features
    """
    if context.invoked_subcommand is None:
        from engine.show import feature_rows

        emit({"features": feature_rows()}, as_json, "features")


@app.command("show")
def features_show(
    name: Annotated[str, typer.Argument(help="Name of the column.")],
    home: HomeOption,
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="What was known on this day.")],
    as_json: JsonOption = False,
) -> None:
    """Compute one column on one date: what it means, and how it is distributed.

    Example: xunfang features show income_drop_3m --home demo-home --as-of 2025-12-31
    """
    from engine.rewriting import steady
    from engine.show import feature_shown

    with bars() as progress:
        place = opened(home)
        with steady(place.home):
            told = feature_shown(place.population(progress), name, as_of.date())
    emit(told, as_json, "feature")
