"""Fairness as text for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from models.groupings import called

Told = Mapping[str, Any]
VERDICTS: Final = {
    "held": "held back: a group is found too seldom",
    "pass": "passed: no group is found too seldom",
    "insufficient": "no evidence that a group is found too seldom; insufficient evidence for some",
}


def _show_fairness(told: Told, console: Console) -> None:
    for each in told["risks"]:
        if "unavailable" in each:
            console.print(f"{each['risk']}: {each['unavailable']}", soft_wrap=True)
            continue
        newest = each["dates"][-1]
        console.print(
            f"{each['risk']} as of {newest['as_of']}: {VERDICTS[each['gate']['verdict']]}", soft_wrap=True
        )
        for reason in each["gate"]["reasons"]:
            console.print(f"  {reason['en']}", soft_wrap=True)
        table = Table("group", "households", "in need", "over everybody's recall, list", "top 5 %", "calibration")
        for row in newest["groups"]:
            if len(row["by"]) == 1:
                ratios = [_ratio(row["at"][cut]["ratio"]) for cut in ("list", "pool")]
                off = row["calibration"] and f"{row['calibration']['value']:+.1%}"
                name = called(row["by"], row["group"])["en"]
                table.add_row(name, _count(row["n"]), _count(row["positives"]), *ratios, off or "–")
        console.print(table)


def _count(count: int | None) -> str:
    return "≤ 7" if count is None else f"{count:,}"


def _ratio(figure: Mapping[str, float] | None) -> str:
    return "–" if figure is None else f"{figure['value']:.2f} ({figure['low']:.2f}–{figure['high']:.2f})"


SHAPES: dict[str, Callable[[Told, Console], None]] = {"fairness": _show_fairness}
