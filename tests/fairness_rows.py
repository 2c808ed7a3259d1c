"""Tested rows and groups for the tests of fairness."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def rows_with(label: Sequence[bool | None], score: Sequence[float]) -> pl.DataFrame:
    """Tested rows of one date; the probability is the score."""
    return pl.DataFrame(
        {
            "household_id": [f"h{number:07d}" for number in range(len(label))],
            "label": pl.Series(label, dtype=pl.Boolean),
            "score": pl.Series(score, dtype=pl.Float64),
            "probability": pl.Series(score, dtype=pl.Float64),
        }
    )


def grouped(rows: pl.DataFrame, **columns: Sequence[str | float | None]) -> pl.DataFrame:
    """The groups of these rows, a column per grouping."""
    return rows.select("household_id").with_columns(pl.Series(name, each) for name, each in columns.items())


def drawn_rows(count: int, seed: int = 5, fair: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Many rows with four groupings and blanks; ``fair`` below 0 takes from the score of every ``two``."""
    rng = np.random.default_rng(seed)
    two = np.where(rng.random(count) < 0.4, "x", "y")
    true = rng.normal(size=count)
    label = rng.random(count) < 1 / (1 + np.exp(2.5 - 1.5 * true))
    score = np.round(true + rng.normal(size=count) + np.where(two == "x", fair, 0.0), 2)
    probability = 1 / (1 + np.exp(2.2 - score))
    known = pl.Series(np.where(rng.random(count) < 0.9, 1, 0)).cast(pl.Boolean)
    rows = rows_with(label.tolist(), score.tolist()).with_columns(
        label=pl.when(known).then("label"), probability=pl.Series(probability)
    )
    three = rng.choice(["a", "b", "c", None], count, p=[0.6, 0.3, 0.05, 0.05])
    return rows, grouped(rows, two=two, three=pl.Series(three.tolist()), blank_share=rng.integers(0, 6, count) / 5)
