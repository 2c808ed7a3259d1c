"""Every finding code against what is really so in a county, as a table of docs/county.md.

.venv/bin/python tests/county_findings.py docs/county.md
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
from county_lessons import Held
from programme_cases import TEXTS

from engine.measured import measured
from engine.population import Population
from engine.show_measured import COLUMNS, cells
from fixtures.county.county import County
from fixtures.county.world import World
from outreach.packs import load
from outreach.wording_measured import HEADS

PEOPLE, SEED = 30_000, 1
DAYS: Final = (date(2023, 9, 30), date(2024, 3, 31), date(2024, 9, 30), date(2025, 3, 31))
"""Half a year apart: the newest has nine months of hindsight."""
PURE: Final = ("GAP-CJ-H", "GAP-CJ-S", "GAP-GL", "GAP-YL-ZJ", "GAP-YB")
COUNTS: Final = ("so", "told", "right", "found", "may", "may_right")
BEGIN, END = "<!-- findings -->\n", "<!-- end of findings -->"


def county_rows(people: int, seed: int, days: Iterable[date], world: World | None = None) -> list[dict[str, Any]]:
    """The rows of a county on several days together: cases are counted on each day on which they are so."""
    county = County(people, seed=seed, world=world or World())
    parts = list(county.parts())
    held: Any = Held.of([part.frames for part in parts], county.last_known_on)
    population = Population(held, load("cn-average-2025", TEXTS))
    errors, events = (pl.concat([part.truth[name] for part in parts]) for name in ("error", "event"))
    return together(measured(population, errors, events, day)["rows"] for day in days)


def together(days: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of several days as one: counts are added up, and shares made of the sums."""
    each = [{row["code"]: row for row in rows} for rows in days]
    found = {code: [rows[code] for rows in each if code in rows] for code in each[-1]}
    told = []
    for code, rows in found.items():
        whole = {"complete": summed([row["complete"] for row in rows])} if "so" in rows[0] else {}
        told.append({**summed(rows), "code": code, "why": rows[0]["why"], **whole})
    return told


def summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = Counter({name: 0 for name in COUNTS if name in rows[0]})
    for row in rows:
        counts.update({name: row[name] for name in counts})
    shares = {
        "precision": counts["right"] / counts["told"] if counts["told"] else None,
        "recall": counts["found"] / counts["so"] if counts["so"] else None,
    }
    return {**counts, **(shares if "so" in rows[0] else {})}


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as Markdown."""
    names = ("code", *COLUMNS, "why")
    lines = [[HEADS[name].en.lower() for name in names], ["---"] * len(names)]
    for row in rows:
        why = row["why"]["en"] if row["why"] else ""
        lines.append([row["code"], *cells(row), why])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def lines_of(page: str) -> list[list[str]]:
    """The table that a page prints, head first, without its rule."""
    inside = page.split(BEGIN)[1].split(END, maxsplit=1)[0].strip().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in inside]
    return [rows[0], *rows[2:]]


def with_table(page: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """A page with these rows in it."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{table(rows)}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    made = with_table(document.read_text("utf-8"), county_rows(PEOPLE, SEED, DAYS))
    document.write_text(made, "utf-8")
