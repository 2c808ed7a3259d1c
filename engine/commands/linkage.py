"""Whose rows are these? Rows that were set aside for their person's number: proposals, and a person's decisions."""

from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened

app = typer.Typer(
    no_args_is_help=True,
    help="Rows without a usable identity number: who they may be.\n\nExample: xunfang linkage list --home home",
)
Numbers = Annotated[list[int], typer.Argument(help="Numbers of proposals, as xunfang linkage list tells them.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept for the auditor. Name nobody.")]
ActorOption = Annotated[str, typer.Option("--actor", help="Who decides.")]


@app.command("propose")
def linkage_propose(home: HomeOption, as_json: JsonOption = False) -> None:
    """Compare the rows that are set aside for their person's number with the people known here. Nothing is merged.

    Example: xunfang linkage propose --home home
    """
    from engine.linkage import proposals

    emit(proposals.propose(opened(home)), as_json, "linkage proposed")


@app.command("list")
def linkage_list(
    home: HomeOption,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Decided ones, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Proposals that wait for a decision: row, evidence, pseudonym, number of candidates. No value is shown.

    Example: xunfang linkage list --home home
    """
    from engine.linkage import proposals

    emit(proposals.listed(opened(home), everything=everything), as_json, "linkage")


@app.command("accept")
def linkage_accept(
    proposals: Numbers,
    home: HomeOption,
    reason: Reason,
    *,
    one_of_several: Annotated[
        bool,
        typer.Option("--one-of-several", help="The same evidence fits others, and this is known to be the one."),
    ] = False,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Say that these rows are these persons': they go in with the next check or night, mended by their number.

    Example: xunfang linkage accept 3 --home home --reason "the department has confirmed it"
    """
    from engine.linkage import decisions

    place = opened(home, actor=actor)
    emit(decisions.accept(place, proposals, reason=reason, one_of_several=one_of_several), as_json, "right")


@app.command("reject")
def linkage_reject(
    proposals: Numbers,
    home: HomeOption,
    reason: Reason,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Say that these rows are not these persons': they are never proposed for them again.

    Example: xunfang linkage reject 4 --home home --reason "a namesake"
    """
    from engine.linkage import decisions

    emit(decisions.reject(opened(home, actor=actor), proposals, reason=reason), as_json, "right")


@app.command("undo")
def linkage_undo(
    proposal: Annotated[int, typer.Argument(help="The number of an accepted proposal.")],
    home: HomeOption,
    reason: Reason,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Take back an acceptance. A row that went in is withdrawn from then on; past nights keep what they saw.

    Example: xunfang linkage undo 3 --home home --reason "the wrong person"
    """
    from engine.linkage import decisions

    emit(decisions.undo(opened(home, actor=actor), proposal, reason=reason), as_json, "right")
