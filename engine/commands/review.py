"""Reviews of help that may not fit or be drawn twice, with the hearing of the household."""

from datetime import datetime
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened, today
from engine.commands.rights import ActorOption

app = typer.Typer(
    no_args_is_help=True,
    help="Reviews of MIS and DUP findings. They stop no payment.\n\nExample: xunfang review list --home home",
)
NumberOption = Annotated[int, typer.Argument(metavar="REVIEW", help="Its number in xunfang review list.")]
OnOption = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of it (default: today).")
]


@app.command("list")
def review_list(
    home: HomeOption,
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their day.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that are concluded as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The reviews that stand: whether the household was heard, and by when they are due.

    Example: xunfang --as reviewer review list --home home
    """
    from engine import reviewed

    emit(reviewed.listed(opened(home), overdue=overdue, every=every), as_json, "reviews")


@app.command("hear")
def review_hear(
    review: NumberOption,
    home: HomeOption,
    how: Annotated[str, typer.Option(help="home, phone, office or writing.")],
    *,
    on: OnOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record that the household was heard: when, and how.

    Example: xunfang --as reviewer review hear 4 --how home --on 2026-01-12 --home home
    """
    from engine import reviewed

    day = today() if on is None else on.date()
    emit(reviewed.hear(opened(home, actor=actor), review, on=day, how=how), as_json, "review")


@app.command("conclude")
def review_conclude(
    review: NumberOption,
    conclusion: Annotated[str, typer.Argument(help="confirmed, not_confirmed or data_wrong.")],
    home: HomeOption,
    reason: Annotated[str, typer.Option(help="Why, in a sentence that names nobody.")],
    *,
    owed_more: Annotated[
        bool, typer.Option("--owed-more", help="Confirmed in the household's favour: it is owed more.")
    ] = False,
    on: OnOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Record the conclusion. Against a household there is none before it was heard; nothing is stopped by it.

    Example: xunfang --as reviewer review conclude 4 not_confirmed --reason "two persons of one name" --home home
    """
    from engine import reviewed
    from engine.errors import UsageError
    from outreach.reviews import CONCLUSIONS

    if conclusion not in CONCLUSIONS:
        raise UsageError(f"{conclusion}: no such conclusion", f"There are: {', '.join(CONCLUSIONS)}.")
    day = today() if on is None else on.date()
    place = opened(home, actor=actor)
    told = reviewed.conclude(place, review, conclusion, on=day, reason=reason, owed_more=owed_more)
    emit(told, as_json, "review")
