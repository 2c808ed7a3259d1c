"""The month's evaluation pack, as text: the funnel, the hit rates, what is late."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def show_month(told: Told, console: Console) -> None:
    """The way from the list to help, the hit rates by group, how long it took."""
    from engine.monthpage import shown
    from outreach import wording_month as words

    console.print(f"{told['month']}, followed up to {told['as_of']}: {told['nights']} nights")
    for by, heading in words.FUNNELS.items():
        table = Table(f"{heading.zh} {heading.en}", *(name.en for name in words.STAGES.values()))
        for row in told["funnel"][by]:
            table.add_row(words.group_name(by, row["group"]).en, *(shown(row[name]) for name in words.STAGES))
        if told["funnel"][by]:
            console.print(table)
    rates = Table(*(words.LABELS[name].en for name in ("group", "listed", "answered", "rate")))
    for by in words.HITS:
        for row in told["hits"][by]:
            few = words.LABELS["few"].en
            share = few if row["rate"] is None else f"{row['rate']:.0%} ({row['low']:.0%} to {row['high']:.0%})"
            rates.add_row(
                words.group_name(by, row["group"]).en, shown(row["listed"]), shown(row["answered"]), share
            )
    console.print(rates)
    for name, heading in words.WAITS.items():
        each = told["waits"][name]
        if each["median"] is not None:
            console.print(f"{heading.en}: {each['median']} days, nine in ten within {each['nine_in_ten']}")


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"month": show_month}
