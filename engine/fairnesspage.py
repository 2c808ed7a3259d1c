"""The page about fairness: a table per grouping with intervals as small bars, and the verdict in words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from engine.html import page
from models.fairness import LEAST_RATIO
from models.group_figures import FEW
from models.groupings import GROUPINGS, called
from models.intervals import DRAWS
from outreach.wording import Text, day, same

RISKS: Final = {
    "relative_poverty": Text("相对贫困", "Relative poverty"),
    "emergency": Text("突发困难", "Emergency"),
}
VERDICTS: Final = {
    "held": Text("暂缓启用：有人群被发现得明显少", "Held back: a group is found too seldom"),
    "pass": Text("通过：没有人群被发现得明显少", "Passed: no group is found too seldom"),
    "insufficient": Text(
        "没有证据表明有人群被发现得过少；有的人群证据不足",
        "No evidence that a group is found too seldom; for some groups there is insufficient evidence",
    ),
}
GROUP_VERDICTS: Final = {
    "below": Text("低于五分之四", "below four fifths"),
    "pass": Text("达到", "reached"),
    "insufficient": Text("证据不足", "insufficient evidence"),
}
CUTS: Final = {
    "list": Text("名单长度", "length of the list"),
    "pool": Text("前 5%", "top 5 %"),
    "top_1": Text("前 1%", "top 1 %"),
    "top_10": Text("前 10%", "top 10 %"),
    "top_20": Text("前 20%", "top 20 %"),
}
LABELS: Final = {
    "title": Text("公平性：模型为谁服务", "Fairness: whom the models serve"),
    "found": Text("困难的家庭，找到了吗？", "Of those in need, who is found?"),
    "listed": Text("列入名单的是谁，漏掉的是谁？", "Who is listed, and who is missed?"),
    "group": Text("人群", "Group"),
    "households": Text("户数", "Households"),
    "positives": Text("其中出现困难", "Came into need"),
    "recall": Text("召回率（名单长度）", "Recall at the length of the list"),
    "ratio": Text("与全体之比（名单长度）", "Over everybody's, list"),
    "ratio_pool": Text("与全体之比（前 5%）", "Over everybody's, top 5 %"),
    "precision": Text("名单上真正困难", "In need among the listed"),
    "alert_rate": Text("列入名单", "Listed"),
    "false_omission_rate": Text("未列入者中困难", "In need among the others"),
    "missing_rate": Text("空白来源", "Blank sources"),
    "mean_rank": Text("平均位次（0 最低，1 最高）", "Mean place (0 lowest, 1 highest)"),
    "calibration": Text("预测减实际", "Predicted minus actual"),
    "gap_if_true": Text("同样困难者的分差", "Gap among those in need"),
    "gap_if_false": Text("同样不困难者的分差", "Gap among the others"),
    "crossed": Text("两种人群的交叉", "Intersections of two groupings"),
    "none_below": Text("没有交叉人群整个区间低于五分之四。", "No intersection lies wholly below four fifths."),
    "thresholds": Text("换一个名单长度（与全体之比）", "At other lengths of the list (over everybody's recall)"),
    "dates": Text("换一个日期（前 5%，与全体之比）", "On other dates (top 5 %, over everybody's recall)"),
    "floors": Text("如果给每个人群保底", "If each group had a floor on the list"),
    "exchanged": Text("换上名单", "Exchanged"),
    "precision_without": Text("精确率：现在", "Precision now"),
    "precision_with": Text("精确率：保底", "with the floor"),
    "recall_without": Text("召回率：现在", "Recall now"),
    "recall_with": Text("召回率：保底", "with the floor"),
    "proxies": Text("各列能猜出受保护的特征吗？", "Do the columns give protected groups away?"),
    "proxies_auc": Text("AUC（0.5 猜不出，1 全能猜出）", "AUC (0.5 nothing given away, 1 everything)"),
    "ablation": Text("去掉邻里各列，模型有什么变化？", "What changes without the columns of the neighbourhood?"),
    "with": Text("有邻里各列（前 5% 的召回率）", "with them (recall in the top 5 %)"),
    "without": Text("没有", "without them"),
    "no_audit": Text("没有检查代理变量（用 --proxies）。", "Proxies were not audited (ask with --proxies)."),
    "few": Text("样本太少，不能比较。", "There is too little to compare."),
}
NOTES: Final = (
    Text(
        "这些特征（性别、民族等）不进入模型，只用来检查。",
        "Sex, ethnicity and the other groupings are no columns of the model: they only check it.",
    ),
    Text(
        f"门槛：一个人群的召回率至少是全体的 {LEAST_RATIO:g} 倍，看名单长度和前 5% 两处；"
        "整个95%区间低于它才暂缓启用，"
        "区间跨过它或人数太少就是“证据不足”。暂缓的模型，有人写明理由接受后才能启用。"
        "交叉人群只显示，不暂缓。",
        f"The gate: a group's recall is at least {LEAST_RATIO:g} of everybody's, at the length of the list and in "
        "the top 5 %. It holds back where the whole 95 % interval lies below; an interval that spans it, or a "
        "small group, is insufficient evidence. A model that is held back serves only after a person accepts it "
        "with a reason. Intersections are shown and hold nothing back.",
    ),
    Text(
        f"小字是95%区间（按户自助抽样{DRAWS}次，名单不变）；横条是区间，点是数值，竖线是 {LEAST_RATIO:g} 和 1。",
        f"Below each figure its 95 % interval ({DRAWS} bootstrap samples of households, the list held as it is); "
        f"the bar is the interval, the dot the figure, the upright lines are {LEAST_RATIO:g} and 1.",
    ),
    Text(
        "名单长度处召回率本来就只有百分之几，所以看比值，不看差。",
        "At the length of the list everybody's recall is a few per cent at most: look at ratios, not at "
        "differences.",
    ),
    Text(
        f"{FEW} 户及以下的人群，以及依据不超过 {FEW} 户的数字，不显示；户数凑到 5 的倍数。",
        f"Groups of {FEW} households and under, and figures that rest on {FEW} and under, are not shown; "
        "households are rounded to 5.",
    ),
    Text(
        "保底：名单上每个人群至少占它在全部家庭中份额的这么多，取其中分数最高的。只是算给人看的：名单没有因此改变。",
        "A floor: each group has at least this part of its share of all households on the list, its best first. "
        "The floors are a what-if: no list is changed by them.",
    ),
)
FOUND: Final = (("list", "recall"), ("list", "ratio"), ("pool", "ratio"))
LISTED: Final = (("list", "precision"), ("list", "alert_rate"), ("list", "false_omission_rate"))
OF_ALL: Final = ("missing_rate", "mean_rank", "calibration", "gap_if_true", "gap_if_false")
RATIO_END: Final = 2.0
"""Where the bars of ratios end."""

Row = Mapping[str, Any]
Cell = dict[str, Any]


def fairness_page(told: Mapping[str, Any]) -> bytes:
    """The figures for people, in Chinese and English: self-contained, and it prints."""
    return page(
        "fairness.html.j2",
        title=LABELS["title"],
        label=LABELS,
        risks=[_risk(each) for each in told["risks"]],
        notes=NOTES,
    )


def _risk(told: Mapping[str, Any]) -> dict[str, Any]:
    name = RISKS[told["risk"]]
    if "unavailable" in told:
        return {"name": name, "when": None, "unavailable": same(told["unavailable"])}
    newest = told["dates"][-1]
    everybody, single = newest["groups"][0], [row for row in newest["groups"] if len(row["by"]) == 1]
    crossed = [row for row in newest["groups"] if len(row["by"]) == 2]
    return {
        "name": name,
        "unavailable": None,
        "when": day(date.fromisoformat(newest["as_of"])),
        "model": told["model_id"] or "–",
        "verdict": VERDICTS[told["gate"]["verdict"]],
        "held": told["gate"]["verdict"] == "held",
        "reasons": [_text(reason) for reason in told["gate"]["reasons"]],
        "groupings": [_grouping(everybody, rows) for rows in _by(single)],
        "crossed": [(_name(row), *_cells(row, FOUND, [row])) for row in crossed if _is_below(row)],
        "counted": _counted(crossed),
        "thresholds": _thresholds(newest, single),
        "dates": _over_dates(told["dates"]),
        "floors": [_floor(row) for row in told["floors"]],
        "audit": _audit(told.get("audit")),
    }


def _by(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each grouping, in the order in which they are told."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["by"][0], []).append(row)
    return list(found.values())


def _grouping(everybody: Row, rows: Sequence[Row]) -> dict[str, Any]:
    together = [everybody, *rows]
    return {
        "name": _text(
            dict(zip(("zh", "en"), GROUPINGS.get(rows[0]["by"][0], (rows[0]["by"][0],) * 2), strict=True))
        ),
        "found": [(_short(row), _households(row), _cells(row, FOUND, together)) for row in together],
        "listed": [(_short(row), _cells(row, LISTED, together) + _cells_of_all(row, together)) for row in together],
    }


def _cells(row: Row, wanted: Sequence[tuple[str, str]], rows: Sequence[Row]) -> list[Cell]:
    cells = []
    for cut, name in wanted:
        top = RATIO_END if name == "ratio" else _top(each["at"][cut][name] for each in rows)
        cell = _cell(row["at"][cut][name], 0.0, top, share=name != "ratio")
        cells.append(cell | {"verdict": GROUP_VERDICTS[row["at"][cut]["verdict"]] if _judged(row, name) else None})
    return cells


def _cells_of_all(row: Row, rows: Sequence[Row]) -> list[Cell]:
    cells = []
    for name in OF_ALL:
        top = _top(each[name] for each in rows)
        low = -top if name in ("calibration", "gap_if_true", "gap_if_false") else 0.0
        cells.append(_cell(row[name], low, top, share=name != "mean_rank", signed=low < 0) | {"verdict": None})
    return cells


def _judged(row: Row, name: str) -> bool:
    return name == "ratio" and bool(row["by"])


def _cell(figure: Mapping[str, float] | None, low: float, top: float, *, share: bool, signed: bool = False) -> Cell:
    """A figure in words with its interval, and where the bar stands from 0 to 100."""
    if figure is None:
        return {"value": "–", "interval": "", "bar": None}
    form = ("+.1%" if signed else ".1%") if share else ".2f"
    value, first, last = (format(figure[name], form) for name in ("value", "low", "high"))
    width = (top - low) or 1.0
    at, left, right = (
        round(100 * min(max((figure[name] - low) / width, 0.0), 1.0), 1) for name in ("value", "low", "high")
    )
    lines = (
        [round(100 * mark / RATIO_END, 1) for mark in (LEAST_RATIO, 1.0)] if not share and top == RATIO_END else []
    )
    lines += [50.0] if signed else []
    bar = {"at": at, "left": left, "width": round(right - left, 1), "lines": lines}
    return {"value": value, "interval": f"{first}–{last}" if not signed else f"{first} … {last}", "bar": bar}


def _top(figures: Any) -> float:
    return max((max(abs(each["low"]), abs(each["high"])) for each in figures if each is not None), default=1.0)


def _is_below(row: Row) -> bool:
    return any(row["at"][cut]["verdict"] == "below" for cut in ("list", "pool"))


def _counted(crossed: Sequence[Row]) -> Text:
    """How many intersections were looked at, and how many said anything."""
    verdicts = [row["at"]["pool"]["verdict"] for row in crossed]
    told = {name: sum(each == name for each in verdicts) for name in GROUP_VERDICTS}
    return Text(
        f"看了 {len(crossed)} 个交叉人群（前 5%）：{told['pass']} 个达到，{told['below']} 个低于，"
        f"{told['insufficient']} 个证据不足。",
        f"{len(crossed)} intersections in the top 5 %: {told['pass']} reached, {told['below']} below, for "
        f"{told['insufficient']} insufficient evidence.",
    )


def _thresholds(newest: Mapping[str, Any], single: Sequence[Row]) -> dict[str, Any]:
    cuts = [name for name, _ in sorted(newest["cuts"].items(), key=lambda each: each[1])]
    rows = [(_name(row), [_ratio(row, cut) for cut in cuts]) for row in single]
    return {"heads": [CUTS.get(cut, same(cut)) for cut in cuts], "rows": rows}


def _over_dates(dates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The ratio in the pool on each date; nothing where there is one date only."""
    if len(dates) < 2:
        return {"heads": [], "rows": []}
    told = [{_key(row): row for row in each["groups"] if len(row["by"]) == 1} for each in dates]
    keys = sorted({key for each in told for key in each})
    rows = [
        (_text(called(*key)), [_ratio(each[key], "pool") if key in each else "–" for each in told]) for key in keys
    ]
    return {"heads": [day(date.fromisoformat(each["as_of"])) for each in dates], "rows": rows}


def _key(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(row["by"]), tuple(row["group"])


def _ratio(row: Row, cut: str) -> str:
    figure = row["at"][cut]["ratio"]
    return "–" if figure is None else f"{figure['value']:.2f} ({figure['low']:.2f} – {figure['high']:.2f})"


def _floor(row: Row) -> tuple[Text, list[str]]:
    zh, en = GROUPINGS.get(row["by"], (row["by"],) * 2)
    exchanged = f"≤ {FEW}" if row["exchanged"] is None else f"{row['exchanged']:,}"
    told = [row[figure][which] for figure in ("precision", "recall") for which in ("without", "with")]
    return Text(f"{zh}，{row['floor']:.0%}", f"{en}, {row['floor']:.0%}"), [
        exchanged,
        *("–" if each is None else f"{each:.2%}" for each in told),
    ]


def _audit(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The proxy audit: each protected group with its AUC, and the model with and without the neighbourhood."""
    if told is None:
        return None
    rows = [
        (_text(called([row["by"]], [row["group"]])), [_shown(row["n"]), _auc(row["auc"])])
        for row in told["proxies"]
    ]
    without = told["ablation"]
    if without is None:
        return {"proxies": rows, "columns": "", "ablation": []}
    both = [(Text("AUC", "AUC"), [f"{without['auc'][which]:.3f}" for which in ("with", "without")])]
    both += [
        (_name(row), [_of_share(row["recall"][which]) for which in ("with", "without")])
        for row in without["groups"]
    ]
    return {"proxies": rows, "columns": ", ".join(without["columns"]), "ablation": both}


def _auc(figure: Mapping[str, float] | None) -> str:
    return "–" if figure is None else f"{figure['value']:.3f} ({figure['low']:.3f} – {figure['high']:.3f})"


def _of_share(figure: Mapping[str, float] | None) -> str:
    return "–" if figure is None else f"{figure['value']:.1%} ({figure['low']:.1%} – {figure['high']:.1%})"


def _households(row: Row) -> tuple[str, str]:
    return _shown(row["n"]), _shown(row["positives"])


def _shown(count: int | None) -> str:
    return f"≤ {FEW}" if count is None else f"{count:,}"


def _name(row: Row) -> Text:
    return _text(called(row["by"], row["group"]))


def _short(row: Row) -> Text:
    """The group without its grouping, which stands above the table."""
    name = _name(row)
    return Text(name.zh.split("：")[-1], name.en.split(": ")[-1])


def _text(told: Mapping[str, str]) -> Text:
    return Text(told["zh"], told["en"])
