"""Programmes: what a pack holds, what is wrong with one, and one programme for one household."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, home_at, opened, today

app = typer.Typer(
    no_args_is_help=True,
    help="The programmes that households are judged by.\n\nExample: xunfang programmes list --home home",
)

AsOfOption = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day (default: today).")
]


@app.command("list")
def programmes_list(home: HomeOption, as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Every programme in force on a day: for whom, by whom, of what kind, with its basis in law.

    Example: xunfang programmes list --home home --as-of 2026-07-01
    """
    from engine import ruleset

    place = opened(home)
    emit(ruleset.listed(ruleset.pack_of(place), as_of.date() if as_of else today()), as_json, "programmes")


@app.command("check")
def programmes_check(
    pack: Annotated[Path | None, typer.Argument(help="A pack (TOML); default: that of home.toml.")] = None,
    home: Annotated[
        Path | None, typer.Option("--home", envvar="XUNFANG_HOME", help="The home, for the packs it has.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Everything that is wrong with a pack and those it inherits from: where, what, and the way out.

    Example: xunfang programmes check home/programmes/our-county-2026.toml --home home
    """
    from engine import ruleset

    told = ruleset.checked_pack(None if home is None else home_at(home), pack)
    emit(told, as_json, "pack")
    if not told["sound"]:
        raise typer.Exit(ruleset.UNSOUND)


@app.command("explain")
def programmes_explain(
    code: Annotated[str, typer.Argument(help="The programme's code, such as DB.")],
    home: HomeOption,
    household: Annotated[str, typer.Option(help="The household's number on a list (its pseudonym).")],
    as_of: AsOfOption = None,
    purpose: Annotated[str, typer.Option(help="What for: review or objection.")] = "review",
    *,
    as_json: JsonOption = False,
) -> None:
    """One programme for one household: each condition, the value on record, its source and day, the article.

    By what was known on the day and by the rules in force on it. Who asked is noted first.

    Example: xunfang --as reviewer programmes explain DB --household 7k2m9qa0c4xw --as-of 2025-12-31 --home home
    """
    from engine import ruleset
    from engine.commands.guard import person, purpose_of

    who = person()
    told = ruleset.explained(
        opened(home),
        code,
        household,
        as_of.date() if as_of else today(),
        role=who.role,
        areas=who.areas,
        purpose=purpose_of(purpose),
    )
    emit(told, as_json, "programme")
