"""The kept models as text for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def _show_models(told: Told, console: Console) -> None:
    table = Table("risk", "model", "state", "tested", "AUC", "average precision", "log loss", "gates")
    for row in told["models"]:
        figures = (
            "–" if row[name] is None else f"{row[name]:.3f}" for name in ("auc", "average_precision", "log_loss")
        )
        gates = "hold it back" if row["held_back"] else "passed"
        table.add_row(row["risk"], row["model_id"], row["state"], row["tested"] or "–", *figures, gates)
    console.print(table)
    for row in told["models"]:
        for why in row["held_back"]:
            console.print(f"{row['model_id']}: {why['en']} / {why['zh']}", soft_wrap=True)


SHAPES: Final[Mapping[str, Callable[[Told, Console], None]]] = {"models": _show_models}
