"""Who did and saw what: the audit log, its export, its proof on another machine; and one household revealed."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, now, opened
from engine.errors import IntegrityError

app = typer.Typer()
log_app = typer.Typer(
    no_args_is_help=True, help="Who did and saw what.\n\nExample: xunfang --as auditor audit list --home home"
)


@log_app.command("list")
def audit_list(
    home: HomeOption,
    household: Annotated[str | None, typer.Option(help="Only what concerned this household (a pseudonym).")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this person or service did.")] = None,
    last: Annotated[int, typer.Option(min=1, help="The newest so many entries.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Who did and saw what, when, and what for: the newest entries of the audit log.

    Example: xunfang --as auditor audit list --home home --household 7k2m9qa0c4xw
    """
    from engine import audit
    from engine.db import reading

    place = opened(home)
    with reading(place.database) as session:
        told = audit.told(
            session,
            place.keys.audit,
            earlier=place.keys.audit_before,
            household=None if household is None else place.current(household),
            actor=actor,
            last=last,
            names_of=place.names_of,
        )
    emit({"entries": told}, as_json, "audit")


@log_app.command("export")
def audit_export(
    home: HomeOption,
    file: Annotated[Path, typer.Argument(help="The file to write. Its details stay sealed with the audit key.")],
    as_json: JsonOption = False,
) -> None:
    """Write the whole log into a file that can be verified on another machine, with a copy of keys/audit.key.

    Example: xunfang --as auditor audit export --home home log.jsonl
    """
    from engine import auditfile

    place = opened(home)
    emit({"file": str(file), "entries": auditfile.export(place.database, file)}, as_json, "audit export")


@log_app.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="An exported log.")],
    key_file: Annotated[Path, typer.Option(help="A copy of the home's keys/audit.key.")],
    old_key: Annotated[
        list[Path] | None,
        typer.Option(help="A copy of an audit key before it (keys/old/audit-….key). May be given again."),
    ] = None,
    checkpoints: Annotated[
        list[Path] | None, typer.Option(help="A folder of checkpoints, or one of them. May be given again.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove an exported log, without a home: every entry, every detail, and every checkpoint on the way.

    A log whose key was changed is proved with all of its keys: the one in force, and --old-key for each before it.

    Example: xunfang audit verify log.jsonl --key-file audit.key --checkpoints checkpoints
    """
    from engine import auditfile

    marks = auditfile.read_checkpoints(checkpoints or [])
    earlier = [auditfile.read_key(path) for path in old_key or []]
    found = auditfile.verify_export(file, auditfile.read_key(key_file), marks, earlier)
    told = {"entries": found.entries, "checkpoints": len(marks), "intact": found.intact}
    emit(told | {"broken_at": found.broken_at, "what": found.what}, as_json, "audit verify")
    if not found.intact:
        raise IntegrityError(
            f"{file}: the audit log is broken at entry {found.broken_at}: {found.what}",
            "Keep this file as it is, and look for the last backup whose log holds.",
        )


@app.command()
def reveal(
    household: Annotated[str, typer.Argument(help="The household's number on a list (its pseudonym).")],
    home: HomeOption,
    purpose: Annotated[str, typer.Option(help="What for: visit, review or objection.")],
    as_json: JsonOption = False,
) -> None:
    """Show how to reach one household, to a role that may know; who asked and what for is noted first.

    Example: xunfang --as reviewer reveal 7k2m9qa0c4xw --home home --purpose review
    """
    from engine import reveal as revealing
    from engine.commands.guard import person, purpose_of

    who = person()
    place = opened(home)
    told = revealing.reveal(
        place,
        household,
        role=who.role,
        areas=who.areas,
        purpose=purpose_of(purpose),
        on=now().astimezone().date(),
    )
    emit(told, as_json, "reveal")
