"""The scorecard: the model's short lists beside every other way of choosing whom to visit, on every tested date."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from engine import registry
from engine.errors import ModelError
from engine.latent import Truth, on_day, oracle, truth_of
from engine.learning import stored_experiment
from engine.population import Population, Progress, Risk, silent
from engine.workplace import Workplace
from features.groups import first_applications
from models.keyed import key_of
from models.scorecard import SHARES, scorecard
from outreach.wording import Text

WAYS: Final = {
    "model": Text("模型", "the model"),
    "logistic": Text("逻辑回归", "a logistic regression"),
    "income_rule": Text("收入线", "the income line"),
    "single_trigger": Text("单一预警", "a single trigger"),
    "oldest_application": Text("申请最早者先", "oldest application first"),
    "last_status": Text("末次已知状态", "the last known status"),
    "random": Text("随机", "chance"),
    "oracle": Text("也知道隐藏状态者（仅合成县）", "an oracle that also saw the hidden state (synthetic county)"),
    "true_income": Text("知道真实收入者（仅合成县）", "who knew the true incomes (synthetic county only)"),
}
SUBSETS: Final = {
    "unsupported": Text("没有在保的", "unsupported"),
    "entry": Text("此前不困难的", "entry: not poor before"),
    "everybody": Text("全部", "everybody"),
}
FIGURES: Final = {
    "precision": Text("其中困难", "In need"),
    "lift": Text("是随机的几倍", "Times chance"),
    "recall": Text("找到的比例", "Found of all"),
    "exclusion": Text("漏掉的比例", "Left out"),
    "recall_soon": Text("30天内突发的找到", "Sudden hardship within 30 days found"),
    "verified_per_visit": Text("每次走访核实", "Verified need per visit"),
}
GROUPS: Final = ("area_kind", "household_type", "head_sex")
"""Columns of ``features.groups`` by which every figure is told."""
"""Columns of ``features.groups`` by which every figure is told."""


def figures(
    place: Workplace, risks: Sequence[Risk], *, groups: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """The scorecard of each risk's model as JSON values: ``risks`` of ``risk, model_id, serves, ways, rows``.

    ``rows`` are those of ``models.scorecard.scorecard``, with ``groups`` also by ``GROUPS``; counts of households
    are exact and leave the analyst only rounded (the page). Where no model serves, it is that of the last training
    (``serves`` is False); where there is none either, ``unavailable`` says so.
    """
    population, truth = place.population(progress), truth_of(place)
    told = [_of_risk(place, population, risk, truth=truth, groups=groups) for risk in risks]
    return {"shares": list(SHARES), "risks": told}


def _of_risk(
    place: Workplace, population: Population, risk: Risk, *, truth: Truth | None, groups: bool
) -> dict[str, Any]:
    serving = registry.serving_of(place.home, risk)
    newest = (stored_experiment(place.home, risk) or {}).get("model_id")
    chosen = newest if serving is None else serving
    try:
        tested = place.tested(risk, chosen)
    except ModelError as none:
        return {"risk": risk, "unavailable": str(none)}
    days = tested["as_of"].unique().sort().to_list()
    parts = [_on_day(population, tested.filter(pl.col("as_of") == day), day, truth) for day in days]
    rows = pl.concat(parts).filter(pl.col("label").is_not_null())
    if truth is not None:
        rows = rows.with_columns(oracle=pl.Series(oracle(rows, truth, place.seed)))
    ways = [name for name in WAYS if name in rows.columns]
    told = scorecard(rows, ways, key=key_of(place.seed), groups=GROUPS if groups else ())
    return {"risk": risk, "model_id": chosen, "serves": serving is not None, "ways": ways, "rows": told}


def _on_day(population: Population, tested: pl.DataFrame, day: date, truth: Truth | None) -> pl.DataFrame:
    """The tested rows of a date with a column per way of choosing, and what is true where the truth is there."""
    scored = {name: f"score_{name}" for name in WAYS if f"score_{name}" in tested.columns}
    rows = tested.select(
        "household_id",
        "as_of",
        "label",
        "status",
        "unsupported",
        model="score",
        **{name: pl.col(column) for name, column in scored.items()},
    )
    rows = rows.join(_triggers(population, day), on="household_id", how="left")
    rows = rows.join(_applications(population, day), on="household_id", how="left")
    groups = population.groups(day).select(
        "household_id", "area_kind", "household_type", pl.col("head_sex").cast(pl.String)
    )
    rows = rows.join(groups, on="household_id", how="left")
    return rows if truth is None else rows.join(on_day(truth, day), on="household_id", how="left")


def _triggers(population: Population, day: date) -> pl.DataFrame:
    """``household_id, single_trigger``: the newest event that struck a household, the newer the sooner."""
    found = [part.findings for part in population.verdicts(day)]
    none = pl.DataFrame(schema={"household_id": pl.String, "single_trigger": pl.Float64})
    if not found:
        return none
    events = pl.concat(found).filter(pl.col("code").cast(pl.String).str.starts_with("EV-"))
    newest = pl.col("happened_on").max().cast(pl.Int32).cast(pl.Float64)
    return events.group_by("household_id").agg(single_trigger=newest)


def _applications(population: Population, day: date) -> pl.DataFrame:
    """``household_id, oldest_application``: the earlier a household applied, the sooner it is visited."""
    parts = population.mapped(f"applications {day}", lambda bucket: first_applications(bucket, day))
    waited = -pl.col("applied_on").cast(pl.Int32).cast(pl.Float64)
    return pl.concat(parts).select("household_id", oldest_application=waited)
