"""How well each finding tells what is really so, as text."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]
COLUMNS: Final = ("so", "told", "right", "precision", "recall", "complete_precision", "complete_recall", "may")


def cells(row: Told) -> list[str]:
    """A code's figures in the order of ``COLUMNS``; a code that is not measured has only what was told."""
    if "so" not in row:
        return ["–", str(row["told"]), *["–"] * (len(COLUMNS) - 2)]
    whole = row["complete"]
    shares = (row["precision"], row["recall"], whole["precision"], whole["recall"])
    may = f"{row['may']} ({row['may_right']})" if "may" in row else "–"
    counts = [str(row[name]) for name in ("so", "told", "right")]
    return [*counts, *("–" if each is None else f"{each:.1%}" for each in shares), may]


def show_measured(told: Told, console: Console) -> None:
    """The day, what complete means, a row for each code, and under it why each misses."""
    from outreach.wording_measured import COMPLETE, HEADS

    console.print(f"{told['as_of']}  {COMPLETE.zh}", soft_wrap=True)
    console.print(COMPLETE.en, soft_wrap=True)
    table = Table(*(f"{HEADS[name].zh} {HEADS[name].en}" for name in ("code", *COLUMNS)))
    for row in told["rows"]:
        table.add_row(row["code"], *cells(row))
    console.print(table)
    console.print(f"{HEADS['why'].zh} {HEADS['why'].en}:")
    for row in told["rows"]:
        if row["why"]:
            console.print(f"{row['code']}  {row['why']['zh']} {row['why']['en']}", soft_wrap=True)


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"measured": show_measured}
