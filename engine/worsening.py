"""Records of the last window made worse, in memory, and the columns made again from them.

Five losses: a wage lost, a bill for a visit and one for an admission added, a month of arrears more and a quarter
of them (one month alone leaves who owed nothing under the two that count). Each is written into copies of the
records; the reporting calendar and all medians stay as they were, and so does everybody else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from engine.population import Population
from features.build import build_features
from features.catalog import FEATURES
from features.context import Context
from features.neighbourhood import FEATURES as OF_EVERYBODY
from features.neighbourhood import medians_of, with_neighbourhood
from features.records import KEYS, KINDS
from features.sources import Sources
from features.windows import Roster, holders, month_number, roster_of, within
from models.keyed import keyed_hash

BILL: Final = 500_000
"""Minor units that a bill added takes out of the household's pocket."""

DAYS: Final = 10
"""Days in hospital of an admission added."""

WINDOW: Final = 3
"""Months of the latest window: those in which arrears count."""

INCOME: Final = "income_equivalised_12m"
TO_NEIGHBOURS: Final = "income_to_neighbours_12m"
OF_OTHERS: Final = ("neighbours_income_to_median_12m", "neighbours_schooling_years", "neighbours_workers_share")


@dataclass(frozen=True)
class Loss:
    """The kind of record that a loss changes, who can suffer it (by the columns), and what makes the records worse.

    ``worsen`` gets the roster of some households and returns all that they have of this kind, worse.
    """

    kind: str
    can: pl.Expr
    worsen: Callable[[Roster], pl.DataFrame]

    def names(self) -> list[str]:
        """The columns that the loss can move, but those of the neighbourhood."""
        return [item.name for item in FEATURES if self.kind in item.sources and item not in OF_EVERYBODY]

    def drawn(self, columns: pl.DataFrame, sample: int, key: bytes) -> pl.DataFrame:
        """The columns of at most so many households that can suffer it, in the order of their ids."""
        able = columns.filter(self.can)
        order = np.argsort(keyed_hash(able["household_id"], key), kind="stable")
        return able[order[:sample]].sort("household_id")

    def columns(self, bucket: Sources, context: Context, as_of: date, drawn: pl.Series) -> pl.DataFrame:
        """``household_id`` and ``names`` of the households drawn, after the loss."""
        known = bucket.known_by(as_of)
        frames = {each: known.frame(each) for each in bucket.frames}
        frames["household"] = frames["household"].filter(pl.col("household_id").is_in(drawn.implode()))
        one = {each: pl.DataFrame(schema=dict.fromkeys(KEYS[each], pl.String)) for each in frames}  # version each
        roster = roster_of(Sources(frames, one).known_by(as_of), context)
        worse = Sources({**frames, self.kind: self.worsen(roster).lazy()}, one)
        return build_features(worse, context, as_of, self.names()).select("household_id", *self.names())


def suffered(population: Population, as_of: date, drawn: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """By loss: ``household_id`` and the columns that it can move, of the households drawn for it, after it.

    ``drawn``: by loss, the columns of these households before it (``Loss.drawn``). One pass over the buckets.
    """
    context = population.context(as_of)

    def worse(bucket: Sources) -> dict[str, pl.DataFrame]:
        return {
            name: LOSSES[name].columns(bucket, context, as_of, rows["household_id"]) for name, rows in drawn.items()
        }

    parts = population.mapped("signs", worse)
    return {name: pl.concat(part[name] for part in parts) for name in drawn}


def placed(before: pl.DataFrame, changed: pl.DataFrame, everybody: pl.DataFrame) -> pl.DataFrame:
    """The columns of some households with the changed ones in place, those of the neighbourhood made again.

    All medians are those of ``everybody`` as they were; a household's loss does not move what its neighbours have.
    """
    medians = medians_of(everybody)
    neighbourhood = [item.name for item in OF_EVERYBODY if item.name in before.columns]
    own = before.drop(neighbourhood, *changed.columns[1:]).join(
        changed, on="household_id", how="left", maintain_order="left"
    )
    after = with_neighbourhood(own.select(name for name in before.columns if name not in neighbourhood), medians)
    middle = medians.filter((pl.col("scope") == "area_kind") & (pl.col("column") == INCOME))
    others = pl.col("neighbours_income_to_median_12m")
    was = before.join(middle.select(area_kind="key", middle="median"), on="area_kind", how="left").select(
        "household_id",
        *(pl.col(name).alias(f"_was_{name}") for name in (INCOME, TO_NEIGHBOURS, *OF_OTHERS)),
        _others=pl.when(others.is_between(-1, 20, closed="none")).then(others * pl.col("middle")),
    )
    moved = pl.col(INCOME).ne_missing(pl.col(f"_was_{INCOME}"))
    again = pl.when(pl.col("_others") > 0).then((pl.col(INCOME) / pl.col("_others")).clip(-1, 20))
    return (
        after.join(was, on="household_id", how="left", maintain_order="left")
        .with_columns(pl.col(f"_was_{name}").alias(name) for name in OF_OTHERS)
        .with_columns(pl.when(moved).then(again).otherwise(f"_was_{TO_NEIGHBOURS}").alias(TO_NEIGHBOURS))
        .select(before.columns)
    )


def wage_lost(roster: Roster) -> pl.DataFrame:
    """One earner of each household has no wage in the last month reported: a zero, and not an unknown."""
    rows = _of(roster, "income")
    wage = (pl.col("kind").cast(pl.String) == "wage") & (pl.col("amount") > 0)
    last = pl.col("_last") == month_number(pl.col("month"))
    paid = rows.join(_owners(roster, "income"), on=["_id", "_personal"]).filter(wage & last)
    lost = paid.join(_drawn(paid), on=["_home", "_id"], how="semi")["_row"].unique()
    zero = pl.col("_row").is_in(lost.implode())
    return _records("income", rows.with_columns(amount=pl.when(zero).then(0).otherwise("amount")))


def visit_billed(roster: Roster) -> pl.DataFrame:
    """One member of each household paid for a visit to the clinic in the last month reported."""
    return _billed(roster, "outpatient", None)


def admission_billed(roster: Roster) -> pl.DataFrame:
    """One member of each household paid for an admission in the last month reported."""
    return _billed(roster, "inpatient", DAYS)


def arrears_added(roster: Roster, months: int) -> pl.DataFrame:
    """Each household is so many months more in arrears in the latest window, wherever such months are recorded."""
    rows = _of(roster, "utility").join(_owners(roster, "utility"), on=["_id", "_personal"], how="left")
    age = pl.col("_last") - month_number(pl.col("month"))
    more = within(age, WINDOW).fill_null(False).cast(pl.Int64) * months
    return _records("utility", rows.with_columns(arrears_months=pl.col("arrears_months") + more))


def _billed(roster: Roster, kind: str, days: int | None) -> pl.DataFrame:
    people = _owners(roster, "medical").filter(pl.col("_personal") & pl.col("_last").is_not_null())
    month = pl.date((pl.col("_last") - 1) // 12, (pl.col("_last") - 1) % 12 + 1, 1)
    bills = _drawn(people).select(
        person_id="_id",
        event_id=pl.lit("signs"),
        event_date=month,
        kind=pl.lit(kind),
        total=pl.lit(BILL, pl.Int64),
        oop=pl.lit(BILL, pl.Int64),
        los_days=pl.lit(days, pl.Int64),
        known_on=pl.lit(roster.as_of),
        known_on_assumed=pl.lit(value=False),
        void=pl.lit(value=False),
        seq=pl.lit(0, pl.Int64),
        delivery_id=pl.lit("signs"),
    )
    rows = _records("medical", _of(roster, "medical"))
    return pl.concat([rows, bills.cast(rows.select(bills.columns).schema)], how="diagonal")


def _of(roster: Roster, kind: str) -> pl.DataFrame:
    """The records of a kind that belong to a household of the roster, with ``_row, _id, _personal``."""
    frame, names = roster.known.frame(kind), KINDS[kind].column_names()
    ids = [pl.col(name) for name in ("person_id", "household_id") if name in names]
    personal = pl.col("person_id").is_not_null() if "person_id" in names else pl.lit(value=False)
    rows = frame.with_columns(_id=pl.coalesce(ids), _personal=personal)
    owners = _owners(roster, kind).lazy()
    return rows.join(owners, on=["_id", "_personal"], how="semi").collect().with_row_index("_row")


def _owners(roster: Roster, kind: str) -> pl.DataFrame:
    return holders(roster, kind).select("_id", "_personal", "_last", _home="household_id")


def _drawn(people: pl.DataFrame) -> pl.DataFrame:
    """One of the people of each household, drawn by a hash of the id."""
    order = pl.Series("_order", keyed_hash(people["_id"], b"signs"))
    return people.with_columns(order).sort("_home", "_order").unique("_home", keep="first", maintain_order=True)


def _records(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(name for name in KINDS[kind].column_names() if name in rows.columns)


LOSSES: Final[Mapping[str, Loss]] = {
    "wage_lost": Loss("income", pl.col("months_since_wage") == 0, wage_lost),
    "visit_billed": Loss("medical", pl.col("oop_12m").is_not_null(), visit_billed),
    "admission_billed": Loss(
        "medical",
        pl.col("oop_12m").is_not_null()
        & (pl.col("largest_admission_to_income").is_not_null() | pl.col(INCOME).is_null()),
        admission_billed,
    ),
    "arrears_added": Loss("utility", pl.col("arrears_months_3m").is_not_null(), partial(arrears_added, months=1)),
    "quarter_unpaid": Loss(
        "utility", pl.col("arrears_months_3m").is_not_null(), partial(arrears_added, months=WINDOW)
    ),
}
"""A wage can be lost by who has one in the last month; a bill is added where the medical source knows a member and
what was paid for it, arrears where any are recorded: what becomes known for the first time is another thing than
what becomes worse.
"""
