"""Messages that lists are there: how they stand, sending, dead letters, receipts, release by a person."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.holding import ActorOption, ReasonOption, released
from engine.commands.options import HomeOption, JsonOption, emit, opened
from engine.errors import HomeError

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that lists are there: mail, webhooks, robots.\n\nExample: xunfang push status --home home",
)


@app.command("status")
def push_status(home: HomeOption, as_json: JsonOption = False) -> None:
    """How the messages stand, by channel: delivered, waiting and why, dead, read.

    Example: xunfang push status --home home
    """
    from engine.pushing import push_status as standing

    emit(standing(opened(home)), as_json, "push_status")


@app.command("send")
def push_send(home: HomeOption, as_json: JsonOption = False) -> None:
    """Send the messages that are due now; the scheduler and the night do so by themselves.

    Example: xunfang push send --home home
    """
    from engine.pushing import push_due, told_of

    told = told_of(push_due(opened(home)))
    emit(told, as_json, "push_sent")
    if told["problems"]:
        wrong = "; ".join(f"{name}: {why}" for name, why in told["problems"].items())
        raise HomeError(f"a channel cannot be used. {wrong}", "Mend it: its messages wait for the next look.")


@app.command("dead")
def push_dead(home: HomeOption, as_json: JsonOption = False) -> None:
    """The dead letters: messages that were given up, and why.

    Example: xunfang push dead --home home
    """
    from engine.pushing import dead_letters

    emit(dead_letters(opened(home)), as_json, "push_dead")


@app.command("retry")
def push_retry(
    home: HomeOption,
    reason: ReasonOption,
    message: Annotated[str | None, typer.Argument(help="Which; without it, all.")] = None,
    *,
    channel: Annotated[str | None, typer.Option(help="Those of this channel only.")] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Let dead letters, and what waits for another try, be due now, under the same keys: what a receiver had, it
    takes no second time.

    Example: xunfang push retry --channel county --reason "its disk was full" --home home
    """
    from engine.pushing import retry

    told = retry(opened(home, actor=actor), message=message, channel=channel, reason=reason)
    emit(told, as_json, "plain")


@app.command("receipt")
def push_receipt(
    home: HomeOption,
    message: Annotated[str, typer.Argument(help="The message, as in xunfang push status and in its link.")],
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Note that a message was read, or that the caseworker knows otherwise; a dead letter is then none any more.

    Example: xunfang push receipt msg_0123456789abcdef0123456789abcdef --actor li --home home
    """
    from engine.pushing import receipt

    emit(receipt(opened(home, actor=actor), message), as_json, "plain")


@app.command("release")
def push_release(
    night: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The night's date.")],
    home: HomeOption,
    reason: ReasonOption = "",
    actor: ActorOption = "reviewer",
    as_json: JsonOption = False,
) -> None:
    """Release the lists of a night that wait for a person, write them, and tell of them (as xunfang release does).

    Example: xunfang push release 2025-12-31 --reason "the new hospital explains it" --home home
    """
    emit(released(opened(home, actor=actor, role="reviewer"), night.date(), reason), as_json, "plain")
