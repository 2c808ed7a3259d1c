"""What the command line shows of linkage: rows, kinds of evidence, pseudonyms. Never a value."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]
COLUMNS = ("id", "delivery_id", "file", "row", "found_by", "person_id", "candidates", "state")


def _show_proposed(told: Told, console: Console) -> None:
    console.print(
        f"{told['rows']:,} rows wait for their person's number: {told['one_candidate']:,} with one candidate, "
        f"{told['several_candidates']:,} with several, {told['no_candidate']:,} with none",
        soft_wrap=True,
    )
    if told["other_faults"]:
        console.print(f"{told['other_faults']:,} more have other faults as well and are not compared")
    for name, rows in told["passes"].items():
        console.print(f"  {rows:>8,}  {name.replace('+', ' + ').replace('_', ' ')}", soft_wrap=True)
    console.print(f"{told['new']:,} new, {told['changed']:,} changed, {told['withdrawn']:,} withdrawn")


def _show_proposals(told: Told, console: Console) -> None:
    if not told["proposals"]:
        console.print("no proposal waits for a decision")
        return
    table = Table(*(name.replace("_", " ") for name in COLUMNS))
    for row in told["proposals"]:
        table.add_row(*(str(row[name]) for name in COLUMNS))
    console.print(table)


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "linkage proposed": _show_proposed,
    "linkage": _show_proposals,
}
