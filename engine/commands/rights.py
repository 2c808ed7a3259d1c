"""What a household may ask for: not to be contacted, not to be ranked, to be forgotten."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, now, opened

app = typer.Typer(
    no_args_is_help=True, help="Opt-outs, objections, erasures.\n\nExample: xunfang rights list --home home"
)
HouseholdOption = Annotated[str, typer.Option("--household", help="Its twelve characters, as on the card.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="In a few words; name nobody.")]
ActorOption = Annotated[str, typer.Option("--actor", help="Who records it.")]


@app.command("list")
def rights_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Opt-outs in force, objections, erasures.

    Example: xunfang rights list --home home
    """
    from engine import rights

    emit(rights.listed(opened(home), now().astimezone().date()), as_json, "rights")


@app.command("opt-out")
def rights_opt_out(
    home: HomeOption,
    household: HouseholdOption,
    *,
    reason: ReasonOption = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; without it, for good.")
    ] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that a household does not want to be contacted. It comes off the lists that are out.

    Example: xunfang rights opt-out --home home --household 0123456789ab
    """
    from engine import rights

    last = None if until is None else until.date()
    told = rights.opt_out(opened(home, actor=actor), household, reason=reason, until=last)
    emit(told, as_json, "right")


@app.command("objection")
def rights_objection(
    home: HomeOption,
    household: HouseholdOption,
    reason: ReasonOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that a household objects to being chosen by a model. No model ranks it until a reviewer has decided.

    Example: xunfang rights objection --home home --household 0123456789ab
    """
    from engine import rights

    told = rights.object_to(opened(home, actor=actor), household, reason=reason)
    emit(told, as_json, "right")


@app.command("decide")
def rights_decide(
    home: HomeOption,
    objection: Annotated[int, typer.Option(help="Its number in xunfang rights list.")],
    reason: Annotated[str, typer.Option(help="Why; it is told to the household.")],
    actor: Annotated[str, typer.Option(help="The reviewer who decides; not who recorded it.")],
    *,
    upheld: Annotated[bool, typer.Option("--upheld/--dismissed", help="Whether the household stays out.")],
    as_json: JsonOption = False,
) -> None:
    """Decide an objection: upheld, no model ranks the household any more; dismissed, it is ranked again.

    Example: xunfang rights decide --home home --objection 1 --upheld --actor reviewer --reason agreed
    """
    from engine import rights

    place = opened(home, actor=actor, role="reviewer")
    told = rights.decide(place, objection, upheld=upheld, reason=reason)
    emit(told, as_json, "right")


@app.command("erase")
def rights_erase(
    home: HomeOption,
    household: HouseholdOption,
    reason: ReasonOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Forget a household and its people: lists, records, vault, quarantine, nights. It cannot be undone.

    Past nights can then no longer be made again byte by byte, and say so. Deliveries that still lie in inbox/ and
    backups are told, not changed. The door refuses the household when it is delivered again.

    Example: xunfang rights erase --home home --household 0123456789ab --reason "law of 2021, Art. 47"
    """
    from engine import rights

    emit(rights.forget(opened(home, actor=actor), household, reason=reason), as_json, "right")
