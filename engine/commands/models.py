"""The kept models: which serves, which served before, which one challenges it."""

from typing import Annotated, Literal

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened

app = typer.Typer(
    no_args_is_help=True,
    help="The kept models and which of them serves.\n\nExample: xunfang models list --home home",
)

RiskArgument = Annotated[Literal["relative_poverty", "emergency"], typer.Argument(help="Which risk.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a sentence; it is kept for the auditor.")]
ActorOption = Annotated[str, typer.Option("--actor", help="Who decides, for the record.")]


@app.command("list")
def models_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every kept model, whether it serves or challenges, its figures, and what its gates say against it.

    Example: xunfang models list --home home
    """
    from engine import serving

    emit(serving.listed(opened(home).home), as_json, "models")


@app.command("promote")
def models_promote(
    risk: RiskArgument,
    model: Annotated[str, typer.Argument(help="Id of a kept model.")],
    home: HomeOption,
    reason: ReasonOption,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Although its gates hold it back.")] = False,
    actor: ActorOption = "reviewer",
    as_json: JsonOption = False,
) -> None:
    """Let a kept model serve from the next night on.

    Example: xunfang models promote emergency 0123456789ab --reason "better for a month in the shadow" --home home
    """
    from engine import serving

    place = opened(home, actor=actor, role="reviewer")
    emit(serving.promote(place.home, place.log, risk, model, reason=reason, accept=accept), as_json, "plain")


@app.command("rollback")
def models_rollback(
    risk: RiskArgument,
    home: HomeOption,
    reason: ReasonOption,
    actor: ActorOption = "reviewer",
    as_json: JsonOption = False,
) -> None:
    """Let the model serve that served before this one.

    Example: xunfang models rollback emergency --reason "it lists too few of the young" --home home
    """
    from engine import serving

    place = opened(home, actor=actor, role="reviewer")
    emit(serving.roll_back(place.home, place.log, risk, reason=reason), as_json, "plain")


@app.command("challenge")
def models_challenge(
    risk: RiskArgument,
    model: Annotated[str, typer.Argument(help="Id of a kept model, or none to end it.")],
    home: HomeOption,
    reason: ReasonOption,
    *,
    actor: ActorOption = "reviewer",
    as_json: JsonOption = False,
) -> None:
    """Let a kept model score every night in the shadow: it lists nobody; the night's report compares both.

    Example: xunfang models challenge emergency 0123456789ab --reason "a month beside the old one" --home home
    """
    from engine import serving

    place = opened(home, actor=actor, role="reviewer")
    emit(serving.challenge(place.home, place.log, risk, model, reason=reason), as_json, "plain")
