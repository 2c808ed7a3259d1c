"""The scorecard: the model's short lists beside every other way of choosing whom to visit, on every tested date."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine import registry
from engine.errors import ModelError
from engine.files import write_bytes
from engine.html import page
from engine.identity import renewed
from engine.population import Population, Progress, Risk, silent
from engine.report import shown
from engine.workplace import Workplace
from features.groups import first_applications
from models.keyed import key_of
from models.scorecard import SHARES, scorecard
from outreach.bands import RISKS as RISK_NAMES
from outreach.wording import Text

WAYS: Final = {
    "model": Text("模型", "the model"),
    "logistic": Text("逻辑回归", "a logistic regression"),
    "income_rule": Text("收入线", "the income line"),
    "single_trigger": Text("单一预警", "a single trigger"),
    "oldest_application": Text("申请最早者先", "oldest application first"),
    "last_status": Text("末次已知状态", "the last known status"),
    "random": Text("随机", "chance"),
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
LABELS: Final = {
    "title": Text("名单成绩单", "The scorecard of lists"),
    "way": Text("怎么选", "Chosen by"),
    "list": Text("名单", "List"),
    "households": Text("户数", "Households"),
    **FIGURES,
}
NOTES: Final = (
    Text(
        "每一行：从可以上名单的家庭里，按这一办法取最前面的若干户。小字是95%区间（Wilson）。",
        "Each row: of the households that could be listed, the first few by this way; 95 % intervals (Wilson).",
    ),
    Text(
        "每个日期分别列出，不取平均；模型没有见过这些结果。",
        "Every date by itself, none averaged; the model had not seen these outcomes.",
    ),
    Text(
        "困难是记录里的结果；“核实”和“突发”只有合成县知道。",
        "Need is the outcome in the records; “verified” and “sudden” are known of a synthetic county alone.",
    ),
)
TRUTH: Final = "truth"
Line = tuple[str, Text, str, list[tuple[str, str]]]
Table = tuple[Text, list[Line]]


def figures(
    place: Workplace, risks: Sequence[Risk], *, groups: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """The scorecard of each risk's serving model as JSON values: ``risks`` of ``risk, model_id, ways, rows``.

    ``rows`` are those of ``models.scorecard.scorecard``; counts of households are exact and leave the analyst only
    rounded (the page). Where no model with tested rows serves, ``unavailable`` says so.
    """
    population = place.population(progress)
    return {"shares": list(SHARES), "risks": [_of_risk(place, population, risk, groups) for risk in risks]}


def _of_risk(place: Workplace, population: Population, risk: Risk, groups: bool) -> dict[str, Any]:
    try:
        tested = place.tested(risk)
    except ModelError as none:
        return {"risk": risk, "unavailable": str(none)}
    days = tested["as_of"].unique().sort().to_list()
    rows = pl.concat([_on_day(place, population, tested.filter(pl.col("as_of") == day), day) for day in days])
    ways = [name for name in WAYS if name in rows.columns]
    by = ["area_kind", "household_type", "head_sex"] if groups else []
    told = scorecard(rows, ways, key=key_of(place.seed), groups=by)
    return {"risk": risk, "model_id": registry.serving_of(place.home, risk), "ways": ways, "rows": told}


def _on_day(place: Workplace, population: Population, tested: pl.DataFrame, day: date) -> pl.DataFrame:
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
    return rows if (truth := _truth(place, day)) is None else rows.join(truth, on="household_id", how="left")


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


def _truth(place: Workplace, day: date) -> pl.DataFrame | None:
    """What was really so on a day in a synthetic county: true income, need, sudden hardship; None elsewhere."""
    folder = place.home.root / TRUTH
    months, sudden = sorted(folder.glob("month-*.parquet")), sorted(folder.glob("emergency-*.parquet"))
    if not months or not sudden:
        return None
    here = pl.concat([pl.read_parquet(path, glob=False) for path in months]).filter(pl.col("month") == day)
    struck = pl.concat([pl.read_parquet(path, glob=False) for path in sudden]).filter(pl.col("month") == day)
    soon = struck.select("household_id", soon=pl.lit(value=True)).unique("household_id")
    told = here.join(soon, on="household_id", how="left").with_columns(pl.col("soon").fill_null(value=False))
    return told.select(
        household_id=renewed(place.keys.pseudonyms, 0, "household", told["household_id"]),
        true_income=-pl.col("income_per_head") / pl.col("db_line"),
        need=pl.col("below_line") | pl.col("soon"),
        soon="soon",
    )


def write_page(told: Mapping[str, Any], path: Path) -> None:
    """The scorecard as one self-contained page in Chinese and English."""
    write_bytes(path, scorecard_page(told))


def scorecard_page(told: Mapping[str, Any]) -> bytes:
    """A table for each risk, date and population; no groups."""
    sections: list[tuple[Text, Text | None, list[Table]]] = []
    for each in told["risks"]:
        name = RISK_NAMES[each["risk"]]
        if "unavailable" in each:
            sections.append((name, Text("没有可比的模型", each["unavailable"]), []))
            continue
        rows = [row for row in each["rows"] if row["by"] is None]
        keys = sorted({row["as_of"] for row in rows}, reverse=True)
        tables = [
            (Text(f"{day}，{text.zh}", f"{day}, {text.en}"), _lines(rows, day, subset))
            for day in keys
            for subset, text in SUBSETS.items()
        ]
        sections.append((name, None, tables))
    return page(
        "scorecard.html.j2", title=LABELS["title"], label=LABELS, figures=FIGURES, sections=sections, notes=NOTES
    )


def _lines(rows: Sequence[Mapping[str, Any]], day: str, subset: str) -> list[Line]:
    return [
        (f"{row['share']:.1%}", WAYS[row["way"]], shown(row["k"]), [_cell(row, name) for name in FIGURES])
        for row in rows
        if row["as_of"] == day and row["subset"] == subset
    ]


def _cell(row: Mapping[str, Any], name: str) -> tuple[str, str]:
    value, interval = row[name], row.get(f"{name}_interval")
    if value is None:
        return "–", ""
    if name == "lift":
        return f"{value:.1f}", ""
    return f"{value:.0%}", "" if interval is None else f"{interval[0]:.0%}–{interval[1]:.0%}"
