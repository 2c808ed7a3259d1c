"""What the command line shows of quarantine, keys and rights. Never people."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def _show_quarantine(told: Told, console: Console) -> None:
    table = Table("department", "delivery", "file", "rule", "rows", "")
    for row in told["set_aside"]:
        waits = "waits for its owner" if row["waits_for_its_owner"] else ""
        cells = (row[name] for name in ("department", "delivery_id", "file", "rule"))
        table.add_row(*cells, f"{row['rows']:,}", waits)
    if told["set_aside"]:
        console.print(table)
    console.print(f"{told['rows']:,} rows are set aside; {told['came_back']:,} came back mended")


def _show_export(told: Told, console: Console) -> None:
    for name, rows in told["rows"].items():
        console.print(f"  {rows:>12,}  {name}", soft_wrap=True)
    console.print(f"written to {told['folder']}", soft_wrap=True)


def _show_pages(told: Told, console: Console) -> None:
    for department, path in told["pages"].items():
        console.print(f"{department}: {path}", soft_wrap=True)
    if not told["pages"]:
        console.print("nothing is set aside")


def _show_keys(told: Told, console: Console) -> None:
    for key in told["keys"]:
        console.print(f"{key['name']:<10} {key['fingerprint']}  {key['file']}", soft_wrap=True)
        console.print(f"           lost with it: {key['lost']}", soft_wrap=True)
        if key["version"] is not None:
            console.print(f"           version {key['version']}", soft_wrap=True)
        if key["earlier"]:
            console.print(f"           before it (keys/old/): {', '.join(key['earlier'])}", soft_wrap=True)


def _show_copies(told: Told, console: Console) -> None:
    for name, mark in told["keys"].items():
        console.print(f"{name:<10} {mark}")
    console.print(f"copied to {told['folder']}", soft_wrap=True)


def _show_right(told: Told, console: Console) -> None:
    for name, value in told.items():
        if value is not None:
            console.print(f"{name.replace('_', ' ')}: {value}", soft_wrap=True)


def _show_rights(told: Told, console: Console) -> None:
    for name, rows in told.items():
        console.print(f"{name.replace('_', ' ')}: {len(rows)}")
        for row in rows:
            parts = (f"{key.replace('_', ' ')} {value}" for key, value in row.items() if value is not None)
            console.print("  " + ", ".join(parts), soft_wrap=True)


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "quarantine": _show_quarantine,
    "quarantine export": _show_export,
    "quarantine report": _show_pages,
    "keys": _show_keys,
    "key copies": _show_copies,
    "right": _show_right,
    "rights": _show_rights,
}
