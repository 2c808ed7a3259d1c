"""What is really so in a synthetic county, kept apart in its truth/: for evaluation only, and nowhere else."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from engine.identity import Domain, renewed
from engine.workplace import Workplace
from features.feature import Feature
from models.calibration import Floats
from models.training import Settings, out_of_fold

FOLDER: Final = "truth"
TABLES: Final = ("household", "month", "emergency")
MONEY: Final = ("income_per_head", "held_per_head", "spent")
OWNERS: Final[tuple[Domain, ...]] = ("household", "person")
SPANS: Final = (1, 3, 12, 36)
"""The last months over which true money is averaged."""
Truth = Mapping[str, pl.DataFrame]


def truth_of(place: Workplace) -> Truth | None:
    """The tables ``household, month, emergency`` with the pseudonyms of now; None where a home has no truth."""
    folder = place.home.root / FOLDER
    found: dict[str, pl.DataFrame] = {}
    for name in TABLES:
        paths = sorted(folder.glob(f"{name}-*.parquet"))
        if not paths:
            return None
        table = pl.concat([pl.read_parquet(path, glob=False) for path in paths])
        ids = renewed(place.keys.pseudonyms, 0, "household", table["household_id"])
        found[name] = table.with_columns(household_id=ids)
    return found


def errors_and_events(place: Workplace) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """What was wrong with whom in which months, and what befell whom when, by the pseudonyms of now; or None.

    ``household_id, person_id, code, from_month, to_month`` and ``household_id, person_id, code, happened_on``.
    """
    found = []
    for name in ("error", "event"):
        paths = sorted((place.home.root / FOLDER).glob(f"{name}-*.parquet"))
        if not paths:
            return None
        table = pl.concat([pl.read_parquet(path, glob=False) for path in paths])
        for owner in OWNERS:
            ids = renewed(place.keys.pseudonyms, 0, owner, table[f"{owner}_id"])
            table = table.with_columns(ids.alias(f"{owner}_id"))
        found.append(table)
    return found[0], found[1]


def on_day(truth: Truth, day: date) -> pl.DataFrame:
    """``household_id, true_income`` (the poorer the higher), ``need, soon`` of the month that begins on a day.

    ``need``: the true income is under the line, or hardship strikes within 30 days (``soon``).
    """
    here = truth["month"].filter(pl.col("month") == day)
    struck = truth["emergency"].filter(pl.col("month") == day)
    soon = struck.select("household_id", soon=pl.lit(value=True)).unique("household_id")
    told = here.join(soon, on="household_id", how="left").with_columns(pl.col("soon").fill_null(value=False))
    return told.select(
        "household_id",
        true_income=-pl.col("income_per_head") / pl.col("db_line"),
        need=pl.col("below_line") | pl.col("soon"),
        soon="soon",
    )


def hidden_state(truth: Truth, as_of: date) -> pl.DataFrame:
    """The causes and the true money of each household up to a day; nothing of what is still to be drawn."""
    causes = truth["household"].drop("why_not").with_columns(pl.col(pl.Boolean).cast(pl.Float64))
    before = truth["month"].filter(pl.col("month") < as_of).sort("month")
    money = before.group_by("household_id").agg(
        *(pl.col(name).tail(n).mean().alias(f"{name}_{n}") for name in MONEY for n in SPANS),
        pl.col("below_line").cast(pl.Float64).tail(12).mean().alias("below_12"),
    )
    return causes.join(money, on="household_id", how="left").with_columns(as_of=pl.lit(as_of))


def columns_of(hidden: pl.DataFrame) -> tuple[Feature, ...]:
    """The columns of ``hidden_state`` as a model takes them, of no direction."""
    return tuple(seen(name) for name in hidden.columns if name not in ("household_id", "as_of"))


def seen(name: str) -> Feature:
    """A column of which a model needs to know the name only."""
    return Feature(
        name=name,
        expression=lambda: pl.col(name),
        sources=(),
        label_zh=name,
        label_en=name,
        unit="",
        low=None,
        high=None,
        direction=0,
        concept=name,
        modelled=True,
    )


def oracle(rows: pl.DataFrame, truth: Truth, seed: int) -> Floats:
    """A score of each row by trees that see the model's score and the hidden state of the household on its day.

    ``rows``: ``household_id, as_of, label`` (no null), ``model``; each row is scored by trees that were grown
    without its household. What it finds beyond the model is what the records do not tell.
    """
    hidden = pl.concat(hidden_state(truth, day) for day in rows["as_of"].unique().sort())
    told = rows.select("household_id", "as_of", "label", "model", fold_group="household_id")
    told = told.join(hidden, on=["household_id", "as_of"], how="left", maintain_order="left")
    features = (seen("model"), *columns_of(hidden))
    return out_of_fold(told, features, seed=seed, threads=1, settings=Settings(feature_fraction=0.6))
