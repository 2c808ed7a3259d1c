"""What the figures about poverty need of each household: its monthly income and who shares it."""

from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from features.labels import Concept, LabelSpec, equivalence, members_on
from features.poverty_label import status_incomes
from features.sources import Sources

SCALES: Final = ("per_capita", "oecd_modified", "square_root")
"""The equivalence scales of the figures; ``labels.equivalence`` has their formulas."""


def standing_of(
    sources: Sources,
    spec: LabelSpec,
    as_of: date,
    reporting: pl.DataFrame | None = None,
    concept: Concept = "disposable",
) -> pl.DataFrame:
    """Of one bucket, by what was known on ``as_of``, the households with living members, sorted.

    Columns: ``household_id, area, area_kind, weight``; ``persons`` (living members); ``income`` (Float64, minor
    units per month and household, mean of the months of ``spec`` up to the last that its area has reported; null =
    unknown, under the null rule of ``spec``); and one column per scale: its equivalent persons. Assistance counts
    as income unless ``concept`` is ``before_assistance``.
    """
    whole = replace(spec, scale="none", kind="mean-over", concept=concept)
    incomes = status_incomes(sources, whole, as_of, reporting)
    adults, children = pl.col("adults"), pl.col("children")
    counts = (
        members_on(sources.known_by(as_of), as_of)
        .group_by("household_id")
        .agg(adults=(~pl.col("child")).sum().cast(pl.Int64), children=pl.col("child").sum().cast(pl.Int64))
        .select(
            "household_id",
            *(equivalence(scale, adults, children).cast(pl.Float64).alias(scale) for scale in SCALES),
        )
    )
    kept = ("household_id", "area", "area_kind", "weight", "persons", "income")
    return incomes.select(kept).join(counts.collect(), on="household_id").sort("household_id")
