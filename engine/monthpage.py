"""The month's evaluation pack as one self-contained page, in Chinese and English."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.files import write_bytes
from engine.html import page
from outreach import wording_month as words
from outreach.month import FEW
from outreach.wording import Text, day, same
from outreach.wording_outcomes import REFERRALS

SHARES: Final = ("week_of_capacity_median", "week_of_capacity_most")


def write_page(told: Mapping[str, Any], path: Path, minor_units: int) -> None:
    """Write the pack (``engine.month.figures``) as a page."""
    write_bytes(path, month_page(told, minor_units))


def month_page(told: Mapping[str, Any], minor_units: int) -> bytes:
    """The pack for people; counts that are suppressed say so."""
    return page(
        "month.html.j2",
        title=words.LABELS["title"],
        month=told["month"],
        when=day(date.fromisoformat(told["as_of"])),
        nights=told["nights"],
        retired=told["retired"],
        label=words.LABELS,
        stages=list(words.STAGES.values()),
        funnels=[
            (heading, [(words.group_name(by, row["group"]), _stages(row)) for row in told["funnel"][by]])
            for by, heading in words.FUNNELS.items()
        ],
        hits=[
            (heading, [(words.group_name(by, row["group"]), _rate(row)) for row in told["hits"][by]])
            for by, heading in words.HITS.items()
        ],
        waits=[
            (words.WAITS[name], _cells(row, "households", "median", "nine_in_ten"))
            for name, row in told["waits"].items()
        ],
        unmet=[_unmet(row, minor_units) for row in told["unmet"]],
        overridden=_overridden(told["overridden"]),
        referrals=[
            (REFERRALS[row["kind"]], _cells(row, "referrals", "open", "done", "returned", "overdue"))
            for row in told["referrals"]
        ],
        burden=[(name, _burden(key, told["burden"][key])) for key, name in words.BURDEN.items()],
        notes=words.NOTES,
    )


def shown(count: int | None) -> str:
    """A count that may be suppressed."""
    return f"≤ {FEW}" if count is None else f"{count:,}"


def _stages(row: Mapping[str, Any]) -> list[str]:
    return [shown(row[name]) for name in words.STAGES]


def _rate(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if row["rate"] is None:
        return shown(row["listed"]), shown(row["answered"]), "", ""
    return shown(row["listed"]), shown(row["answered"]), f"{row['rate']:.0%}", f"{row['low']:.0%}–{row['high']:.0%}"


def _cells(row: Mapping[str, Any], *names: str) -> Sequence[str]:
    return [shown(row[name]) for name in names]


def _unmet(row: Mapping[str, Any], minor_units: int) -> tuple[Text, Sequence[str]]:
    amount = row["unmet_month"]
    name = words.group_name("programme", row["programme"])
    cells = [shown(row["households"]), "–" if amount is None else f"{amount / minor_units:,.0f}"]
    return name, [*cells, shown(row["verified"]), shown(row["paid_since"])]


def _overridden(told: Mapping[str, Any]) -> list[tuple[Text, str]]:
    off = [(words.TAKEN_OFF.get(code, same(code)), shown(count)) for code, count in told["taken_off"].items()]
    return [*off, *((name, f"{told[key]:,}") for key, name in words.OVERRIDDEN.items())]


def _burden(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0%}" if key in SHARES else f"{value:,}"
