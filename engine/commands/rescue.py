"""Upkeep and rescue: files put together, what is past its time taken away, nights made again, backups."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import (
    DateOption,
    HomeOption,
    JsonOption,
    ThreadsOption,
    bars,
    emit,
    home_at,
    now,
    opened,
    today,
)
from engine.errors import IntegrityError, UsageError

app = typer.Typer()


@app.command()
def compact(
    home: HomeOption,
    files: Annotated[int, typer.Option(min=2, help="Where a kind has at least so many files in a bucket.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Put the many small files of the record store together. No answer changes, of now or of a past night.

    Example: xunfang compact --home home
    """
    from engine import compaction

    place = opened(home)
    emit(compaction.compact(place.home, place.store(), files=files, now=now()), as_json, "compact")


@app.command()
def retain(
    home: HomeOption,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Count back from this day (not later than today)."),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and how old it is.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take away what is past its time by the policy's [retention]: records, set-aside text, nights, lists, visits.

    A record that is in force never goes. Past nights whose records went can not be made again, and say so.

    Example: xunfang retain --dry-run --home home
    """
    from engine.retention import retain as take_away

    with bars() as progress:
        day = today() if as_of is None else as_of.date()
        told = take_away(opened(home), day, dry_run=dry_run, progress=progress)
    emit(told, as_json, "retain")


@app.command()
def replay(
    home: HomeOption,
    business_date: DateOption = None,
    into: Annotated[Path | None, typer.Option(help="Keep what was made in this new folder.")] = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Make a past night again from what was known then, and compare it byte by byte. The night stays as it is.

    Example: xunfang replay --home demo-home --date 2025-12-31
    """
    from engine.replay import replay_night

    if business_date is None:
        raise UsageError("--date is missing", "Name the business date of the night.")
    if into is not None and into.exists():
        raise UsageError(f"--into {into}: is there already", "Name a new folder.")
    with bars() as progress, tempfile.TemporaryDirectory(prefix="xunfang-replay-") as scratch:
        place = opened(home, threads=threads)
        folder = Path(scratch) / "night" if into is None else into.expanduser().resolve()
        told = replay_night(place, business_date.date(), folder, progress)
    emit(told, as_json, "replay")
    if not told["identical"] and not told["reasons"]:
        raise IntegrityError(
            f"{home}: the night of {told['business_date']} does not come out as it did, and no reason is known",
            "Run xunfang verify: it names what is damaged.",
        )


@app.command()
def repair(home: HomeOption, as_json: JsonOption = False) -> None:
    """Make damaged files of the record store again from the deliveries in the inbox, or say what to put back.

    Example: xunfang repair --home home
    """
    from engine.repair import repair as mend

    told = mend(opened(home).home)
    emit(told, as_json, "repair")
    if told["left"]:
        raise IntegrityError(
            f"{home}: {len(told['left'])} damaged files could not be made again", "Put back what is named above."
        )


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder for the copy.")],
    home: HomeOption,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="The keys too: guard it like the home.")] = False,
    with_inbox: Annotated[bool, typer.Option("--with-inbox", help="The raw deliveries too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy a home, whole, while nights run and deliveries are taken in. The keys are not in it unless asked for.

    Example: xunfang backup backups/2026-01-31 --home home
    """
    from engine import backup as copying

    into = folder.expanduser().resolve()
    told = copying.backup(opened(home).home, into, with_keys=with_keys, with_inbox=with_inbox, now=now())
    emit(told, as_json, "backup")


@app.command()
def restore(
    home: HomeOption,
    folder: Annotated[Path | None, typer.Argument(help="The backup. With --drill: none = one made now.")] = None,
    keys: Annotated[Path | None, typer.Option(help="The folder with the keys, where the backup has none.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put the home that is there aside.")] = False,
    *,
    drill: Annotated[bool, typer.Option("--drill", help="In a scratch folder, to see that it works.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of a home. Every file of it is verified before anything is replaced.

    Example: xunfang restore --drill --home home
    """
    from engine import backup as copying
    from engine.commands.guard import person

    source = None if folder is None else folder.expanduser().resolve()
    place = home_at(home)
    if drill:
        told = copying.drill(place, source, now=now())
    elif source is None:
        raise UsageError("the backup is missing", "Name its folder, or add --drill.")
    else:
        who = (person().name, person().role)
        told = copying.restore(source, place, keys=keys, replace=replace, now=now(), who=who)
    emit(told, as_json, "restore")
    if told["verified"] is not None and not told["verified"]["intact"]:
        raise IntegrityError(
            f"{told['folder']}: the restored home is not whole",
            "xunfang verify names what is damaged. Checkpoints of nights after the backup do not fit it any more.",
        )
