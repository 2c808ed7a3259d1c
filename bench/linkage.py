"""How right linkage is at a million people of one area, and what it costs: the passes alone, on invented people.

.venv/bin/python -m bench.linkage [people] prints a line per way of damage: right, wrong, several, none.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from engine.identity import pseudonyms
from engine.linkage.passes import BORN_IN_NUMBER, EVIDENCE, PAIRS, all_possible, born_in, proposals
from fixtures.county.identifiers import check_characters, names, phones

ROWS: Final = 2_000
"""Damaged rows of people who are known per way, and as many of strangers."""
KEY: Final = bytes(32)
FIRST: Final = date(1936, 1, 1)
DAYS: Final = 30_000

TOLD: Final = (("name",), ("name", "birth_date", "phone"))
"""What the department's file tells besides the number."""


def _cut(number: str, _place: int, _by: int) -> str:
    return number[:15] + "000"


def _wrong(number: str, place: int, by: int) -> str:
    return number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]


def _short(number: str, place: int, _by: int) -> str:
    return number[:place] + number[place + 1 :]


def _twice_wrong(number: str, place: int, by: int) -> str:
    return _wrong(_wrong(number, place, by), (place + 5) % 17, by)


def _missing(_number: str, _place: int, _by: int) -> str:
    return ""


WAYS: Final[dict[str, Callable[[str, int, int], str]]] = {
    "cut by a spreadsheet": _cut,
    "one digit wrong": _wrong,
    "a digit lost": _short,
    "two digits wrong": _twice_wrong,
    "missing": _missing,
}


def people_of(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """``person_id, number, name, phone, birth_date`` of people of one area whose numbers are all different."""
    drawn = rng.choice(DAYS * 1_000, count, replace=False)
    days = pl.Series(drawn // 1_000)
    born = pl.select(pl.lit(FIRST) + pl.duration(days=days)).to_series().cast(pl.Date)
    bodies = 990101 * 10**11 + born.dt.strftime("%Y%m%d").cast(pl.Int64).to_numpy() * 1_000 + drawn % 1_000
    numbers = pl.Series(bodies).cast(pl.String) + check_characters(bodies)
    return pl.DataFrame(
        {
            "person_id": pseudonyms(KEY, "person", numbers),
            "number": numbers,
            "name": names(rng, count),
            "phone": phones(rng, count),
            "birth_date": born.cast(pl.String),
        }
    )


def outcomes(known: pl.DataFrame, rows: pl.DataFrame, told: tuple[str, ...]) -> tuple[Counter[str], float]:
    """How many damaged ``rows`` (``place, person_id, broken`` and what they tell) came out how, and the seconds."""
    started = time.perf_counter()
    possible = all_possible(rows.select("place", pl.col("broken").alias("number")))
    by_number = possible.select("place", pseudonyms(KEY, "person", possible["number"]).alias("person_id"), "field")
    by_number = by_number.join(known, on="person_id", how="semi")
    days = rows.select("place", "birth_date") if "phone" in told else rows.select("place", "birth_date").clear()
    pairs = days.join(known.select("person_id", "birth_date"), on="birth_date").select(list(PAIRS))
    met = pl.concat([by_number["person_id"], pairs["person_id"]]).unique()
    facts = known.filter(pl.col("person_id").is_in(met.implode()))
    facts = facts.with_columns(pl.col("birth_date").alias(BORN_IN_NUMBER)).drop("number")
    long = facts.unpivot(index="person_id", variable_name="field", value_name="value")
    born = [born_in(each) for each in rows["broken"]]
    said = rows.select("place", *told).with_columns(pl.Series(BORN_IN_NUMBER, born, dtype=pl.String))
    evidence = said.unpivot(index="place", variable_name="field", value_name="value").drop_nulls("value")
    found = proposals(evidence.select(list(EVIDENCE)), long, by_number, pairs, pairs.clear())
    seconds = time.perf_counter() - started
    judged = rows.select("place", right="person_id").join(found, on="place", how="left").unique("place")
    outcome = (
        pl.when(pl.col("person_id").is_null())
        .then(pl.lit("none"))
        .when(pl.col("candidates") > 1)
        .then(pl.lit("several"))
        .otherwise(pl.when(pl.col("person_id") == pl.col("right")).then(pl.lit("right")).otherwise(pl.lit("wrong")))
    )
    return Counter(judged.select(outcome.alias("outcome"))["outcome"]), seconds


def main(count: int) -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    people = people_of(count + ROWS, rng)
    known, strangers = people.head(count), people.tail(ROWS)
    for told in TOLD:
        for way, spoil in WAYS.items():
            for who, source, rows in (("known", known, ROWS), ("strangers", strangers, ROWS)):
                some = source[rng.choice(source.height, rows, replace=False).tolist()].with_row_index("place")
                draws = zip(some["number"], rng.integers(1, 17, rows), rng.integers(1, 10, rows), strict=True)
                broken = pl.Series("broken", [spoil(number, int(at), int(by)) for number, at, by in draws])
                damaged = some.with_columns(broken, pl.col("place").cast(pl.Int64))
                counts, seconds = outcomes(known, damaged, told)
                shown = "  ".join(f"{name} {counts[name]:>5}" for name in ("right", "wrong", "several", "none"))
                sys.stdout.write(f"{'+'.join(told):<24} {way:<22} {who:<10} {shown}  {seconds:5.1f} s\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
