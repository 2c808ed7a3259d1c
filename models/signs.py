"""Signs: a household whose records got worse may not fall in risk or on the list.

"More arrears, more medical self-pay, less income never lowers the risk, everything else equal." The columns of the
same households before and after such a loss are compared here; ``engine.signs`` makes the loss in the records.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from features.feature import Feature
from models.calibration import Floats

TOLERANCE: Final = 1e-12
"""Sums of the same leaves in another order differ by less."""


def falls(before: pl.DataFrame, after: pl.DataFrame, everybody: pl.Series) -> dict[str, int]:
    """How many of these households fell after a loss: ``households, rose, raw, probability, priority, place,
    fell``.

    ``before, after``: the same households' scores (``RiskModel.score``). ``everybody``: the priorities of the whole
    list before it. ``rose``: those whose score is higher, as it should be. ``place`` is counted by putting the
    household's new priority in the place of its old one, all others as they were. ``fell``: households with a fall
    in any of the four.
    """
    if before["household_id"].to_list() != after["household_id"].to_list():
        raise ValueError("scores before and after are not of the same households")
    fell = {
        name: after[name].to_numpy() < before[name].to_numpy() - TOLERANCE
        for name in ("raw", "probability", "priority")
    }
    old, new = before["priority"].to_numpy(), after["priority"].to_numpy()
    fell["place"] = (new < old - TOLERANCE) & (ahead(everybody, old, new) > ahead(everybody, old, old))
    counted = {name: int(found.sum()) for name, found in fell.items()}
    rose = int((after["raw"].to_numpy() > before["raw"].to_numpy() + TOLERANCE).sum())
    return {
        "households": before.height,
        "rose": rose,
        **counted,
        "fell": int(np.any(list(fell.values()), axis=0).sum()),
    }


def ahead(everybody: pl.Series, own: Floats, now: Floats) -> Floats:
    """How many others stand before each household of priority ``own`` once it has ``now``; ties stand behind."""
    ordered = np.sort(everybody.to_numpy())
    before = len(ordered) - np.searchsorted(ordered, now, side="right")
    return np.asarray(before - (own > now), dtype=np.float64)


def against(before: pl.DataFrame, after: pl.DataFrame, features: Sequence[Feature]) -> dict[str, dict[str, int]]:
    """The columns that a loss moved in a way that no direction of theirs allows, with how many households each.

    ``against``: moved the wrong way; ``free``: moved without a direction; ``known``: became known or unknown, which
    no direction binds. A model with none of these columns cannot let a household fall.
    """
    found = {}
    for each in features:
        old, new = before[each.name], after[each.name]
        moved = (new - old).fill_null(0.0)
        counts = {
            "against": (moved * each.direction < -TOLERANCE).sum(),
            "free": (moved.abs() > TOLERANCE).sum() if each.direction == 0 else 0,
            "known": (old.is_null() != new.is_null()).sum(),
        }
        if any(counts.values()):
            found[each.name] = {name: int(count) for name, count in counts.items() if count}
    return found


def violations(told: Mapping[str, Any]) -> int:
    """How many households fell, over all losses of a risk."""
    return sum(each["fell"] for each in told["losses"].values())
