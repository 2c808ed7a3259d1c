"""Facts that a household, or a worker, contests."""

from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened
from engine.commands.rights import ActorOption

app = typer.Typer(
    no_args_is_help=True,
    help="Disputes about what is on record.\n\nExample: xunfang dispute list --home home",
)
NumberOption = Annotated[int, typer.Argument(metavar="DISPUTE", help="Its number in xunfang dispute list.")]


@app.command("open")
def dispute_open(
    household: Annotated[str, typer.Argument(metavar="HOUSEHOLD", help="Its twelve characters, as on the card.")],
    home: HomeOption,
    fact: Annotated[
        str,
        typer.Option(
            help="income, benefit, medical, disability, work, event, insurance, school, dwelling or people."
        ),
    ],
    reason: Annotated[str, typer.Option(help="What is wrong, in a sentence that names nobody.")],
    *,
    worker: Annotated[
        bool, typer.Option("--worker/--household", help="A worker says so; else the household does.")
    ] = False,
    owner: Annotated[str | None, typer.Option(help="Who settles it (default: the reviewer).")] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that a part of a household's records is contested. It is unknown to every night until it is settled.

    Example: xunfang dispute open 7k2m9qa0c4xw --fact income --reason "the work ended in May" --home home
    """
    from engine import disputes
    from engine.commands.guard import person

    by = "worker" if worker else "household"
    place, areas = opened(home, actor=actor), person().areas
    told = disputes.open_one(place, household, fact, reason=reason, raised_by=by, owner=owner, areas=areas)
    emit(told, as_json, "dispute")


@app.command("list")
def dispute_list(
    home: HomeOption,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The disputes that stand: what about, who settles them, by when.

    Example: xunfang dispute list --home home
    """
    from engine import disputes
    from engine.commands.guard import person

    emit(disputes.listed(opened(home), areas=person().areas, every=every), as_json, "disputes")


@app.command("settle")
def dispute_settle(
    dispute: NumberOption,
    home: HomeOption,
    result: Annotated[str, typer.Option(help="What was found, or why not, in a sentence that names nobody.")],
    *,
    upheld: Annotated[bool, typer.Option("--upheld/--rejected", help="Whether the record is wrong.")],
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Settle a dispute: upheld, it stays unknown until the source has put it right; rejected, it counts again.

    Example: xunfang --as reviewer dispute settle 1 --upheld --result "the employer confirms it" --home home
    """
    from engine import disputes

    emit(disputes.settle(opened(home, actor=actor), dispute, upheld=upheld, result=result), as_json, "dispute")


@app.command("corrected")
def dispute_corrected(
    dispute: NumberOption,
    home: HomeOption,
    result: Annotated[str, typer.Option(help="Which delivery has brought it, in a sentence that names nobody.")],
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that an upheld fact was put right and has arrived: it counts again.

    Example: xunfang dispute corrected 1 --result "in the delivery of June" --home home
    """
    from engine import disputes

    emit(disputes.put_right(opened(home, actor=actor), dispute, result=result), as_json, "dispute")
