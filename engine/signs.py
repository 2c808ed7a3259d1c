"""Signs: households whose records are made worse, scored again, and whether any fell in risk or on the list.

An onset has no direction (``models.experiment.model_features``): of the emergency it is told, and nothing follows
from it. A poverty model that lets a household fall is held back at its training (``engine.learning``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from engine.errors import ModelError
from engine.population import Population
from engine.registry import RISKS
from engine.worsening import LOSSES, placed, suffered
from features.catalog import by_name
from models.keyed import key_of
from models.peers import peer_medians
from models.risk import RiskModel
from models.signs import against, falls, moved, violations

SAMPLE: Final = 10_000

Models = Mapping[str, tuple[str, RiskModel]]


@dataclass(frozen=True)
class Worse:
    """Everybody's columns and groups on a day, and by loss the households drawn, as they were and after it."""

    columns: pl.DataFrame
    groups: pl.DataFrame
    before: Mapping[str, pl.DataFrame]
    after: Mapping[str, pl.DataFrame]


def figures(
    population: Population,
    models: Models,
    *,
    seed: int,
    as_of: date | None = None,
    sample: int = SAMPLE,
    threads: int = 1,
) -> dict[str, Any]:
    """The signs of the models that serve, on a day (default: the last on which anything became known).

    ``as_of, sample, risks``: by risk its ``model_id`` and what ``signs_of`` tells of it. ModelError where no model
    serves. Counts are of what a model does to made-up losses, so they are told as they are; no household is named.
    """
    if not models:
        raise ModelError("no model serves", "Train first: xunfang train --home HOME")
    on = as_of or population.store.known_until()
    worse = worse_off(population, population.columns(on), on, sample, seed)
    risks = {}
    for risk in (each for each in RISKS if each in models):
        model_id, model = models[risk]
        risks[risk] = {"model_id": model_id, **signs_of(model, worse, threads)}
    return {"as_of": on.isoformat(), "sample": sample, "risks": risks}


def worse_off(population: Population, columns: pl.DataFrame, as_of: date, sample: int, seed: int) -> Worse:
    """At most so many households for each loss, drawn among those that can suffer it, before and after it.

    ``columns``: everybody's on that day.
    """
    before = {name: loss.drawn(columns, sample, key_of(seed) + name.encode()) for name, loss in LOSSES.items()}
    changed = suffered(population, as_of, before)
    after = {name: placed(rows, changed[name], columns) for name, rows in before.items()}
    return Worse(columns, population.groups(as_of), before, after)


def signs_of(model: RiskModel, worse: Worse, threads: int = 1) -> dict[str, Any]:
    """``bound`` (whether the model's columns have directions), ``losses``, ``violations``.

    Of each loss: how many households were drawn, of how many a column of the model ``moved``, how many of them rose
    and fell (``models.signs.falls``), and ``columns`` of the model that moved as no direction allows
    (``models.signs.against``). ``violations``: households that fell, over all losses.
    """
    medians = peer_medians(worse.columns, model.feature_names, worse.groups)
    everybody = model.score(worse.columns, worse.groups, medians, threads)
    losses: dict[str, Any] = {}
    for loss, before in worse.before.items():
        after = worse.after[loss]
        old, new = (model.score(each, worse.groups, medians, threads) for each in (before, after))
        losses[loss] = falls(old, new, everybody["priority"]) | {
            "moved": moved(before, after, model.feature_names),
            "columns": against(before, after, [by_name(name) for name in model.feature_names]),
        }
    return {"bound": model.spec is not None, "losses": losses, "violations": violations(losses)}
