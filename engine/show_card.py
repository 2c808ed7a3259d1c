"""A model's card as text for people, in short."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def _show_card(told: Told, console: Console) -> None:
    state = "serves" if told["serves"] else "does not serve"
    console.print(f"{told['risk']} {told['model_id']}: {state}, learnt from {', '.join(told['training']['as_of'])}")
    for each in told["held_back"]:
        console.print(f"  held back: {each['en']}", soft_wrap=True)
    if told["calibration"] is not None:
        table = Table("calibration", "households", "Brier", "ECE", "by chance", "log loss")
        for day in told["calibration"]["dates"]:
            for part in ("everybody", "entry", "unsupported"):
                table.add_row(f"{day['as_of']} {part}", *_cells(day[part]))
        console.print(table)
    if told["moves"] is not None:
        strongest = ", ".join(each["en"] for each in told["moves"]["columns"][:5])
        console.print(f"moved most by: {strongest}", soft_wrap=True)
    console.print("--page FILE writes the whole card.")


def _cells(row: Told) -> list[str]:
    if not row["enough"]:
        return ["≤ 7" if row["n"] is None else f"{row['n']:,}", "insufficient evidence", "", "", ""]
    cells = [f"{row['n']:,}", *(_figure(row[name]) for name in ("brier", "ece"))]
    return [*cells, f"{row['ece_by_chance']:.3f}", _figure(row["log_loss"])]


def _figure(figure: Told) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"


SHAPES: dict[str, Callable[[Told, Console], None]] = {"card": _show_card}
