"""Make the table of docs/county.md: what the synthetic county gives, beside the published figure.

.venv/bin/python docs/tools/county_figures.py docs/county.md
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from features.records import KEYS
from fixtures.county.county import County, Part

PEOPLE: Final = 25_000
DAY: Final = date(2025, 6, 30)
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
Row = tuple[str, str, str, str]


def table() -> str:
    """The table as Markdown: what, published, source, given."""
    part = next(County(PEOPLE, seed=1).parts())
    rows = [("figure", "published", "source", "the county gives"), ("---", "---", "---", "---"), *figures(part)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def figures(part: Part) -> Iterator[Row]:
    """Every row of the table."""
    people = _people(part)
    yield from _who(part, people)
    yield from _money(part)
    yield from _care(part, people)
    yield from _help(part, people)


def _who(part: Part, people: pl.DataFrame) -> Iterator[Row]:
    yield "people in towns", "67.9 %", "W1, 2025", _share((people["area_kind"] == "urban").mean())
    for name, low, high, said in (
        ("aged 0–15", 0, 16, "17.1 %"),
        ("aged 16–59", 16, 60, "60.9 %"),
        ("aged 60 and more", 60, 200, "22.0 %"),
        ("aged 65 and more", 65, 200, "15.6 %"),
    ):
        yield name, said, "W25, 2024", _share(people["age"].is_between(low, high, closed="left").mean())
    sizes = _on(part, "member", date(2021, 1, 31)).group_by("household_id").len()["len"]
    yield "persons per household", "2.62", "W24, 2020", f"{sizes.sum() / sizes.len():.2f}"
    for size, said in ((1, "25.4 %"), (2, "29.7 %"), (3, "21.0 %"), (4, "13.2 %")):
        yield f"households of {size}", said, "R, 2020", _share((sizes == size).mean())


def _money(part: Part) -> Iterator[Row]:
    months = _months(part)
    for area, medians in (("urban", "51,115"), ("rural", "20,711")):
        homes = months.filter((pl.col("month").dt.year() == 2025) & (pl.col("area_kind") == area))
        year = homes.group_by("household_id").agg(
            pl.col("income_per_head").mean() * 12 / 100, pl.col("members").cast(pl.Float64).mean()
        )
        ordered = year.sort("income_per_head").with_columns(reached=pl.col("members").cum_sum())
        middle = ordered.filter(pl.col("reached") >= ordered["members"].sum() / 2)["income_per_head"][0]
        yield f"median income a head, {area}, yuan a year", medians, "W1, 2025", f"{middle:,.0f}"
    june = months.filter(pl.col("month") == date(2025, 6, 1)).with_columns(pl.col("members").cast(pl.Float64))
    for area, said in (("urban", "2.4 %"), ("rural", "12.7 %")):
        here = june.filter(pl.col("area_kind") == area)
        under = here.filter("below_line")["members"].sum() / here["members"].sum()
        yield f"people whose income is under the local line, {area}", said, "D, fitted curves", _share(under)


def _care(part: Part, people: pl.DataFrame) -> Iterator[Row]:
    bills = part.frames["medical"].filter(pl.col("kind") == "inpatient", ~pl.col("void"))
    year = bills.filter(pl.col("event_date").dt.year() == 2024)
    yield "admissions per 100 people and year", "20.8", "W17, 2025", f"{100 * year.height / people.height:.1f}"
    paid = bills.filter(pl.col("event_date") >= date(2024, 6, 1)).with_columns(
        ratio=pl.col("basic_paid") / pl.col("in_catalogue")
    )
    residents, employees = paid.filter(pl.col("ratio") <= 0.75), paid.filter(pl.col("ratio") > 0.75)
    for name, rows, cost, share in (
        ("residents", residents, "7,339", "66.0 %"),
        ("employees", employees, "11,522", "84.1 %"),
    ):
        mean = rows["total"].cast(pl.Float64).mean()
        assert isinstance(mean, float)
        yield f"cost of an admission, {name}, yuan", cost, "W17, 2025", f"{mean / 100:,.0f}"
        yield f"of it in the catalogue paid by the fund, {name}", share, "W17, 2025", _share(rows["ratio"].mean())
    holders = people["person_id"].is_in(part.frames["disability"]["person_id"].unique().implode()).mean()
    yield "people with a disability certificate", "2.7 %", "R", _share(holders)


def _help(part: Part, people: pl.DataFrame) -> Iterator[Row]:
    months = (
        _months(part).filter(pl.col("month").dt.year() >= 2024).with_columns(pl.col("members").cast(pl.Float64))
    )
    for area, said in (("urban", "0.69 %"), ("rural", "7.29 %")):
        here = months.filter(pl.col("area_kind") == area)
        rolls = here.filter("in_db")["members"].sum() / here["members"].sum()
        yield f"people on the minimum living security (DB), {area}", said, "W6, 2024", _share(rolls, 2)
    rolls = months.filter("in_db")
    above = rolls.filter(~pl.col("below_line"))["members"].sum() / rolls["members"].sum()
    yield "of them above the line", "15–30 %", "P, prior", _share(above)
    running = part.frames["benefit"].filter(
        (pl.col("month") == date(2025, 6, 1)) & (pl.col("status") == "in_payment")
    )
    size = {code: count / people.height for code, count in running["programme"].value_counts().rows()}
    yield "people with support for the destitute (TK)", "0.35 %", "W5, 2025", _share(size.get("TK"), 2)
    yield "people with the care subsidy (CJ-H)", "1.18 %", "W5, 2025", _share(size.get("CJ-H"), 2)


def _people(part: Part) -> pl.DataFrame:
    homes = _on(part, "household", DAY).select("household_id", "area_kind")
    members = _on(part, "member", DAY).filter(pl.col("counted")).unique("person_id", keep="first")
    age = (pl.lit(DAY) - pl.col("birth_date")).dt.total_days() / 365.25
    return members.join(homes, on="household_id").with_columns(age=age)


def _months(part: Part) -> pl.DataFrame:
    homes = part.frames["household"].unique("household_id").select("household_id", "area_kind")
    return part.truth["month"].join(homes, on="household_id")


def _on(part: Part, kind: str, day: date) -> pl.DataFrame:
    frame = part.frames[kind].sort("known_on").unique(KEYS[kind], keep="last", maintain_order=True)
    ends = pl.col("valid_to")
    return frame.filter((pl.col("valid_from") <= day) & (ends.is_null() | (ends >= day)))


def _share(value: object, digits: int = 1) -> str:
    assert isinstance(value, float)
    return f"{100 * value:.{digits}f} %"


def with_table(document: str) -> str:
    """The document with the table as it is now."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text("utf-8")), "utf-8")
