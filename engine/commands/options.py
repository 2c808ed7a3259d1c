"""What every command shares: its options, the home it works in, the clock, bars while it works, how it prints."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.settings import Home
    from engine.workplace import Workplace

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="XUNFANG_HOME", help="The one folder that holds everything.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for machines.")]
DateOption = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The business date (default: today).")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, max=64, help="The bytes do not depend on it.")]


def home_at(folder: Path) -> "Home":
    """The home in a folder, whether or not there is one yet."""
    from engine.settings import Home

    return Home(folder.expanduser().resolve())


def opened(folder: Path, **options: Any) -> "Workplace":
    """The home in a folder, opened for whoever runs the command; ``options`` as for ``Workplace.open``.

    An ``actor`` among them counts where nobody is named by ``--as`` only. A command that is declared so is noted in
    the audit log.
    """
    from engine.commands.guard import OPERATOR, deed, person
    from engine.workplace import Workplace

    who, (words, declared) = person(), deed()
    named = {"actor": who.name, "role": who.role}
    place = Workplace.open(home_at(folder), clock=now, **(named | options if who is OPERATOR else options | named))
    if declared.noted:
        place.log.note("command", "command", {"command": words})
    return place


def now() -> datetime:
    """The moment, in UTC: the one place where the command line reads the clock."""
    return datetime.now(UTC)


def today() -> date:
    """The day here."""
    return now().astimezone().date()


def text_of(path: Path) -> str:
    """A text file that the user has named; raises UsageError."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Mend the path.") from None


def bars() -> Any:
    """Progress bars on stderr."""
    from engine import show

    return show.bars()


def emit(told: dict[str, Any], as_json: bool, shape: str) -> None:
    """Print a result on stdout: as JSON, or as text in one of the shapes of ``engine.show``."""
    if as_json:
        text = json.dumps(told, ensure_ascii=False, indent=2, default=_plain)
        typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))  # names of files that are no UTF-8
        return
    from engine.show import as_text

    typer.echo(as_text(told, shape), nl=False)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | Path):
        return str(value)
    raise TypeError(f"cannot be told as JSON: {type(value).__name__}")
