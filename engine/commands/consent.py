"""Consents to a check of facts of stage B (bank, securities, insurance, vehicles, property, tax, housing fund)."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened, today
from engine.commands.rights import ActorOption

app = typer.Typer(
    no_args_is_help=True,
    help="Consents to a check of bank accounts, securities, insurance, vehicles, property, tax or housing fund."
    "\n\nExample: xunfang consent list --home home",
)


@app.command("record")
def consent_record(
    household: Annotated[str, typer.Argument(help="Its twelve characters, as on the card.")],
    *,
    home: HomeOption,
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of the signature.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day.")],
    application: Annotated[str, typer.Option(help="The number of the application that the check is for.")],
    evidence: Annotated[str, typer.Option(help="Where the signed form is; name nobody.")],
    facts: Annotated[
        list[str] | None, typer.Option("--facts", help="A class of facts (may be repeated; default: all).")
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option("--person", help="Who signed, by pseudonym (may be repeated; default: the whole household)."),
    ] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that a household which has applied agrees to a check: for which application, which facts, until when.

    A delivery of such facts about these persons is then counted instead of refused. Nothing of it is kept or used.

    Example: xunfang consent record 0123456789ab --home home --on 2025-12-01 --until 2026-05-31
    --application A-2025-17 --evidence "form 2025-17, archive of the township"
    """
    from engine import consent

    told = consent.record(
        opened(home, actor=actor),
        household,
        since=on.date(),
        until=until.date(),
        application=application,
        evidence=evidence,
        facts=facts or (),
        persons=person or (),
    )
    emit(told, as_json, "right")


@app.command("list")
def consent_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Every consent: for which application, which facts, until when, whether it is in force.

    Example: xunfang consent list --home home
    """
    from engine import consent

    emit(consent.listed(opened(home), today()), as_json, "rights")


@app.command("withdraw")
def consent_withdraw(
    consent: Annotated[int, typer.Argument(help="Its number in xunfang consent list.")],
    home: HomeOption,
    reason: Annotated[str | None, typer.Option("--reason", help="In a few words; name nobody.")] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Withdraw a consent from today on.

    Example: xunfang consent withdraw 1 --home home
    """
    from engine import consent as consents

    emit(consents.withdraw(opened(home, actor=actor), consent, reason=reason), as_json, "right")
