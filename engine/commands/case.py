"""Cases: what is due, where each stands, and the steps of the procedure."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened, today
from engine.commands.rights import ActorOption

app = typer.Typer(
    no_args_is_help=True,
    help="Cases, from the first contact to the payment and its review.\n\nExample: xunfang case list --home home",
)
CaseOption = Annotated[int, typer.Argument(metavar="CASE", help="Its number in xunfang case list.")]
OnOption = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of it (default: today).")
]


def _day(given: datetime | None) -> date:
    return today() if given is None else given.date()


def _told(told: dict[str, Any], as_json: bool, shape: str) -> None:
    from engine.explain.household import plain

    emit(plain(told), as_json, shape)


@app.command("list")
def case_list(
    home: HomeOption,
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those with something past its day.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The open cases: what is to be done next in each, by when, and what is overdue.

    Example: xunfang case list --overdue --home home
    """
    from engine import cases
    from engine.commands.guard import person

    _told(cases.listed(opened(home), areas=person().areas, overdue=overdue, every=every), as_json, "cases")


@app.command("show")
def case_show(case: CaseOption, home: HomeOption, as_json: JsonOption = False) -> None:
    """One case: what is next and by which article, every step, the parts of its package.

    Example: xunfang case show 3 --home home
    """
    from engine import cases
    from engine.commands.guard import person

    _told(cases.shown(opened(home), case, areas=person().areas), as_json, "case")


@app.command("open")
def case_open(
    household: Annotated[str, typer.Argument(metavar="HOUSEHOLD", help="Its twelve characters, as on the card.")],
    home: HomeOption,
    programme: Annotated[str, typer.Option(help="The programme it has applied for, as DB.")],
    *,
    on: OnOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Open the case of a household that has applied by itself. Those that a list has found open by their outcome.

    Example: xunfang case open 7k2m9qa0c4xw --programme DB --home home
    """
    from engine import cases
    from engine.commands.guard import person

    place = opened(home, actor=actor)
    told = cases.open_one(place, household, programme=programme.upper(), on=_day(on), areas=person().areas)
    _told(told, as_json, "case")


@app.command("step")
def case_step(
    case: CaseOption,
    to: Annotated[
        str, typer.Argument(help="Where it goes, as accepted; xunfang case show says what it may become.")
    ],
    home: HomeOption,
    *,
    on: OnOption = None,
    reason: Annotated[str | None, typer.Option(help="Why, in a sentence that names nobody.")] = None,
    programme: Annotated[
        str | None, typer.Option(help="What is applied for, where nobody has said it yet.")
    ] = None,
    limit: Annotated[
        str | None, typer.Option(help="decision, decision_special or decision_delegated: the limit of the whole.")
    ] = None,
    heard_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the household was heard.")
    ] = None,
    half_yearly: Annotated[
        bool | None, typer.Option("--half-yearly/--yearly", help="How often it is reviewed from now on.")
    ] = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record a step: what was done, or what the authority has decided, with its day.

    Example: xunfang case step 3 accepted --on 2026-01-12 --home home
    """
    from engine import cases
    from engine.commands.guard import person
    from outreach.casefile import Taken

    taken = Taken(
        to,
        _day(on),
        reason=reason,
        programme=None if programme is None else programme.upper(),
        limit=limit,
        heard_on=None if heard_on is None else heard_on.date(),
        half_yearly=half_yearly,
    )
    _told(cases.take_step(opened(home, actor=actor), case, taken, areas=person().areas), as_json, "case")


@app.command("part")
def case_part(
    case: CaseOption,
    part: Annotated[int, typer.Argument(metavar="PART", help="Its number in xunfang case show.")],
    state: Annotated[str, typer.Argument(metavar="RESULT", help="confirmed, refused or dropped.")],
    home: HomeOption,
    reason: Annotated[str, typer.Option(help="What its authority said, in a sentence that names nobody.")],
    *,
    on: OnOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record what became of one part of the package.

    Example: xunfang case part 3 2 confirmed --reason "paid from May" --home home
    """
    from engine import cases
    from engine.commands.guard import person
    from engine.errors import UsageError

    if state not in ("confirmed", "refused", "dropped"):
        raise UsageError(f"RESULT {state}: no such result", "It is confirmed, refused or dropped.")
    place, areas = opened(home, actor=actor), person().areas
    told = cases.settle_part(place, case, part, state=state, on=_day(on), reason=reason, areas=areas)
    _told(told, as_json, "case")
