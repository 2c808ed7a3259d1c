"""The keys of a home: what they are for, copies of them, new ones."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, home_at, now

app = typer.Typer(no_args_is_help=True, help="The keys of a home.\n\nExample: xunfang keys list --home home")


@app.command("list")
def keys_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Each key, its fingerprint, and what is lost with it.

    Example: xunfang keys list --home home
    """
    from engine import rekey
    from engine.settings import existing

    emit(rekey.listed(existing(home_at(home))), as_json, "keys")


@app.command("backup")
def keys_backup(
    home: HomeOption,
    target: Annotated[Path, typer.Argument(help="A folder outside the home.")],
    as_json: JsonOption = False,
) -> None:
    """Copy the keys to another place, read the copies back, and tell their fingerprints.

    Example: xunfang keys backup /mnt/safe/keys --home home
    """
    from engine import rekey
    from engine.commands.options import opened

    place = opened(home)
    told = rekey.backup(place.home, target)
    place.log.note("keys copied", "key", {"keys": told["keys"]})
    emit(told, as_json, "key copies")


@app.command("rotate")
def keys_rotate(
    home: HomeOption,
    name: Annotated[str, typer.Argument(help="pseudonym, vault, tie_break or audit.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change a key. What would be lost with it is said first; the old one is kept in keys/old/.

    Example: xunfang keys rotate vault --home home --yes
    """
    from engine import rekey
    from engine.commands.guard import person
    from engine.commands.options import opened
    from engine.settings import existing

    if name in rekey.LOST:
        typer.echo(f"{name}: with this key and all its copies lost, {rekey.LOST[name]}.", err=True)
        typer.echo("Backups made before the change open with the old key alone: keep both.", err=True)
    if name == "audit":
        typer.echo("The log up to the change is checked and read with the old key alone: keep it.", err=True)
    if name == "pseudonym":
        typer.echo(
            "Everybody gets another number. The old key is still needed for every delivery; cards and nights that "
            "are out keep the old numbers, which the home goes on understanding.",
            err=True,
        )
    if not yes:
        typer.confirm("Change it?", abort=True, err=True)
    who = person()
    told = rekey.rotate(existing(home_at(home)), name, now=now(), actor=who.name, role=who.role)
    opened(home).log.note("key changed", "key", {each: told[each] for each in ("key", "was", "is")})
    emit(told, as_json, "right")
