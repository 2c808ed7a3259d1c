"""A spec case: a small world of records in, values of columns out, and what holds when nothing is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
from builders import Table, context, records, sources

from features.build import build_features
from features.neighbourhood import medians_of, with_neighbourhood
from features.sources import Sources

Values = Mapping[str, float | None]

AS_OF = date(2024, 3, 1)
LAST_MONTH = date(2024, 1, 1)
LINE = {"urban": 160_000, "rural": 100_000}


@dataclass(frozen=True)
class Case:
    """``ordinary``: values of household H1 with all records known. ``nothing``: values with the ``subject`` kinds
    delivered and empty. ``late``: values where the records of the subject are known only a day after the date.
    """

    name: str
    subject: tuple[str, ...]
    tables: Mapping[str, Table]
    ordinary: Values
    nothing: Values = field(default_factory=dict)
    late: Values = field(default_factory=dict)

    def of(self, which: str) -> tuple[Sources, Values]:
        """The sources and the expected values of ``ordinary``, ``nothing`` or ``late``."""
        if which == "ordinary":
            return sources(**self.tables), self.ordinary
        rest = {kind: table for kind, table in self.tables.items() if kind not in self.subject}
        if which == "nothing":
            return sources(
                **rest, **{kind: () for kind in self.subject if kind not in ("household", "member")}
            ), self.nothing
        return sources(**rest, **{kind: self._late(kind) for kind in self.subject}), self.late

    def _late(self, kind: str) -> pl.DataFrame:
        late = records(kind, self.tables[kind]).with_columns(known_on=pl.lit(AS_OF + timedelta(days=1)))
        return pl.concat([records(kind, [{}]), late]) if kind in ("household", "member") else late


def columns_of(somebody: Sources, names: list[str] | None = None) -> pl.DataFrame:
    """All columns, those of the neighbourhood too, on the day of the cases."""
    built = build_features(somebody, context(somebody, AS_OF, LINE, LAST_MONTH), AS_OF, names)
    return with_neighbourhood(built, medians_of(built))


def months(first: str, number: int) -> list[date]:
    """A run of months."""
    start = date.fromisoformat(f"{first}-01")
    return [
        date(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1) for n in range(number)
    ]


def none(*names: str) -> dict[str, Any]:
    """Unknown, for each of these columns."""
    return dict.fromkeys(names)


def zero(*names: str) -> dict[str, Any]:
    """Zero, for each of these columns."""
    return dict.fromkeys(names, 0)
