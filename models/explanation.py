"""Why one household has its score: contributions that add up, beside what its peers have, and how sure it is.

Contributions are the model's own (TreeSHAP, in log-odds). They are made again from the stored columns, and what
does not come out as it was served is refused, never shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

import numpy as np
import polars as pl

from models.calibration import Bools, Floats
from models.intervals import Z
from models.risk import RiskModel, matrix

TOLERANCE: Final = 1e-9
NEAREST: Final = 200
FEWEST: Final = 50
"""Of past households with about the same estimate so many are looked at, or a tenth of them, and never fewer."""


class DoesNotAddUpError(ValueError):
    """What was made again is not what was served, or its parts are not the whole; nothing may be shown of it."""


@dataclass(frozen=True)
class Part:
    """What one column adds (log-odds), the household's value there and its peers' median (null = not known)."""

    feature: str
    contribution: float
    value: float | None
    peers: float | None


@dataclass(frozen=True)
class ConceptPart:
    """What a concept adds: the sum of its columns, the strongest column first."""

    concept: str
    contribution: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Explained:
    """A score in full: ``base`` and the concepts add to ``raw`` to 1e-9; the strongest concept first.

    ``blanks``: the model's columns in which nothing is known of the household; ``priority`` is above
    ``probability`` where its peers' medians in these places would make the risk greater.
    """

    risk: str
    base: float
    raw: float
    probability: float
    priority: float
    concepts: tuple[ConceptPart, ...]
    blanks: tuple[str, ...]


def explained(
    model: RiskModel,
    row: pl.DataFrame,
    served: pl.DataFrame,
    *,
    medians: pl.DataFrame,
    peers: pl.DataFrame,
    groups: pl.DataFrame | None = None,
    threads: int = 1,
) -> Explained:
    """The score of the one household in ``row``, which must come out as it was ``served``.

    ``served``: its ``raw, probability, priority``. ``medians``: those of the whole population (``peer_medians``).
    ``peers``: one row with the comparison group's median of each of the model's columns.

    Raises ``DoesNotAddUpError`` where a score differs from the one that was served by more than 1e-9, or the
    contributions do not add to it.
    """
    again = model.score(row, groups, medians, threads)
    for name in ("raw", "probability", "priority"):
        same(name, again[name][0], served[name][0])
    parts = model.contributions(row, threads)
    x = matrix(row, model.feature_names)[0]
    each = [
        (concept, Part(name, parts[name][0], None if np.isnan(value) else float(value), peers[name][0]))
        for name, concept, value in zip(model.feature_names, model.concepts, x, strict=True)
    ]
    found = Explained(
        risk=model.risk,
        base=parts["base"][0],
        raw=served["raw"][0],
        probability=served["probability"][0],
        priority=served["priority"][0],
        concepts=_by_concept(each),
        blanks=tuple(part.feature for _, part in each if part.value is None),
    )
    adds_up(found.base, [part.contribution for _, part in each], found.raw)
    adds_up(found.base, [concept.contribution for concept in found.concepts], found.raw)
    return found


def same(name: str, again: float, served: float) -> None:
    """Raise ``DoesNotAddUpError`` where a figure made again is not the one that was served."""
    if not abs(again - served) <= TOLERANCE:
        raise DoesNotAddUpError(f"the {name} made again from the stored columns is not the one that was served")


def adds_up(base: float, contributions: Sequence[float], raw: float) -> None:
    """Raise ``DoesNotAddUpError`` where base and contributions are not the raw score to 1e-9."""
    if not abs(fsum([base, *contributions]) - raw) <= TOLERANCE:
        raise DoesNotAddUpError("base and contributions do not add up to the raw score")


def likely_rates(tested: pl.DataFrame, probability: Floats) -> pl.DataFrame:
    """How often it came true among the tested households with about the same estimate, for each probability given.

    ``n, positives, rate, low, high`` (95 % Wilson interval), ``least, most`` (the estimates looked at), in the
    order of ``probability``; no rows of ``tested`` with a label: all null. ``tested``: ``label`` and
    ``probability`` of rows that the models had not learnt from; the nearest in rank are taken, equal estimates
    all or none.
    """
    known = tested.filter(pl.col("label").is_not_null()).sort("probability")
    order: Floats = known["probability"].to_numpy()
    label: Bools = known["label"].to_numpy()
    many = len(order)
    if not many:
        floats = {name: pl.Float64 for name in ("rate", "low", "high", "least", "most")}
        schema = pl.Schema({"n": pl.Int64, "positives": pl.Int64, **floats})
        return pl.DataFrame({name: [None] * len(probability) for name in schema}, schema=schema)
    half = min(max(FEWEST, min(NEAREST, many // 10)), many) // 2
    middle = (np.searchsorted(order, probability, "left") + np.searchsorted(order, probability, "right")) // 2
    first = np.clip(middle - half, 0, max(many - 2 * half, 0))
    last = np.minimum(first + 2 * half, many) - 1
    start = np.searchsorted(order, order[first], "left")
    stop = np.searchsorted(order, order[last], "right")
    hits = np.concatenate([[0], np.cumsum(label, dtype=np.int64)])
    n, positives = stop - start, hits[stop] - hits[start]
    rate = positives / n
    centre = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    spread = Z / (1 + Z * Z / n) * np.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return pl.DataFrame(
        {
            "n": n.astype(np.int64),
            "positives": positives,
            "rate": rate,
            "low": np.clip(centre - spread, 0, 1),
            "high": np.clip(centre + spread, 0, 1),
            "least": order[start],
            "most": order[stop - 1],
        }
    )


def _by_concept(each: Sequence[tuple[str, Part]]) -> tuple[ConceptPart, ...]:
    grouped: dict[str, list[Part]] = {}
    for concept, part in each:
        grouped.setdefault(concept, []).append(part)
    made = [
        ConceptPart(
            concept,
            fsum(part.contribution for part in parts),
            tuple(sorted(parts, key=lambda part: (-abs(part.contribution), part.feature))),
        )
        for concept, parts in grouped.items()
    ]
    return tuple(sorted(made, key=lambda part: (-abs(part.contribution), part.concept)))
