"""Part 7, its end: which changes on record would move the household out of its band, found by scoring them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from engine.explain.records import Records
from engine.explain.score import Circle, Score
from engine.explain.stored import StoredNight
from features.build import build_features
from features.neighbourhood import COMPARED, ENOUGH, SCALED, medians_of, with_neighbourhood
from models.changes import Change, Combination, Year, changes_for, combinations_of, copies, smallest
from models.peers import FEWEST
from outreach.bands import band
from outreach.wording import Currency, Text
from outreach.wording_explain import LEVERS, exact_money

THE_NEIGHBOURS: Final = (
    "neighbours_income_to_median_12m",
    "neighbours_schooling_years",
    "neighbours_workers_share",
)
"""Columns of the other households of the region: nothing that this one does moves them."""
EXACT: Final = 1e-9
WAGE: Final = "labour_income_per_earner_12m"


@dataclass(frozen=True)
class Tried:
    """The combinations of changes that were tried, with the columns of each; the first changes nothing."""

    made: Sequence[Combination]
    columns: pl.DataFrame


def tried(stored: StoredNight, records: Records, row: pl.DataFrame, circle: Circle) -> Tried | None:
    """The household's columns under every combination; None where they do not come out as stored without a change.

    A combination that would put a column where none of its peers is, and farther than the household has it now, is
    not among them: it is not realistic.
    """
    year = _year(records, row)
    if year is None:
        return None
    known = records.sources.known_by(records.day)
    frames = {kind: known.frame(kind).collect() for kind in records.sources.frames if kind != "kin"}
    wage, earned = _wages(stored, circle, row)
    made = combinations_of(changes_for(frames, year, wage, earned))
    built = build_features(copies(frames, records.household, made), records.context, records.day)
    if built.height != len(made):
        return None
    columns = _with_neighbours(stored, built, row)
    names = [
        name
        for name in circle.columns.columns
        if name in columns.columns and name not in ("household_id", "area_kind")
    ]
    if not _alike(columns[0], row, names):
        return None
    likely = _among_peers(circle, columns, names)
    return Tried([each for each, kept in zip(made, likely, strict=True) if kept], columns.filter(likely))


def told(found: Tried | None, score: Score, circle: Circle, currency: Currency, threads: int) -> dict[str, Any]:
    """What would move one estimate out of its band: ``state`` and up to three ``ways``, the smallest first.

    ``state``: ``lowest`` (there is no lower band), ``unknown`` (the records of that night are not there any more as
    they were), ``nothing`` (no change is open to it), ``none`` (nothing that was tried would do), ``found``.
    """
    own = band(score.found.probability, score.found.risk)
    if own.code == "lower":
        return {"state": "lowest", "tried": 0, "ways": []}
    if found is None:
        return {"state": "unknown", "tried": 0, "ways": []}
    if len(found.made) == 1:
        return {"state": "nothing", "tried": 0, "ways": []}
    model = score.model
    medians = circle.columns.select(*(pl.col(name).median() for name in model.feature_names)).with_columns(
        everybody=True
    )
    scored = model.score(found.columns, None, medians, threads)["probability"]
    enough = [band(each, score.found.risk).code != own.code and each < score.found.probability for each in scored]
    ways = [
        _way(found.made[place], scored[place], score.found.risk, currency) for place in smallest(found.made, enough)
    ]
    return {"state": "found" if ways else "none", "tried": len(found.made) - 1, "ways": ways}


def _way(made: Combination, probability: float, risk: str, currency: Currency) -> dict[str, Any]:
    level = band(probability, risk)
    said = [_words(change, currency) for change in made]
    return {
        "changes": [change.lever for change in made],
        "sizes": [change.size for change in made],
        "words": Text("；", "; ").join(said),
        "probability": probability,
        "band": level.word,
    }


def _words(change: Change, currency: Currency) -> Text:
    code = "bills" if (change.lever, change.size) == ("bill", 2) else change.lever
    amount = Text("", "") if change.amount is None else exact_money(change.amount, currency)
    return Text(LEVERS[code].zh.format(amount=amount.zh), LEVERS[code].en.format(amount=amount.en))


def _year(records: Records, row: pl.DataFrame) -> Year | None:
    """The twelve months before the last that the household's area has reported incomes for."""
    calendar = records.context.calendar.filter(pl.col("kind") == "income", pl.col("area") == row["area"][0])
    last: list[date] = calendar["last_month"].drop_nulls().to_list()
    return Year(last[0], records.day) if last else None


def _wages(stored: StoredNight, circle: Circle, row: pl.DataFrame) -> tuple[float | None, float | None]:
    """What a peer who works earns a month (the median), and what the household's own members in work do."""
    asked = stored.frame("columns").select("household_id", "area_kind", WAGE).filter(pl.col(WAGE) > 0).collect()
    alike = asked.join(circle.alike, on="household_id", how="semi")
    near = alike if alike.height >= FEWEST else asked.filter(pl.col("area_kind") == row["area_kind"][0])
    middle = near[WAGE].median()
    return (None if middle is None else float(str(middle))), row[WAGE][0]


def _with_neighbours(stored: StoredNight, built: pl.DataFrame, row: pl.DataFrame) -> pl.DataFrame:
    """The columns that need everybody, with everybody else as they were.

    A night of an earlier version has none of the columns that came since; its models do not know them either.
    """
    wanted = ["household_id", "region", "area_kind", "weight", "members", *dict.fromkeys((*SCALED, *COMPARED))]
    table = stored.frame("columns")
    kept = set(table.collect_schema().names())
    everybody = table.select([name for name in wanted if name in kept]).collect()
    columns = with_neighbourhood(built, medians_of(everybody))
    near = everybody.filter(pl.col("region") == row["region"][0], pl.col("household_id") != stored.number)
    incomes = near["income_equivalised_12m"].drop_nulls()
    middle = incomes.median() if incomes.len() >= ENOUGH else None
    ratio = (
        pl.lit(None, pl.Float64)
        if middle is None or float(str(middle)) <= 0
        else (pl.col("income_equivalised_12m") / float(str(middle))).clip(-1, 20)
    )
    fixed = {name: pl.lit(row[name][0], pl.Float64) for name in THE_NEIGHBOURS}
    return columns.with_columns(income_to_neighbours_12m=ratio, **fixed)


def _alike(copy: pl.DataFrame, row: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether the columns made from the records without a change are those of the night."""
    pairs: Mapping[str, tuple[Any, Any]] = {name: (copy[name][0], row[name][0]) for name in names}
    return all(
        again is None and served is None
        if again is None or served is None
        else abs(again - served) <= EXACT * max(1.0, abs(served))
        for again, served in pairs.values()
    )


def _among_peers(circle: Circle, columns: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Whether each combination leaves every column where some peer is, or no farther out than it is now."""
    near = circle.columns.join(circle.alike, on="household_id", how="semi")
    peers = near if near.height >= FEWEST else circle.columns
    bounds = peers.select(
        *(pl.col(name).min().alias(f"{name}|low") for name in names),
        *(pl.col(name).max().alias(f"{name}|high") for name in names),
    ).row(0, named=True)
    now = columns.row(0, named=True)
    kept = []
    for name in names:
        low, high, own = bounds[f"{name}|low"], bounds[f"{name}|high"], now[name]
        if low is None:
            continue
        least, most = (low, high) if own is None else (min(low, own), max(high, own))
        kept.append(pl.col(name).is_null() | pl.col(name).is_between(least, most))
    return columns.select(pl.all_horizontal(kept)).to_series()
