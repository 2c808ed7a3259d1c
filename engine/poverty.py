"""The figures about poverty on one page and as JSON: how many, how deep, what it would take, who is at the edge."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.files import write_bytes
from engine.html import page
from engine.population import Progress, silent
from engine.report import shown
from engine.workplace import Workplace
from features.labels import Concept
from features.standing import SCALES
from models.depth import DRAWS, FEW, MEASURES, depth_of, lines_of
from outreach.wording import Text, day, same

GROUPINGS: Final = {
    "everybody": Text("全体", "Everybody"),
    "area_kind": Text("城乡", "Urban and rural"),
    "area": Text("乡镇（街道）", "Township"),
    "household_type": Text("家庭类型", "Kind of household"),
    "support": Text("是否在保", "Support in payment"),
}
NAMES: Final = {
    "everybody": Text("全体", "everybody"),
    "all": Text("全体", "everybody"),
    "urban": Text("城镇", "urban"),
    "rural": Text("农村", "rural"),
    "lone_elder": Text("独居老人", "elder living alone"),
    "elders_only": Text("只有老人", "elders only"),
    "skip_generation": Text("隔代家庭", "grandparents and grandchildren"),
    "single_parent": Text("单亲家庭", "single parent"),
    "with_children": Text("有未成年人", "with children"),
    "other": Text("其他", "other"),
    "supported": Text("在保", "supported"),
    "unsupported": Text("没有在保的", "unsupported"),
    "per_capita": Text("人均", "per head"),
    "oecd_modified": Text("OECD 修正尺度", "OECD-modified scale"),
    "square_root": Text("平方根尺度", "square-root scale"),
    "urban_rural_separate": Text("城乡分别", "urban and rural apart"),
    "national": Text("全体合并", "everybody together"),
}
CONCEPTS: Final[Mapping[Concept, Text]] = {
    "disposable": Text("收入含救助金", "income with assistance"),
    "before_assistance": Text("收入不含救助金", "income before assistance"),
}
LABELS: Final = {
    "title": Text("相对贫困：多少人、多深、差多少钱", "Relative poverty: how many, how deep, how much"),
    "lines": Text("全体，各种画线办法", "Everybody, by every way of drawing the line"),
    "theta": Text("中位数的", "Of the median"),
    "amount": Text("线（每月）", "Line, a month"),
    "group": Text("人群", "Group"),
    "households": Text("户数", "Households"),
    "headcount": Text("发生率", "Headcount"),
    "gap": Text("贫困差距", "Gap"),
    "severity": Text("贫困强度", "Severity"),
    "total_gap": Text("补足到线每月需要", "To lift all to the line, a month"),
    "margin": Text("边缘（线的0.9至1.5倍）", "Margin (0.9 to 1.5 lines)"),
}
NOTES: Final = (
    Text(
        "中国没有官方的相对贫困线。这里的线是中位收入的40%、50%、60%，只用来看全貌，不决定任何人的待遇。",
        "China has no official relative-poverty line. These are 40, 50 and 60% of the median income: they show the "
        "whole and decide nobody's benefit.",
    ),
    Text(
        "发生率、贫困差距、贫困强度是 FGT 指数（Foster、Greer、Thorbecke 1984），按人计算；小字是95%区间"
        f"（按户自助抽样{DRAWS}次，线不变）。",
        "Headcount, gap and severity are the indices of Foster, Greer and Thorbecke (1984), of persons; "
        f"below them their 95% intervals ({DRAWS} bootstrap samples of households, the line held as it is).",
    ),
    Text(
        "收入不明的家庭不计入，也不当作没有收入；没有登记的收入看不到。",
        "Households whose income is unknown are left out, and not taken to have none; income that nobody "
        "registered is not seen.",
    ),
    Text(
        f"{FEW} 户及以下的人群，或其中低于线的不超过 {FEW} 户，不显示；户数凑到 5 的倍数。",
        f"Groups of {FEW} households and under, or with {FEW} and under below the line, are not shown; households "
        "are rounded to 5.",
    ),
)


def figures(
    place: Workplace, as_of: date | None, *, concept: Concept = "disposable", progress: Progress = silent
) -> dict[str, Any]:
    """The figures of a day (default: the last on which anything became known), as JSON values.

    ``own`` is the bureau's own line, from its label spec; the others as ``models.depth.depth_of`` tells.
    """
    population = place.population(progress)
    on = as_of or place.store().known_until()
    spec = place.learner().spec()
    standing = population.standing(spec, on, concept)
    told = depth_of(
        standing, _groupings(standing, population.groups(on)), spec, lines_of(spec, SCALES), seed=place.seed
    )
    own = {"scale": spec.scale, "base": spec.base, "theta": spec.theta}
    return {"as_of": on.isoformat(), "concept": concept, "currency": place.settings.currency, "own": own, **told}


def write_page(told: Mapping[str, Any], path: Path) -> None:
    """The same as one self-contained page in Chinese and English."""
    write_bytes(path, poverty_page(told))


def poverty_page(told: Mapping[str, Any]) -> bytes:
    """The figures for people: everybody by every line, then each group by the bureau's own line."""
    everybody = [row for row in told["figures"] if row["grouping"] == "everybody"]
    sections = []
    for grouping, name in GROUPINGS.items():
        rows = [row for row in told["figures"] if row["grouping"] == grouping and grouping != "everybody"]
        rows = [row for row in rows if _line(row) == _own_line(told, everybody)]
        if rows:
            sections.append((name, [(_name(row["group"]), _cells(row)) for row in rows]))
    known = told["households"] - told["unknown"]
    return page(
        "poverty.html.j2",
        title=LABELS["title"],
        when=day(date.fromisoformat(told["as_of"])),
        concept=CONCEPTS[told["concept"]],
        counted=Text(
            f"计入 {shown(known)} 户；收入不明 {shown(told['unknown'])} 户",
            f"{shown(known)} households counted; income unknown for {shown(told['unknown'])}",
        ),
        label=LABELS,
        lines=_by_scale(told["lines"], everybody),
        own=_called(dict(zip(("scale", "base", "theta"), _own_line(told, everybody), strict=True))),
        sections=sections,
        notes=NOTES,
    )


def _groupings(standing: pl.DataFrame, groups: pl.DataFrame) -> dict[str, pl.DataFrame]:
    support = pl.when("unsupported").then(pl.lit("unsupported")).otherwise(pl.lit("supported"))
    return {
        "area_kind": standing.select("household_id", group="area_kind"),
        "area": standing.select("household_id", group="area"),
        "household_type": groups.select("household_id", group=pl.col("household_type").cast(pl.String)),
        "support": groups.filter(pl.col("unsupported").is_not_null()).select("household_id", group=support),
    }


def _line(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["scale"], row["base"], row["theta"]


def _own_line(told: Mapping[str, Any], everybody: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """The bureau's own line where it is among those told, else the first of them."""
    told_of = [_line(row) for row in everybody]
    own = _line(told["own"])
    return own if own in told_of else told_of[0]


def _by_scale(
    lines: Sequence[Mapping[str, Any]], everybody: Sequence[Mapping[str, Any]]
) -> list[tuple[Text, list[tuple[str, Text, tuple[tuple[str, str], ...]]]]]:
    """A table for each scale and base, a row for each θ."""
    tables: dict[tuple[str, str], list[tuple[str, Text, tuple[tuple[str, str], ...]]]] = {}
    for row in everybody:
        told = (f"{row['theta']:.0%}", _amounts(lines, row), _cells(row)[1:])
        tables.setdefault((row["scale"], row["base"]), []).append(told)
    return [(_drawn(scale, base), rows) for (scale, base), rows in tables.items()]


def _drawn(scale: str, base: str) -> Text:
    of = NAMES.get(base, GROUPINGS["area"])
    return Text(f"{_name(scale).zh}，{of.zh}", f"{_name(scale).en}, {of.en}")


def _name(code: str) -> Text:
    return NAMES.get(code, same(code))


def _called(row: Mapping[str, Any]) -> Text:
    drawn = _drawn(row["scale"], row["base"])
    return Text(f"中位数的{row['theta']:.0%}，{drawn.zh}", f"{row['theta']:.0%} of the median, {drawn.en}")


def _amounts(lines: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> Text:
    here = [(each["of"], each["line"]) for each in lines if _line(each) == _line(row) and each["line"] is not None]
    if len(here) > 3:
        return same("…")
    zh = "；".join(f"{_name(of).zh} {_money(line)}" for of, line in here)
    return Text(zh, "; ".join(f"{_name(of).en} {_money(line)}" for of, line in here))


def _cells(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Households, the three measures with their intervals, the total gap, the margin."""
    if row["few"]:
        return ((shown(row["households"]), ""), *[("–", "")] * (len(MEASURES) + 2))
    measures = (
        (f"{row[name]['value']:.1%}", f"{row[name]['low']:.1%}–{row[name]['high']:.1%}") for name in MEASURES
    )
    return ((shown(row["households"]), ""), *measures, (_money(row["total_gap"]), ""), (f"{row['margin']:.1%}", ""))


def _money(minor: float) -> str:
    return f"{minor / 100:,.0f}"
