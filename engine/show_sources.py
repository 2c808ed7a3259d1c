"""What the command line shows of described sources. Never people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def show_described(described: Sequence[Told], console: Console) -> None:
    """One line per described source, and below it what is to be looked at."""
    if not described:
        return
    table = Table(
        "described as", "kind", "rows", "accepted", "set aside", "found their owner", "delivered", "months"
    )
    for source in described:
        rate, months = source["match_rate"], source["months"]
        table.add_row(
            source["name"],
            source["kind"],
            f"{source['rows']:,}",
            f"{source['accepted']:,}",
            f"{source['quarantined']:,}",
            "–" if rate is None else f"{rate:.1%}",
            source["last_delivered_on"] or "–",
            "–" if months is None else " … ".join(months),
        )
    console.print()
    console.print(table)
    for source in described:
        for line in _to_look_at(source):
            console.print(f"  {source['name']}: {line}", soft_wrap=True)


def _to_look_at(source: Told) -> list[str]:
    lines = list(source["warnings"])
    if source["overdue"]:
        lines.append(f"{source['overdue']} days overdue (expected every {source['refresh_days']} days)")
    if source["not_taken"]:
        lines.append(f"columns not taken: {', '.join(source['not_taken'])}")
    changes = source["changes"]
    if changes is None:
        return lines
    if changes["rows"] != changes["rows_before"]:
        share = f" ({changes['rows'] / changes['rows_before'] - 1:+.0%})" if changes["rows_before"] else ""
        lines.append(f"{changes['rows']:,} rows where the delivery before had {changes['rows_before']:,}{share}")
    for name, said in (("columns_new", "new columns"), ("columns_gone", "columns that are gone")):
        if changes[name]:
            lines.append(f"{said}: {', '.join(changes[name])}")
    lines += [f"codes never seen before in {name}: {', '.join(new)}" for name, new in changes["codes_new"].items()]
    return lines
