"""How a home is: its last night, its files and chains, the version of its database."""

import typer

from engine.commands.options import HomeOption, JsonOption, emit, home_at, now, opened
from engine.errors import IntegrityError

app = typer.Typer()


@app.command()
def status(home: HomeOption, as_json: JsonOption = False) -> None:
    """Last night, what is held and why, freshness of the sources, what waits, and the disk.

    Example: xunfang status --home demo-home
    """
    from engine.status import status_of

    emit(status_of(opened(home), now()), as_json, "status")


@app.command()
def verify(home: HomeOption, as_json: JsonOption = False) -> None:
    """Compare every stored file with its hash, and the audit chain with its key.

    Example: xunfang verify --home demo-home
    """
    from engine.verify import verify_home

    told = verify_home(opened(home))
    emit(told, as_json, "verify")
    if not told["intact"]:
        raise IntegrityError(
            f"{home}: {len(told['damaged'])} stored files or chains are not what they were when they were written",
            "Put back what is named above from a backup of the home.",
        )


@app.command()
def migrate(home: HomeOption) -> None:
    """Bring the home's database and its record store to this program's version.

    Example: xunfang migrate --home home
    """
    from engine.db import migrate as bring_up
    from engine.db import open_home_db
    from engine.recordstore import migrate_store
    from engine.settings import existing, read_settings

    place = existing(home_at(home))
    bring_up(open_home_db(place, read_settings(place)))
    migrate_store(place)
    typer.echo("the database and the record store have this program's version")
