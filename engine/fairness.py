"""Whom the models serve, group by group: figures with intervals, the verdict, and what a floor would cost."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from engine import registry
from engine.errors import ModelError
from engine.learning import Learner, examples_of_risk, lacking_for
from engine.population import Population, Progress, Risk, silent
from engine.report import told_count
from engine.workplace import Workplace
from features.catalog import FEATURES
from models.experiment import model_features
from models.fairness import UNKNOWN, FairnessError, cuts_of, fairness_of
from models.fairness_gate import fairness_gate
from models.group_figures import FEW
from models.groupings import groupings
from models.keyed import key_of, keyed_hash
from models.proxies import ablation, proxies_of
from models.split import folds_of, rows_of, temporal_splits
from models.training import TooLittleToLearnError
from outreach.floors import FLOORS, with_floors

THRESHOLDS: Final = {"top_1": 0.01, "top_10": 0.1, "top_20": 0.2}
"""Lists of other lengths, besides that of the caseworkers and the pool."""


def figures(
    place: Workplace,
    risks: tuple[Risk, ...],
    *,
    model_id: str | None = None,
    proxies: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The figures of the model that serves each risk (or of a named one), as JSON values.

    Per risk: ``gate`` (verdict and reasons), ``dates`` (newest last; intersections of the newest only) as
    ``models.fairness.fairness_of`` tells them, and ``floors`` (what a floor per group would cost). Counts of
    households are rounded to five, and null where they are seven or fewer. Where a risk has no tested model, or
    its rows cannot be ordered, ``unavailable`` says why. With ``proxies`` also ``audit``: what the columns give
    away and what the neighbourhood adds (``audit_of``), which grows trees and takes its time.
    """
    population = place.population(progress)
    told = [_of_risk(place, population, risk, model_id) for risk in risks]
    if proxies:
        told = [each | {"audit": audit_of(place.learner(progress), each["risk"])} for each in told]
    return {"list_length": place.list_length, "risks": told}


def groups_on(population: Population, as_of: date) -> pl.DataFrame:
    """The groups of everybody on a day, as ``models.groupings`` makes them."""
    return groupings(population.groups(as_of), population.columns(as_of, ["head_age"]))


def audit_of(learner: Learner, risk: Risk) -> dict[str, Any] | None:
    """``as_of``, ``proxies`` and ``ablation`` of a risk on its newest date with outcomes (``models.proxies``).

    None where the outcome cannot be known; ``ablation`` None where there is too little to learn from.
    """
    if lacking_for(learner, risk):
        return None
    population, cache = learner.population, {}

    def columns(day: date) -> pl.DataFrame:
        if day not in cache:
            cache[day] = population.columns(day)
        return cache[day]

    examples = examples_of_risk(learner, risk, columns)
    learnt, test = _apart(examples, learner.seed)
    if test.is_empty():
        return None
    day = test["as_of"][0]
    features = model_features(FEATURES, learner.spec() if risk == "relative_poverty" else None)
    groups, with_ = groups_on(population, day), {"seed": learner.seed, "threads": learner.threads}
    found = proxies_of(columns(day), groups, features, **with_)
    try:
        without = ablation(learnt, test, features, groups, **with_)
    except TooLittleToLearnError:
        without = None
    told = [row | {"n": told_count(row["n"])} for row in found]
    return {"as_of": day.isoformat(), "proxies": told, "ablation": without}


def _apart(examples: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to learn from and rows of the newest date to test on; of a single date a fifth of the households."""
    splits = temporal_splits(examples)
    if splits:
        learnt, _, test = rows_of(examples, splits[-1])
        return learnt, test
    labelled = examples.filter(pl.col("label").is_not_null())
    newest = labelled.filter(pl.col("as_of") == pl.col("as_of").max())
    held = pl.Series(folds_of(newest["fold_group"], 5, key_of(seed)) == 0)
    both_classes = 0 < int(newest.filter(held)["label"].sum() or 0) < int(held.sum())
    return newest.filter(~held), newest.filter(held) if both_classes else newest.clear()


def _of_risk(place: Workplace, population: Population, risk: Risk, model_id: str | None) -> dict[str, Any]:
    try:
        tested = place.tested(risk, model_id)
    except ModelError as none:
        return {"risk": risk, "unavailable": str(none)}
    days = [day for day in tested["as_of"].unique().sort() if day is not None]
    cuts = cuts_of(place.list_length, more=THRESHOLDS)
    dates, floors, gate = [], [], None
    for day in days:
        rows, groups = tested.filter(pl.col("as_of") == day), groups_on(population, day)
        try:
            found = fairness_of(rows, groups, cuts, seed=place.seed, pairs=day == days[-1])
        except FairnessError as wrong:
            return {"risk": risk, "unavailable": str(wrong)}
        dates.append({"as_of": day.isoformat(), **_rounded(found)})
        if day == days[-1]:
            gate = fairness_gate(found)
            floors = floors_of(rows, groups, found["cuts"], seed=place.seed)
    if gate is None:
        return {"risk": risk, "unavailable": f"{risk}: the model was tested on no row"}
    told = {"risk": risk, "model_id": model_id or registry.serving_of(place.home, risk)}
    return told | {"gate": gate.to_mapping(), "dates": dates, "floors": floors}


def floors_of(
    rows: pl.DataFrame, groups: pl.DataFrame, cuts: Mapping[str, int], *, seed: int
) -> list[dict[str, Any]]:
    """What floors for the groups of each grouping would do to a list: ``by, floor, exchanged, precision, recall``.

    ``floor``: the part of its share of all households that each group has on the list at least.

    ``exchanged``: households that would be on the list instead of others (rounded; 0 where the floor is met
    already). ``precision`` and ``recall``: ``without`` and ``with`` it, null where too few are counted.
    """
    order = keyed_hash(rows["household_id"], key_of(seed))
    ranked = rows.with_columns(_lot=pl.Series(order)).sort("score", "_lot", descending=[True, False])
    told = []
    for by in (name for name in groups.columns if name not in ("household_id", "blank_share")):
        of = groups.select("household_id", group=pl.col(by).fill_null(UNKNOWN))
        given = ranked.join(of, on="household_id", how="left", maintain_order="left").with_columns(
            pl.col("group").fill_null(UNKNOWN)
        )
        for floor in FLOORS:
            changed = with_floors(given, length=cuts["list"], pool=rows.height, floor=floor)
            lists = [each.head(cuts["list"]) for each in (given, changed)]
            exchanged = lists[1].join(lists[0].select("household_id"), on="household_id", how="anti").height
            precision, recall = zip(*(_found(each, rows) for each in lists), strict=True)
            told.append(
                {
                    "by": by,
                    "floor": floor,
                    "exchanged": 0 if not exchanged else told_count(exchanged),
                    "precision": dict(zip(("without", "with"), precision, strict=True)),
                    "recall": dict(zip(("without", "with"), recall, strict=True)),
                }
            )
    return told


def _found(listed: pl.DataFrame, rows: pl.DataFrame) -> tuple[float | None, float | None]:
    """Precision and recall of a list."""
    known, found = listed["label"].drop_nulls().len(), int(listed["label"].sum() or 0)
    positives = int(rows["label"].sum() or 0)
    if known <= FEW or 0 < found <= FEW or positives <= FEW:
        return None, None
    return found / known, found / positives


def _rounded(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row | {"n": told_count(row["n"]), "positives": told_count(row["positives"])} for row in found["groups"]]
    counts = {name: told_count(found[name]) for name in ("n", "positives", "unknown")}
    return {**counts, "cuts": found["cuts"], "groups": rows}
