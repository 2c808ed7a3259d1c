"""Signs: a household whose records got worse may not fall in risk or on the list.

"More arrears, more medical self-pay, less income never lowers the risk, everything else equal." The columns of the
same households before and after such a loss are compared here; ``engine.worsening`` makes the loss in the records.
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


def moved(before: pl.DataFrame, after: pl.DataFrame, names: Sequence[str]) -> int:
    """Of how many households a loss moved any of these columns, or made it known or unknown.

    A loss that moves a column moves the score only where the trees split between the old and the new value.
    """
    changed = [
        (before[name].is_null() != after[name].is_null())
        | ((after[name] - before[name]).abs() > TOLERANCE).fill_null(False)
        for name in names
    ]
    return int(pl.select(pl.any_horizontal(changed).sum()).item()) if changed else 0


def violations(losses: Mapping[str, Any]) -> int:
    """How many households fell, over all losses of a risk."""
    return sum(each["fell"] for each in losses.values())


def signs_gate(told: Mapping[str, Any]) -> dict[str, Any]:
    """``verdict, reasons``: whether these signs of one risk hold its model back (``engine.signs.signs_of``).

    ``held`` by a single household that fell, ``pass`` where some could fall and none did, ``insufficient`` where no
    household drawn had anything to lose, or the model is bound by nothing.
    """
    drawn, fell = sum(each["households"] for each in told["losses"].values()), told["violations"]
    if not told["bound"] or not drawn:
        return {"verdict": "insufficient", "reasons": []}
    if not fell:
        reason = {
            "zh": f"收入减少、医疗自付或欠费增加后，{drawn} 户次中没有一户风险或名次下降",
            "en": f"less income, a bill to pay or more arrears: of {drawn} cases none fell in risk or on the list",
        }
        return {"verdict": "pass", "reasons": [reason]}
    reason = {
        "zh": f"收入减少、医疗自付或欠费增加后，{drawn} 户次中有 {fell} 户风险或名次反而下降",
        "en": f"less income, a bill to pay or more arrears: {fell} of {drawn} cases fell in risk or on the list",
    }
    return {"verdict": "held", "reasons": [reason]}
