"""What the command line shows of the coverage: the sums and the cells of the cube, dashes for what is withheld."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def show_coverage(told: Told, console: Console) -> None:
    """Households that lack something, the cube by programme, its sums, the townships."""
    from engine.coveragepage import counts_of, coverage_of, shown
    from outreach.coverage import MEASURES
    from outreach.wording_coverage import LABELS, UNITS

    known = told["known"]
    console.print(
        f"coverage by the night of {told['business_date']}: {shown(known['households'])} households, "
        f"{shown(known['persons'])} persons on record"
    )
    of = {"lacking": "lacking", "misplaced": "misplaced_households", "doubled": "doubled_households"}
    for name, label in of.items():
        console.print(f"{LABELS[label].en}: {shown(told['households'][name])}")
    heads = [LABELS[name].en for name in MEASURES]
    table = Table("programme", "authority", "counted", *heads, "coverage")
    for each in told["programmes"]:
        if each["judged_by_records"]:
            authority = " ".join(each["authority"])
            unit = UNITS[each["unit"]].en
            table.add_row(each["code"], authority, unit, *counts_of(each), coverage_of(each))
    console.print(table)
    sums = Table("all of", *heads)
    for kind, name in (("mechanisms", "mechanism"), ("authorities", "authority")):
        for each in told[kind]:
            sums.add_row(each[name], *counts_of(each))
    console.print(sums)
    for each in told["programmes"]:
        rows = [row for row in each.get("areas", ()) if any(row[name] is not None for name in MEASURES)]
        if rows:
            places = Table(each["code"], *heads, "share")
            names = {area["area"]: area["en"] for area in told["areas"]}
            for row in rows:
                share = "" if row["share"] is None else f"{row['share']:.0%}"
                places.add_row(names[row["area"]], *counts_of(row), share)
            console.print(places)
    console.print(f"– is {told['few']} and under, or withheld beside such a count; the others are rounded to 5")


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"coverage": show_coverage}
