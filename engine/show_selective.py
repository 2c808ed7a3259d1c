"""What the lists miss, as text."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def show_yield(told: Told, console: Console) -> None:
    """Sentences in both languages, then a row for each stratum."""
    from engine.report import shown
    from outreach.wording_selective import LABELS, sentences, stratum

    for said in sentences(told, shown):
        console.print(said.zh, soft_wrap=True)
        console.print(said.en, soft_wrap=True)
    if not told["visits"]:
        return
    names = ("part", "households", "visited", "answered", "need")
    table = Table(*(f"{LABELS[name].zh} {LABELS[name].en}" for name in names))
    for row in told["by_stratum"]:
        name, need = stratum(row["part"], row["stratum"]), row["need"]
        counts = (shown(round(row[key])) for key in ("households", "visited", "answered"))
        share = LABELS["insufficient"].en if need is None else f"{need['value']:.1%}"
        table.add_row(f"{name.zh} {name.en}", *counts, share)
    console.print(table)


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"yield": show_yield}
