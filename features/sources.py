"""The source records of a bucket (or of everybody), and the one door by which features may see them."""

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, reduce
from types import MappingProxyType
from typing import Final

import polars as pl

from features.records import KEYS, KINDS, REQUIRED_KINDS

OWNERS: Final = ("person_id", "household_id")


@dataclass(frozen=True)
class Known:
    """What was known on a day: the newest version of each record, withdrawn ones gone.

    Only ``Sources.known_by`` makes one, so whoever holds a ``Known`` cannot see later knowledge.
    """

    as_of: date
    _frames: Mapping[str, pl.LazyFrame]

    def has(self, kind: str) -> bool:
        """Whether the bureau delivers this kind at all (an absent source is stated, never guessed)."""
        return kind in self._frames

    def frame(self, kind: str) -> pl.LazyFrame:
        """The records of a kind, typed and empty where the bureau has no such source."""
        found = self._frames.get(kind)
        return found if found is not None else empty(kind)


@dataclass(frozen=True)
class Sources:
    """Every version of every accepted record, by kind; kinds that the bureau does not deliver are absent.

    ``revised`` holds, per kind, the keys of which more than one version exists (the record store counts them at
    intake). A kind that is missing there is taken to be possibly revised throughout, which is right but slower.
    """

    frames: Mapping[str, pl.LazyFrame]
    revised: Mapping[str, pl.DataFrame] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        unknown = sorted(set(self.frames) - set(KINDS))
        if unknown:
            raise ValueError(f"not a kind of source record: {', '.join(unknown)} (known: {', '.join(KINDS)})")
        missing = [kind for kind in REQUIRED_KINDS if kind not in self.frames]
        if missing:
            raise ValueError(f"a required source is missing: {', '.join(missing)}")

    def known_by(self, as_of: date, deliveries: Collection[str] | None = None) -> Known:
        """Cut once, at the door: of each key the newest version with ``known_on`` up to and including ``as_of``.

        ``deliveries`` cuts a replay of a past night by the deliveries in that night's manifest as well.
        """
        cut = {kind: self._cut(kind, as_of, deliveries) for kind in self.frames}
        return Known(as_of, MappingProxyType(cut))

    def _cut(self, kind: str, as_of: date, deliveries: Collection[str] | None) -> pl.LazyFrame:
        frame = self.frames[kind].filter(pl.col("known_on") <= as_of)
        if deliveries is not None:
            frame = frame.filter(pl.col("delivery_id").is_in(sorted(deliveries)))
        keys = self.revised.get(kind)
        if keys is None:
            return newest(kind, frame).filter(~pl.col("void"))
        if not keys.height:
            return frame.filter(~pl.col("void"))
        # a mark of the key tells the many rows of one version from the few that need their versions compared
        several = _mark(kind).is_in(keys.select(_mark(kind)).to_series().unique().implode())
        return pl.concat([frame.filter(~several), newest(kind, frame.filter(several))]).filter(~pl.col("void"))


def _mark(kind: str) -> pl.Expr:
    """A number that equal keys share: of the owner, the days and codes of the key (of its texts without these)."""
    owner = [name for name in OWNERS if name in KEYS[kind]]
    rest = [name for name in KEYS[kind] if name not in owner]
    numbers = [name for name in rest if KINDS[kind].columns()[name].dtype != pl.String]
    marks = [pl.col(name).to_physical().hash(place) for place, name in enumerate(numbers or rest)]
    return reduce(operator.xor, [*marks, *([pl.coalesce(owner).hash(len(marks))] if owner else [])]).alias("mark")


def newest(kind: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The newest version of each key: latest ``known_on``, then the department's sequence, then the content.

    The content (all other columns, compared in schema order) decides a tie on one day, so that the order of
    arrival never does. Withdrawals are kept: the caller drops them after the newest version is known.
    """
    key = list(KEYS[kind])
    columns = frame.collect_schema().names()
    content = [name for name in columns if name not in {*key, "known_on", "seq", "delivery_id", "known_on_assumed"}]
    order = ["known_on", "seq", *content]
    return (
        frame.sort(order, descending=True, nulls_last=True)
        .unique(subset=key, keep="first", maintain_order=True)
        .select(columns)
    )


@cache
def empty(kind: str) -> pl.LazyFrame:
    """A typed frame of this kind without rows."""
    return KINDS[kind].create_empty(lazy=True)
