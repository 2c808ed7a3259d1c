"""When lists are held: a person confirms a delivery, or releases the lists."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import HomeOption, JsonOption, emit, now, opened

if TYPE_CHECKING:
    from engine.workplace import Workplace

app = typer.Typer()

ActorOption = Annotated[str, typer.Option(help="Who says so, for the record.")]
ReasonOption = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for the auditor.")]


@app.command()
def confirm(
    delivery: Annotated[str, typer.Argument(help="Id of the delivery, or the folder of a refused one.")],
    home: HomeOption,
    reason: ReasonOption,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Let the nights go on with a delivery that is unlike its history, or without one that was refused.

    Example: xunfang confirm yb-2025-12 --reason "two hospitals joined" --home home
    """
    from engine.holding import confirm as confirm_delivery

    emit(confirm_delivery(opened(home, actor=actor), delivery, reason=reason), as_json, "plain")


@app.command()
def release(
    business_date: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The night's date.")],
    home: HomeOption,
    reason: ReasonOption = "",
    actor: ActorOption = "reviewer",
    as_json: JsonOption = False,
) -> None:
    """Release the lists of a night that wait for a person, write and tell of them. A held night needs a reason.

    Example: xunfang release --date 2025-12-31 --reason "the new hospital explains it" --home home
    """
    emit(released(opened(home, actor=actor, role="reviewer"), business_date.date(), reason), as_json, "plain")


def released(place: "Workplace", day: date, reason: str) -> dict[str, Any]:
    """Release the lists of a night, write them, and send the messages that they are there."""
    from engine.holding import release as release_lists
    from engine.pushing import push_due, told_of
    from engine.send import send_night

    told = release_lists(place, day, reason=reason)
    written = send_night(place, day, now())
    told |= {"written": len({each.caseworker_id for each in written})}
    return told | ({"messages": told_of(push_due(place))} if place.settings.push.channel else {})
