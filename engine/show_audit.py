"""What the command line shows of the audit log."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def _show_entries(told: Told, console: Console) -> None:
    table = Table("entry", "when (UTC)", "who", "role", "what", "what for")
    for row in told["entries"]:
        cells = (row[name] or "" for name in ("actor", "role", "action", "purpose"))
        table.add_row(str(row["seq"]), row["at"][:19].replace("T", " "), *cells)
    console.print(table)


def _show_export(told: Told, console: Console) -> None:
    console.print(f"{told['entries']:,} entries written to {told['file']}", soft_wrap=True)


def _show_check(told: Told, console: Console) -> None:
    state = "the log is as it was written" if told["intact"] else "the log is broken"
    console.print(f"{state}: {told['entries']:,} entries hold, {told['checkpoints']} checkpoints")


def _show_household(told: Told, console: Console) -> None:
    for name in ("household_id", "name", "phone", "address"):
        console.print(f"{name}: {told[name] or 'not known'}", soft_wrap=True)


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "audit": _show_entries,
    "audit export": _show_export,
    "audit verify": _show_check,
    "reveal": _show_household,
}
