"""Made-up examples for tests of the models: households with a persistent hidden need, over several as-of dates."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from features.feature import Direction, Feature

DATES = (date(2020, 1, 1), date(2021, 4, 1), date(2022, 7, 1))


def a_feature(
    name: str,
    *,
    direction: Direction = 0,
    concept: str | None = None,
    sources: tuple[str, ...] = ("household",),
    modelled: bool = True,
) -> Feature:
    return Feature(
        name=name,
        expression=lambda: pl.lit(0.0),
        sources=sources,
        label_zh=name,
        label_en=name,
        unit="",
        low=None,
        high=None,
        direction=direction,
        concept=concept or name,
        modelled=modelled,
    )


FEATURES = (
    a_feature("income_ratio", direction=-1, concept="income", sources=("income",)),
    a_feature("income_drop", direction=1, concept="income", sources=("income",)),
    a_feature("arrears", direction=1),
    a_feature("dependants", direction=1),
    a_feature("rooms"),
    a_feature("noise"),
    a_feature("nothing_known"),
)
NAMES = tuple(feature.name for feature in FEATURES)


def make_examples(
    households: int = 1_500, dates: Sequence[date] = DATES, seed: int = 1, lag_days: int = 396
) -> pl.DataFrame:
    """Examples as the models take them; labels known ``lag_days`` after the as-of date."""
    draw = np.random.default_rng(seed)
    need = draw.normal(size=households)
    ids = [f"H{number:06d}" for number in range(households)]
    tables = []
    for as_of in dates:
        now = need + 0.6 * draw.normal(size=households)
        later = need + 0.6 * draw.normal(size=households)
        drop = draw.normal(size=households)
        arrears = np.maximum(0, np.round(now + draw.normal(size=households)))
        logit = -2.8 + 1.6 * later + 2.0 * np.maximum(drop - 0.5, 0) + 1.2 * (arrears >= 2)
        label = draw.random(households) < 1 / (1 + np.exp(-logit))
        status = np.where(now > 1.0, "poor", "not_poor").astype(object)
        status[draw.random(households) < 0.15] = "unknown"
        ratio = np.exp(-0.5 * now + 0.5 * draw.normal(size=households))
        frame = pl.DataFrame(
            {
                "household_id": ids,
                "as_of": [as_of] * households,
                "fold_group": [f"D{number // 2:06d}" for number in range(households)],
                "label": label,
                "label_from": [as_of] * households,
                "label_known_on": [as_of + timedelta(days=lag_days)] * households,
                "weight": 1.0,
                "status": pl.Series(status, dtype=pl.String),
                "unsupported": draw.random(households) < 0.9,
                "income_ratio": ratio,
                "income_drop": drop,
                "arrears": arrears,
                "dependants": np.round(np.abs(now)),
                "rooms": draw.integers(1, 6, households).astype(float),
                "noise": draw.normal(size=households),
                "nothing_known": pl.Series([None] * households, dtype=pl.Float64),
            }
        )
        unknown = pl.Series(draw.random(households) < 0.15)
        tables.append(frame.with_columns(income_ratio=pl.when(~unknown).then("income_ratio")))
    return pl.concat(tables)
