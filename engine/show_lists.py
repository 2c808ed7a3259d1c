"""Lists that were drafted and not saved, as text."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from engine.show_codes import show_codes

Told = Mapping[str, Any]


def show_lists(told: Told, console: Console) -> None:
    """A column of figures for each policy, then who enters and leaves."""
    state = "finished" if told["finished"] else "not run yet"
    console.print(f"Night of {told['business_date']} ({state}); nothing was saved or sent")
    policies = told["policies"]
    table = Table("", *policies)
    rows: list[tuple[str, Callable[[Told], str]]] = [
        ("visits", lambda each: f"{each['visits']:,}"),
        ("beyond capacity", lambda each: f"{each['over_capacity']:,}"),
        ("villages gone to", lambda each: f"{each['stops']:,}"),
        ("minutes", lambda each: "–" if each["minutes"] is None else f"{each['minutes']:,}"),
        ("expected true finds", _expected),
        ("of 100 visits", lambda each: _number(_share(each))),
        ("unmet a month, minor units", lambda each: f"{each['unmet_month']:,}"),
    ]
    lanes = dict.fromkeys(lane for each in policies.values() for lane in each["lanes"])
    rows += [(f"lane {lane}", lambda each, lane=lane: f"{each['lanes'].get(lane, 0):,}") for lane in lanes]  # type: ignore[misc]
    for name, of in rows:
        table.add_row(name, *(of(each) for each in policies.values()))
    console.print(table)
    for area, count in policies["home"]["unserved"].items():
        many = "7 or fewer households" if count is None else f"{count:,} households"
        console.print(f"{area}: {many} left out, nobody in caseworkers.toml serves it", soft_wrap=True)
    for name, each in policies.items():
        if each["floors"] is not None:
            _show_floors(name, each["floors"], console)
    if "exchanged" in told:
        moved = Table("by", "group", "enter", "leave", "finds in", "finds out", "unmet in", "unmet out")
        for row in told["exchanged"]:
            counts = ("≤ 7" if row[way] is None else str(row[way]) for way in WAYS)
            amounts = ("–" if row[name] is None else f"{row[name]:,}" for name in AMOUNTS)
            moved.add_row(row["by"], row["name"], *counts, *(_number(row[name]) for name in FINDS), *amounts)
        console.print(moved)
        console.print("finds: expected true finds; unmet: minor units a month that they may be entitled to")


WAYS: Final = ("enters", "leaves")
FINDS: Final = ("finds_in", "finds_out")
AMOUNTS: Final = ("unmet_in", "unmet_out")


def _expected(each: Told) -> str:
    band = "" if each["low"] is None else f" ({_number(each['low'])} to {_number(each['high'])})"
    return _number(each["expected"]) + band


def _show_floors(name: str, floors: Told, console: Console) -> None:
    without, with_ = (_number(each) for each in floors["expected"])
    console.print(
        f"{name}: a floor of {floors['part']:.0%} for each group by {floors['by']}; expected true finds in the "
        f"ranked lanes {without} without it, {with_} with it",
        soft_wrap=True,
    )


def _share(each: Told) -> float | None:
    return None if each["expected"] is None or not each["visits"] else 100 * each["expected"] / each["visits"]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def show_desk(told: Told, console: Console) -> None:
    """The queue by kind, each with its day."""
    from outreach.wording_drafting import DESK_KINDS
    from outreach.wording_reviews import HEARING

    console.print(f"Night of {told['business_date']}: {len(told['queue'])} for the desk")
    for kind, count in told["kinds"].items():
        console.print(f"  {count:>6,}  {DESK_KINDS[kind].en} / {DESK_KINDS[kind].zh}", soft_wrap=True)
    table = Table("household", "kind", "code", "caseworker", "since", "due on")
    for row in told["queue"]:
        names = ("household_id", "kind", "code", "caseworker_id", "since", "due_on")
        table.add_row(*(row[name] or "–" for name in names))
    console.print(table)
    show_codes((row["code"] for row in told["queue"]), console)
    console.print(f"{HEARING.en}\n{HEARING.zh}", soft_wrap=True)


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"lists": show_lists, "desk": show_desk}
