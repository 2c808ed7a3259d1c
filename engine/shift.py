"""Time shift: what a model was made from is kept with it, and every night is measured against it."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from engine import registry
from engine.settings import Home
from features.catalog import by_name
from models.drift import drift_of, reference_of
from models.risk import RiskModel

SAMPLE: Final = 2_000
"""Rows by whose contributions the columns are weighed."""
NAMED: Final = 5
"""Columns that a night names, those farthest out first."""


def reference(model: RiskModel, examples: pl.DataFrame, tested: pl.DataFrame | None) -> dict[str, Any]:
    """What a model was made from, to be kept with it: ``models.drift.reference_of``.

    Of everybody on its as-of dates, followed or not. ``tested``: rows with the ``score`` of households that the
    experiment had not trained on; without them the scores are those of the training rows.
    """
    days = set(model.about["as_of"])
    rows = examples.filter(pl.col("as_of").cast(pl.String).is_in(sorted(days)))
    sample = rows.gather_every(-(-max(rows.height, 1) // SAMPLE))
    moves = model.contributions(sample).select(pl.col(name).abs().mean() for name in model.feature_names)
    scores = model.score(rows)["raw"] if tested is None else tested["score"]
    return reference_of(
        rows,
        scores.drop_nulls().to_numpy(),
        [by_name(name) for name in model.feature_names],
        moves.row(0, named=True) if sample.height else None,
        rows["label"],
    )


def shifts(
    home: Home,
    models: Mapping[str, tuple[str, RiskModel]],
    columns: pl.DataFrame,
    scores: Mapping[str, pl.DataFrame],
) -> dict[str, Any]:
    """How far a night is from what its models were made from, by risk, for its manifest; {} of older models.

    ``score_psi`` (null: too few households) and ``score_band``; ``out`` and ``notable``: the share of what moves
    the score that is in that band; ``sources`` that are out; ``columns``: those farthest out, with their effects.
    """
    told = {}
    for risk, (model_id, _) in sorted(models.items()):
        frozen = registry.drift_reference(home, risk, model_id)
        if frozen:
            found = drift_of(frozen, columns, scores[risk]["raw"].to_numpy())
            told[risk] = {
                "score_psi": found["score"]["psi"],
                "score_band": found["score"]["band"],
                "out": found["out"],
                "notable": found["notable"],
                "sources": [each["name"] for each in found["sources"] if each["band"] == "out"],
                "columns": [
                    {name: each[name] for name in ("name", "effect", "band")}
                    for each in found["features"][:NAMED]
                    if each["band"] in ("notable", "out")
                ],
            }
    return told
