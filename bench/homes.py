"""A home with a population in its inbox, and two models that were only made to be measured."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from bench import population
from bench.stages import KEPT, THREADS
from engine import registry
from engine.layout import Tables, lay_out, write_delivery
from engine.population import silent
from engine.settings import Home
from engine.shift import reference
from features.catalog import FEATURES
from models.experiment import model_features
from models.keyed import key_of, keyed_hash
from models.training import train

SETTINGS: Final[dict[str, Any]] = {"currency": "CNY", "programmes": "cn-average-2025", "person_ids": "free"}
MOST_AS_TEXT: Final = 100_000
"""Checking text is measured for so many people at most: its time goes with the rows."""
EXAMPLES: Final = 5_000
"""Households that the models learn from: the shape of the trees is fixed, so more would make them no slower."""


def make_home(root: Path, people: int, seed: int) -> None:
    """Settings, caseworkers, and one delivery with everything."""
    home = Home(root)
    lay_out(home, SETTINGS, population.staffing(people), automatic=True)
    parts: Iterator[tuple[Tables, Tables, Tables]] = ((each, {}, {}) for each in population.parts(people, seed))
    count = -(-people // population.BLOCK)
    folder = write_delivery(home, "bench", population.DELIVERED_ON, parts, count=count, progress=silent)
    if people <= MOST_AS_TEXT:
        text = root / KEPT / "text"
        text.mkdir(parents=True)
        for path in folder.glob("*.parquet"):
            pl.read_parquet(path).write_csv(text / f"{path.stem}.csv")


def make_models(root: Path, seed: int) -> None:
    """Two models of a made-up outcome that hangs on the columns, in the settings that serve."""
    columns = pl.read_parquet(root / KEPT / "columns.parquet", n_rows=EXAMPLES)
    for risk, column in (("relative_poverty", "income_to_median_12m"), ("emergency", "oop_to_income_12m")):
        lots = keyed_hash(columns.select(pl.lit(risk) + pl.col("household_id"))["literal"], key_of(seed))
        rank = pl.col(column).fill_null(strategy="zero").rank("ordinal") / pl.len()
        near = (1 - rank) if risk == "relative_poverty" else rank
        label = near * 0.7 + pl.Series(lots / 2**64) * 0.5 > 0.85
        examples = columns.with_columns(
            as_of=pl.lit(date(2024, 12, 31)),
            fold_group=pl.col("household_id"),
            label=label,
            label_from=pl.lit(date(2025, 1, 1)),
            label_known_on=pl.lit(date(2025, 12, 1)),
            status=pl.lit("unknown"),
            unsupported=pl.lit(value=True),
        )
        model = train(examples, model_features(FEATURES, None), risk=risk, seed=seed, threads=THREADS)
        files = {registry.DRIFT: registry.as_json(reference(model, examples, None))}
        registry.set_serving(Home(root), risk, registry.keep(Home(root), risk, model, files, {"seed": seed}))
