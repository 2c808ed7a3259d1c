"""What comes back from visits: outcomes recorded, taken back, taken in from a returned list, listed; referrals."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened, today
from engine.commands.rights import ActorOption

app = typer.Typer(
    no_args_is_help=True,
    help="Outcomes of visits, and what they hand on.\n\nExample: xunfang outcome list --home home",
)
ItemOption = Annotated[str, typer.Argument(help="The item's number on the list, as 17-0K3ZP.")]


@app.command("record")
def outcome_record(
    item: ItemOption,
    code: Annotated[str, typer.Argument(help="V10 to V70, as on the list.")],
    home: HomeOption,
    *,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of the visit (default: today).")
    ] = None,
    contact: Annotated[str, typer.Option(help="How contact was made or tried: home, phone or other.")] = "home",
    because: Annotated[
        str | None,
        typer.Option(
            help="Why the visit could not be made: no_answer, wrong_number, wrong_address, away, unsafe, no_way."
        ),
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            help="V13: the department (GA MZ RS YB WJ JY CL ZJ NY other). V42: what is wrong (people, address, "
            "phone, income, benefit, other_data)."
        ),
    ] = None,
    note: Annotated[str | None, typer.Option(help="A remark, at most 500 characters; kept sealed.")] = None,
    minutes: Annotated[int | None, typer.Option(min=0, max=1_440, help="How long it took.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who made the visit (default: whose list it is).")] = None,
    owner: Annotated[str | None, typer.Option(help="Who has the referral (default: by the table).")] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record what a visit has brought. The same outcome twice is one outcome.

    It closes the visit, starts the household's cool-down and opens what somebody else must do next.

    Example: xunfang outcome record 17-0K3ZP V10 --on 2026-01-05 --home home
    """
    from engine import outcomes
    from engine.commands.guard import person
    from engine.feedback import Filled

    filled = Filled(
        outcome=code.upper(),
        visited_on=today() if on is None else on.date(),
        contact=contact,
        hindrance=because,
        about=about,
        note=note,
        minutes=minutes,
        visited_by=by,
        owner=owner,
    )
    told = outcomes.record_one(opened(home, actor=actor), item, filled, areas=person().areas)
    emit(told, as_json, "outcome")


@app.command("undo")
def outcome_undo(
    item: ItemOption,
    home: HomeOption,
    reason: Annotated[str, typer.Option(help="Why, in a sentence that names nobody.")],
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Take an outcome back: it counts no more, and the visit waits again. Its row and its history stay.

    Example: xunfang outcome undo 17-0K3ZP --reason "the wrong household" --home home
    """
    from engine import outcomes
    from engine.commands.guard import person

    told = outcomes.undo_one(opened(home, actor=actor), item, reason=reason, areas=person().areas)
    emit(told, as_json, "plain")


@app.command("import")
def outcome_import(
    file: Annotated[Path, typer.Argument(help="The list that came back, .xlsx or .csv.")],
    home: HomeOption,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Take in a list that a caseworker has filled in: sorted, cut or filled in twice, no row is lost.

    Each row is recorded, known already, or set aside with its reason. Mend those and send the file again.

    Example: xunfang outcome import returned/li.xlsx --home home
    """
    from engine import returned
    from engine.commands.guard import person

    emit(returned.take_back(opened(home, actor=actor), file, areas=person().areas), as_json, "returned")


@app.command("list")
def outcome_list(
    home: HomeOption,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of the night of this date (default: the newest).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The visits of a night's lists with their outcomes, and every open referral with its owner and due date.

    Example: xunfang outcome list --home home --date 2025-12-31
    """
    from engine import outcomes
    from engine.commands.guard import person

    day = None if date is None else date.date()
    emit(outcomes.listed(opened(home), day, areas=person().areas), as_json, "outcomes")


@app.command("settle")
def outcome_settle(
    referral: Annotated[int, typer.Argument(help="Its number in xunfang outcome list.")],
    home: HomeOption,
    result: Annotated[str, typer.Option(help="What came of it, in a sentence that names nobody.")],
    *,
    returned: Annotated[
        bool, typer.Option("--returned/--done", help="The other side would not take it; else it is done.")
    ] = False,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Close a referral.

    Example: xunfang outcome settle 3 --done --result "the insurance office has registered the disease" --home home
    """
    from engine import outcomes

    state = "returned" if returned else "done"
    emit(outcomes.settle(opened(home, actor=actor), referral, state=state, result=result), as_json, "plain")
