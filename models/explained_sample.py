"""A small sample of explained rows, kept with a model so that its figures can be drawn later without any record."""

from typing import Final

import numpy as np
import polars as pl

from models.calibration import Floats
from models.explanation import TOLERANCE, DoesNotAddUpError
from models.keyed import key_of, keyed_hash
from models.risk import RiskModel, matrix

AT_MOST: Final = 400
CONTRIBUTION: Final = "contribution:"
"""What stands before a column's name where its contribution (log-odds) is told."""


def explained_sample(
    model: RiskModel, examples: pl.DataFrame, *, seed: int, threads: int = 1, at_most: int = AT_MOST
) -> pl.DataFrame:
    """At most 400 households of the newest date that the model learnt from, by lot.

    ``household_id`` (so that an erasure finds them; no figure shows it), each of the model's columns with its value
    (null = not known), and under ``contribution:NAME`` what it adds; ``base``, ``raw`` (log-odds). The rows stand
    in the order of the lot, which the seed makes.
    """
    newest = max(model.about["as_of"])
    rows = examples.filter(pl.col("as_of").cast(pl.String) == newest)
    lot = pl.Series("_lot", keyed_hash(rows["household_id"], key_of(seed) + b"explained"))
    drawn = rows.with_columns(lot).sort("_lot", "household_id").head(at_most)
    places = pl.DataFrame({"household_id": drawn["household_id"], "_place": np.arange(drawn.height)})
    parts = model.contributions(drawn, threads).join(places, on="household_id").sort("_place")
    x = matrix(drawn, model.feature_names)
    return pl.DataFrame(
        {
            "household_id": drawn["household_id"],
            **{name: drawn[name] for name in model.feature_names},
            **{CONTRIBUTION + name: parts[name] for name in model.feature_names},
            "base": parts["base"],
            "raw": model.raw(x, threads),
        }
    )


def checked_sample(model: RiskModel, sample: pl.DataFrame, threads: int = 1) -> tuple[Floats, Floats]:
    """The values (null as NaN) and the contributions of a sample, one column per column of the model.

    Raises ``DoesNotAddUpError`` where the contributions and the base of a row do not add to its raw score to 1e-9,
    or the model does not give that score again. Nothing may be drawn of such a sample.
    """
    wanted = [*model.feature_names, *(CONTRIBUTION + name for name in model.feature_names), "base", "raw"]
    if missing := set(wanted) - set(sample.columns):
        raise DoesNotAddUpError(f"the explained sample has lost {len(missing)} columns")
    values = matrix(sample, model.feature_names)
    parts = sample.select(CONTRIBUTION + name for name in model.feature_names).to_numpy()
    raw: Floats = sample["raw"].to_numpy()
    sums = parts.sum(axis=1) + sample["base"].to_numpy()
    if not bool(np.all(np.abs(sums - raw) <= TOLERANCE)):
        raise DoesNotAddUpError("contributions and base of the explained sample do not add to the raw score")
    if not bool(np.all(np.abs(model.raw(values, threads) - raw) <= TOLERANCE)):
        raise DoesNotAddUpError("the model does not give the explained sample its raw scores again")
    return values, parts


def strongest(contributions: Floats, most: int) -> list[int]:
    """The places of the columns that move the score most (mean absolute contribution), a tie in their order."""
    moves = np.abs(contributions).mean(axis=0)
    return [int(place) for place in np.argsort(-moves, kind="stable")[:most] if moves[place] > 0]
