"""Small cases for programmes: a household in, verdicts and findings out, with the shipped pack of a county.

Everybody lives in area 990101001, for which every source has reported up to the month before the assessment.
"""

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
from builders import Table, records, sources

from features.context import Context
from outreach.catalogue import Programmes
from outreach.eligibility import Verdicts, assess
from outreach.packs import load

FOLDER = Path(__file__).parents[1] / "outreach" / "programmes"
TEXTS = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}
DAY = date(2025, 6, 10)
MONTHLY = ("income", "benefit", "medical", "employment", "event", "utility", "enrolment", "disability")
REGISTERS = ("income", "benefit", "medical", "disability", "event", "enrolment")


LOCAL = """
[pack]
id = "here"
level = "county"
parent = "sw-county-2025"
zh = "本县"
en = "this county"
currency = "CNY"
minor_units = 100
"""


def local(text: str = "") -> dict[str, str]:
    """The shipped texts and a pack ``here`` of a county with these entries."""
    return {**TEXTS, "here": LOCAL + text}


@cache
def county() -> Programmes:
    return load("sw-county-2025", TEXTS)


def calendar(day: date, kinds: tuple[str, ...] = MONTHLY) -> pl.DataFrame:
    """All these kinds have reported up to the last full month before the day."""
    number = day.year * 12 + day.month - 2
    last = date(number // 12, number % 12 + 1, 1)
    return pl.DataFrame(
        {"kind": list(kinds), "area": ["990101001"] * len(kinds), "last_month": [last] * len(kinds)},
        schema={"kind": pl.String, "area": pl.String, "last_month": pl.Date},
    )


def months(end: str, count: int, **columns: object) -> list[dict[str, object]]:
    """The same record in each of ``count`` months up to ``end`` (written 2025-05)."""
    last = date.fromisoformat(f"{end}-01")
    number = last.year * 12 + last.month - 1
    return [{**columns, "month": date((number - ago) // 12, (number - ago) % 12 + 1, 1)} for ago in range(count)]


def judged(
    day: date = DAY,
    programmes: Programmes | None = None,
    without: tuple[str, ...] = (),
    **tables: Table | pl.DataFrame,
) -> Verdicts:
    """Assess; registers that the case does not mention have reported and are empty. ``without``: no such source."""
    given: dict[str, Table | pl.DataFrame] = {kind: records(kind) for kind in REGISTERS}
    given.update(tables)
    kept = {kind: table for kind, table in given.items() if kind not in without}
    reported = tuple(kind for kind in MONTHLY if kind not in without)
    return assess(sources(**kept), Context(calendar(day, reported)), programmes or county(), day)


def verdict(found: Verdicts, programme: str, person: str | None = None) -> str | None:
    """The verdict of the one household (or person); None where the programme is not for them."""
    rows = found.verdicts.filter(
        (pl.col("programme") == programme) & pl.col("person_id").eq_missing(pl.lit(person, dtype=pl.String))
    )
    return None if rows.is_empty() else str(rows["verdict"].item())


def codes(found: Verdicts) -> list[str]:
    return found.findings["code"].unique().sort().to_list()
