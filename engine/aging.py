"""The records of a store that are past their time, and what is left without them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from engine.recordstore import RecordStore
from engine.rewriting import REPORTING
from features.lifespan import BY_KEY, over
from features.records import KEYS, KINDS, REQUIRED_KINDS


@dataclass
class Due:
    """How many records of a kind are over since before ``first``, when the oldest ended, and their keys.

    ``keys`` is None where the key itself tells the age.
    """

    first: date
    records: int
    oldest: date | None
    keys: pl.DataFrame | None = None


@dataclass
class Aged:
    """Every record of a store judged by the first day that is kept of its kind; ``keep`` is for ``rewriting``.

    A record is judged over all buckets, by its original rows: copies go when it goes. A household stays as long as
    a membership in it does.
    """

    store: RecordStore
    before: Mapping[str, date]
    due: dict[str, Due] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        store: RecordStore,
        before: Mapping[str, date],
        progress: Callable[[str, int, int], None] = lambda *_: None,
    ) -> "Aged":
        """Judge the records of a store."""
        aged = cls(store, before)
        for done, kind in enumerate(sorted(KINDS, reverse=True)):  # memberships before households
            progress("look for what is over", done, len(KINDS))
            aged.due[kind] = aged._due(kind)
        progress("look for what is over", len(KINDS), len(KINDS))
        return aged

    def keep(self, kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows that are not past their time, in their order."""
        if kind == REPORTING:
            first = pl.col("kind").replace_strict(dict(self.before), default=None, return_dtype=pl.Date)
            return rows.filter((pl.col("month") >= first).fill_null(value=True))
        if kind in BY_KEY:
            return rows.filter((BY_KEY[kind] >= self.before[kind]).fill_null(value=True))
        gone = self.due[kind].keys
        if gone is None or not gone.height:
            return rows
        return rows.join(gone.lazy(), on=KEYS[kind], how="anti", nulls_equal=True, maintain_order="left")

    def who_stays(self) -> pl.DataFrame:
        """``subject``: the persons and households of whom the roster keeps anything."""
        kept = {kind: self.keep(kind, self._rows(kind)) for kind in REQUIRED_KINDS}
        ids = [
            kept["member"].select(subject="person_id"),
            *(each.select(subject="household_id") for each in kept.values()),
        ]
        return pl.concat(ids).unique().collect(engine="streaming")

    def _due(self, kind: str) -> Due:
        first = self.before[kind]
        found = over(kind, self._rows(kind), first)
        if kind == "household":
            lived_in = self.keep("member", self._rows("member")).select("household_id").unique()
            found = found.join(lived_in, on="household_id", how="anti")
        if kind in BY_KEY:
            told = found.select(pl.len(), pl.col("ended").min()).collect(engine="streaming")
            return Due(first, *told.row(0))
        keys = found.collect(engine="streaming")
        oldest = keys["ended"].min()
        return Due(first, keys.height, oldest if isinstance(oldest, date) else None, keys.select(KEYS[kind]))

    def _rows(self, kind: str) -> pl.LazyFrame:
        """The original rows of a kind, with those that wait for their owner."""
        rows = self.store.records(kind).filter(~pl.col("copied")).drop("copied")
        waiting = self.store.waiting(kind)
        return rows if waiting is None else pl.concat([rows, waiting.lazy().select(rows.collect_schema().names())])
