"""What was set aside: how much and why, the rows for their department to mend, a page that says what to mend."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, now, opened

app = typer.Typer(
    no_args_is_help=True, help="Rows that broke a rule.\n\nExample: xunfang quarantine list --home home"
)


@app.command("list")
def quarantine_list(home: HomeOption, as_json: JsonOption = False) -> None:
    """Count what is set aside, by department, delivery, file and rule. No value is shown.

    Example: xunfang quarantine list --home home
    """
    from engine.setaside import departments_of, listed

    place = opened(home)
    emit(listed(place.store(), departments_of(place.home)), as_json, "quarantine")


@app.command("export")
def quarantine_export(
    home: HomeOption,
    delivery: Annotated[str, typer.Option(help="The delivery whose rows are to be mended.")],
    out: Annotated[Path, typer.Option(help="A new folder for them. It will hold identities.")],
    actor: Annotated[str, typer.Option(help="Who asks for it, for the record.")] = "operator",
    as_json: JsonOption = False,
) -> None:
    """Write a delivery's rows that can be mended into files for its department, to be sent back as a new delivery.

    The files hold identities: give them to the department that sent them, and delete them afterwards.

    Example: xunfang quarantine export --home home --delivery first --out to-mend
    """
    from engine.setaside import export

    place = opened(home)
    told = export(
        place.home,
        place.keys,
        place.store(),
        place.database,
        delivery_id=delivery,
        out=out,
        actor=actor,
        at=now(),
    )
    typer.echo(f"{out}: holds identities; it is for its department alone. Delete it afterwards.", err=True)
    emit(told, as_json, "quarantine export")


@app.command("report")
def quarantine_report(
    home: HomeOption,
    out: Annotated[Path, typer.Option(help="A folder for the pages.")],
    as_json: JsonOption = False,
) -> None:
    """Write a page per department, in Chinese and English: what to mend, by file and rule. Nobody is named.

    Example: xunfang quarantine report --home home --out pages
    """
    from engine.setaside import report

    place = opened(home)
    emit(report(place.home, place.keys, place.store(), out), as_json, "quarantine report")
