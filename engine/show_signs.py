"""The signs of the models as text for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]
COUNTED: Final = ("households", "moved", "rose", "raw", "probability", "priority", "place")


def _show_signs(told: Told, console: Console) -> None:
    for risk, each in told["risks"].items():
        about = "" if each["bound"] else "; an onset has no direction: nothing follows from this"
        found = f"{each['violations']} violations{about}"
        console.print(f"{risk} ({each['model_id']}) on {told['as_of']}: {found}", soft_wrap=True)
        table = Table(
            "made worse",
            "households",
            "columns moved",
            "score rose",
            "score fell",
            "probability fell",
            "priority fell",
            "place fell",
        )
        for loss, found in each["losses"].items():
            table.add_row(loss, *(f"{found[name]:,}" for name in COUNTED))
        console.print(table)
        if each["bound"]:
            for loss, found in each["losses"].items():
                for name, counts in found["columns"].items():
                    how = ", ".join(f"{key} {count:,}" for key, count in counts.items())
                    console.print(f"  {loss}: {name} moves as no direction allows ({how})", soft_wrap=True)


SHAPES: dict[str, Callable[[Told, Console], None]] = {"signs": _show_signs}
