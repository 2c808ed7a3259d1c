"""The lists of a night in counts, what another policy would make of them, and the queue of the bureau's desk."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, ThreadsOption, bars, emit, opened, text_of, today
from engine.errors import UsageError

app = typer.Typer()


@app.command()
def lists(
    home: HomeOption,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The night of this date (default: today).")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Draft them; nothing is saved or sent.")] = False,
    policy: Annotated[Path | None, typer.Option(help="With --dry-run: another policy to compare with.")] = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """What the lists of a night would hold, in counts; with another policy, who would enter and who would leave.

    Example: xunfang lists --dry-run --policy other.toml --home demo-home --date 2025-12-31
    """
    from engine import drafts
    from outreach.policy import Policy, PolicyError

    if not dry_run:
        raise UsageError("--dry-run is missing", "Lists are made by xunfang night; this command only drafts them.")
    try:
        other = None if policy is None else Policy.from_toml(text_of(policy))
    except PolicyError as wrong:
        raise UsageError(f"--policy {policy}: {wrong}", "Mend the value named above.") from None
    with bars() as progress:
        place = opened(home, threads=threads)
        told = drafts.dry_run(place, today() if date is None else date.date(), other, progress)
    emit(told, as_json, "lists")


@app.command()
def desk(
    home: HomeOption,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of the night of this date (default: the newest).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What waits for a person at the bureau: visits without room, overdue or in vain, help that may not fit.

    Example: xunfang --as reviewer desk --home home
    """
    from engine import drafts

    emit(drafts.desk_queue(opened(home), None if date is None else date.date()), as_json, "desk")
