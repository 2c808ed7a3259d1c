"""The card of a model as one page in Chinese and English: self-contained, and it prints."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.figures import Drawing, label_of
from engine.html import markup, page
from models.card import LIMITS, PURPOSE, RISKS
from models.groupings import called
from models.promotion import BASELINES
from models.reliability import FEWEST
from outreach.wording import Text, same

Row = Mapping[str, Any]

LABELS: Final = {
    "title": Text("模型说明卡", "Model card"),
    "purpose": Text("用途与限制", "Purpose and limits"),
    "data": Text("数据", "Data"),
    "assumed": Text("首次导入，知悉日期为推定的来源", "First load: sources whose days of knowledge are assumed"),
    "tested": Text("检验：模型与各种简单办法", "Tests: the model beside simpler ways"),
    "over_time": Text("各检验日期的平均", "Mean over the dates that it was tested on"),
    "grouped": Text("按户分组交叉验证", "Cross-validated by household"),
    "candidate": Text("办法", "Way"),
    "part": Text("范围", "Of"),
    "households": Text("户数", "Households"),
    "positives": Text("陷入困难", "Came into need"),
    "choice": Text("参数怎样选定", "How the settings were chosen"),
    "verdict": Text("能否启用", "Whether it may serve"),
    "calibration": Text("概率准不准", "Whether the probability means what it says"),
    "group": Text("人群", "Group"),
    "brier": Text("Brier 分数", "Brier score"),
    "ece": Text("校准误差 ECE", "Calibration error (ECE)"),
    "chance": Text("完全准确时偶然也有", "By chance alone"),
    "log_loss": Text("对数损失", "Log loss"),
    "insufficient": Text("证据不足", "insufficient evidence"),
    "predicted": Text("模型说的概率", "What the model said"),
    "observed": Text("实际发生的比例", "What came to pass"),
    "fairness": Text("公平", "Fairness"),
    "signs": Text("境况变差时得分是否反而下降", "Whether anybody falls when records get worse"),
    "moves": Text("什么左右得分", "What moves the score"),
    "beeswarm": Text("左右得分最多的各列", "The columns that move the score most"),
    "dependence": Text("数值与影响", "Value and what it adds"),
    "interaction": Text("合在一起作用最大的两列", "The two columns that move it most together"),
    "low": Text("蓝：数值低", "blue: a low value"),
    "high": Text("红：数值高", "red: a high value"),
    "grey": Text("灰：没有记录", "grey: nothing on record"),
    "concepts": Text("按主题合计", "Added up by subject"),
    "mean": Text("平均影响（对数几率）", "Mean effect (log-odds)"),
    "stability": Text("与前一个模型相比，理由是否稳定", "Whether reasons stayed since the model before"),
    "drift": Text("每晚与什么比较", "What every night is measured against"),
    "column": Text("列", "Column"),
    "weight": Text("占影响的份额", "Share of what moves the score"),
    "blank": Text("训练时没有记录的", "Nothing on record at training"),
    "earlier": Text(
        "较早版本训练，未保存这一部分；重新训练后就有。", "Made by an earlier version: train to have it."
    ),
    "no_drawing": Text("样本太少，不画图。", "Too few households to draw."),
}
FIGURES: Final = (
    ("auc", "AUC"),
    ("average_precision", "AP"),
    ("precision_at_list", "P@list"),
    ("recall_at_list", "R@list"),
    ("precision_at_10pct", "P@10%"),
    ("recall_at_10pct", "R@10%"),
    ("log_loss", "log loss"),
    ("brier", "Brier"),
)
PARTS: Final = {
    "everybody": Text("全部", "everybody"),
    "entry": Text("此前不贫困", "not poor before (entry)"),
    "unsupported": Text("未受救助", "unsupported"),
}
GATES: Final = {
    "held": Text("暂缓：有人群被找到得太少", "Held back: a group is found too seldom"),
    "pass": Text("通过：没有人群被找到得太少", "Passed: no group is found too seldom"),
    "insufficient": Text(
        "没有不公平的确证；部分人群证据不足", "No proof of unfairness; insufficient evidence for some"
    ),
}
NOTES: Final = (
    Text(
        "检验用的都是模型没有学过的、更晚的日期（或没有学过的家庭）。",
        "All figures are of later dates, or of households, that the model had not learnt from.",
    ),
    Text(
        "校准：按概率分成户数相等的十组，比较说的和实际的；竖线是95%区间（Wilson 1927）；"
        f"各项数字的区间按户自助抽样。不足 {FEWEST} 户，或任一结果不超过 7 户，就是“证据不足”；"
        "相邻的组合并到每组两种结果都超过 7 户。",
        "Calibration: ten bins of equal count by the probability; the upright lines are 95 % intervals (Wilson "
        "1927), those of the figures are of a bootstrap of households. Under "
        f"{FEWEST} households, or with seven and under of either outcome, it is insufficient evidence; "
        "neighbouring bins are put together until more than seven of either outcome are in each.",
    ),
    Text(
        "影响由 TreeSHAP 算出（Lundberg 等 2020），每户各项影响加基数等于得分（误差不超过 1e-9），否则本页不生成。"
        "图中的点是随机抽取的家庭，不带编号，数值只画到刻度的百分之一。影响不是原因。",
        "Effects are TreeSHAP's (Lundberg et al. 2020). Of every household drawn they add to its score to 1e-9, or "
        "this page is not made. The dots are households drawn by lot, without their numbers; values are drawn to a "
        "hundredth of the scale. An effect is no cause.",
    ),
    Text(
        "7 户及以下不显示；户数凑到 5 的倍数。", "Seven households and under are not told; others are rounded to 5."
    ),
)
SIDE: Final = 200.0
"""The side of a reliability curve, in the units of its drawing."""


def card_page(told: Row, drawings: Sequence[Drawing]) -> bytes:
    """The card (``engine.modelcard.figures``) for people."""
    zh, en = RISKS[told["risk"]]
    return page(
        "card.html.j2",
        title=LABELS["title"],
        label=LABELS,
        name=Text(zh, en),
        model=told["model_id"],
        state=_state(told),
        purpose=_pairs((*PURPOSE, *LIMITS)),
        data=_data(told),
        assumed=[_text(each) for each in told["assumed"]],
        tests=_tests(told),
        choice=_choice(told["choice"]),
        promotion=_reasons(told["promotion"]),
        fairness=_fairness(told["fairness_gate"]),
        signs=_reasons(told["signs_gate"]),
        calibration=_calibration(told["calibration"]),
        moves=_moves(told["moves"]),
        drawings=_drawn(drawings),
        stability=_stability(told["stability"]),
        drift=_drift(told["drift"]),
        notes=NOTES,
    )


def _state(told: Row) -> Text:
    serves = Text("正在使用", "It serves.") if told["serves"] else Text("未在使用", "It does not serve.")
    if not told["held_back"]:
        return Text(f"{serves.zh}。各项检验都通过。", f"{serves.en} All its gates are passed.")
    return Text(f"{serves.zh}。有检验未通过，见下。", f"{serves.en} Gates hold it back, see below.")


def _data(told: Row) -> list[tuple[Text, str]]:
    rows, learnt, spec = told["rows"], told["training"], told["spec"] or {}
    days = told["as_of"]
    facts = [
        (Text("学习日期", "Learnt from"), ", ".join(learnt["as_of"])),
        (Text("学习行数", "Rows learnt from"), f"{learnt['rows']:,}"),
        (Text("列、主题", "Columns, subjects"), f"{learnt['columns']}, {learnt['concepts']}"),
        (Text("概率校准", "Calibrator"), told["calibrator"]),
        *((Text(f"检验：{name}", f"Tests: {name}"), _listed(value)) for name, value in days.items()),
        (Text("样本", "Examples"), _count(rows.get("examples"))),
        (Text("结果已知", "With a known outcome"), _count(rows.get("labelled"))),
        (Text("结果未知（不用）", "Without (left out)"), _count(rows.get("null_label"))),
        *((Text(f"标签：{name}", f"Label: {name}"), _listed(value)) for name, value in spec.items()),
        (Text("目录、程序、数据的指纹", "Fingerprints: catalogue, code, data"), _fingerprints(told)),
    ]
    return [(name, value) for name, value in facts if value]


def _fingerprints(told: Row) -> str:
    return ", ".join(str(told[name])[:12] for name in ("catalogue", "code", "data") if told[name])


def _tests(told: Row) -> list[dict[str, Any]]:
    if told["tested"] is None:
        return []
    tables = [(same(day), figures) for day, figures in reversed(told["tested"]["by_date"].items())]
    if len(tables) > 1:
        tables.insert(0, (LABELS["over_time"], told["tested"]["mean"]))
    if told["figure"] == "temporal" and told["grouped_cv"]:
        tables.append((LABELS["grouped"], told["grouped_cv"]))
    return [_table(name, figures) for name, figures in tables]


def _table(name: Text, of: Row) -> dict[str, Any]:
    names = {"model": Text("模型", "model")} | {key: Text(*each) for key, each in BASELINES.items()}
    shown = [(key, title) for key, title in FIGURES if key in of["model"]]
    rows = []
    for part, part_name in PARTS.items():
        for candidate, called_ in names.items():
            figures = of.get(candidate, {}) if part == "everybody" else of.get(candidate, {}).get(part)
            if figures:
                cells = [_count(figures.get("n")), *(_number(figures.get(key)) for key, _ in shown)]
                rows.append((part_name, called_, cells))
    return {"name": name, "heads": [title for _, title in shown], "rows": rows}


def _choice(told: Row | None) -> list[Text]:
    if not told:
        return []
    search, means = told.get("search", {}), told.get("over_time", {})
    chosen = (
        Text("标准参数", "the standard settings")
        if told.get("chosen") == "standard"
        else Text("试出的参数", "tuned ones")
    )
    lines = [
        Text(
            f"试了 {len(search.get('trials', ()))} 组参数，选用{chosen.zh}。",
            f"{len(search.get('trials', ()))} settings were tried; chosen: {chosen.en}.",
        )
    ]
    lines += [
        same(
            f"{name}: AP {_number(each.get('average_precision'))}, P@list {_number(each.get('precision_at_list'))}"
        )
        for name, each in means.items()
    ]
    settings = told.get("settings", {})
    return [*lines, same(", ".join(f"{name} {value}" for name, value in settings.items()))]


def _reasons(gate: Row | None) -> list[Text]:
    return [] if gate is None else [_text(each) for each in gate["reasons"]]


def _fairness(gate: Row | None) -> dict[str, Any] | None:
    if gate is None:
        return None
    return {"verdict": GATES[gate["verdict"]], "reasons": [_text(each) for each in gate["reasons"]]}


def _calibration(told: Row | None) -> dict[str, Any] | None:
    if told is None or not told["dates"]:
        return None
    newest = told["dates"][-1]
    dates = [
        (Text(f"{each['as_of']}，{name.zh}", f"{each['as_of']}, {name.en}"), _cells(each[part]))
        for each in reversed(told["dates"])
        for part, name in PARTS.items()
    ]
    groups = [(_text(called([row["by"]], [row["group"]])), _cells(row)) for row in told["groups"]]
    curves = [(name, _curve(newest[part]["bins"])) for part, name in PARTS.items() if newest[part]["bins"]]
    return {"dates": dates, "groups": groups, "curves": curves, "beats": _beats(told["beats_status"])}


def _beats(told: Row) -> Text:
    own, other = _number(told["model"]), _number(told["last_status"])
    if told["better"]:
        return Text(
            f"校准后的对数损失 {own}，低于只看末次状态的 {other}。",
            f"Calibrated log loss {own}, under {other} of the last status alone.",
        )
    return Text(
        f"校准后的对数损失 {own}，不低于只看末次状态的 {other}：不得启用。",
        f"Calibrated log loss {own}, not under {other} of the last status alone: it may not serve.",
    )


def _cells(row: Row) -> list[tuple[str, str]] | None:
    """Households, in need, Brier, ECE, ECE by chance, log loss, with intervals; None: too little is known."""
    if not row["enough"]:
        return None
    cells = [(_count(row["n"]), ""), (_count(row["positives"]), "")]
    cells += [_with_interval(row["brier"]), _with_interval(row["ece"]), (f"{row['ece_by_chance']:.3f}", "")]
    return [*cells, _with_interval(row["log_loss"])]


def _with_interval(figure: Row) -> tuple[str, str]:
    return f"{figure['value']:.3f}", f"{figure['low']:.3f}–{figure['high']:.3f}"


def _curve(bins: Sequence[Row]) -> dict[str, Any]:
    """Where the dots and their intervals stand in a square, whose side is the greatest of them."""
    top = float(max(max(each["high"], each["predicted"]) for each in bins))
    top = min(1.0, -(-top * 10 // 1) / 10)

    def at(share: float) -> float:
        return float(round(SIDE * min(share / top, 1.0), 1))

    dots = [
        {"x": at(each["predicted"]), **{name: round(SIDE - at(each[of]), 1) for name, of in _ENDS}} for each in bins
    ]
    ticks = [
        (at(top * part / 4), round(SIDE - at(top * part / 4), 1), f"{top * part / 4:.0%}") for part in range(5)
    ]
    return {"dots": dots, "ticks": ticks, "path": " ".join(f"{dot['x']},{dot['y']}" for dot in dots)}


_ENDS: Final = (("y", "observed"), ("low", "low"), ("high", "high"))


def _moves(told: Row | None) -> list[tuple[Text, str]] | None:
    return None if told is None else [(_text(each), f"{each['mean']:.3f}") for each in told["concepts"]]


def _drawn(drawings: Sequence[Drawing]) -> list[dict[str, Any]]:
    return [
        {
            "kind": each.kind,
            "name": LABELS[each.kind],
            "of": _of(each),
            "svg": markup(each.svg),
        }
        for each in drawings
    ]


def _of(drawing: Drawing) -> Text | None:
    if drawing.kind == "beeswarm":
        return None
    along, *colour = map(label_of, drawing.columns)
    return Text("；颜色：", "; colour: ").join([along, *colour])


def _stability(told: Row | None) -> list[Text] | None:
    if told is None:
        return None
    if "unavailable" in told:
        return [
            Text(
                f"不能与 {told['before']} 比较。",
                f"Cannot be compared with {told['before']}: {told['unavailable']}.",
            )
        ]
    shares = {name: _share(told[name]) for name in ("same_first", "overlap", "list_stays")}
    return [
        Text(
            f"与 {told['before']} 相比（同一批抽取的家庭）：",
            f"Beside {told['before']}, of the same households by lot:",
        ),
        Text(f"第一条理由相同的：{shares['same_first']}", f"the same first reason: {shares['same_first']}"),
        Text(f"前四条理由重合：{shares['overlap']}", f"of the first four reasons shared: {shares['overlap']}"),
        Text(
            f"排序的秩相关：{_number(told['rank_correlation'])}",
            f"rank correlation: {_number(told['rank_correlation'])}",
        ),
        Text(
            f"最前面十分之一仍在的：{shares['list_stays']}",
            f"of the first tenth still there: {shares['list_stays']}",
        ),
    ]


def _drift(told: Row | None) -> dict[str, Any] | None:
    if told is None:
        return None
    rows = [(_text(each), [_share(each["weight"]), _share(each["blank"])]) for each in told["heaviest"]]
    said = Text(
        f"得分、{told['columns']} 列和 {len(told['sources'])} 个来源的分布在训练时冻结，"
        "每晚用效应量比较（0.1 起注意，0.25 起超出）。左右得分最多的各列：",
        f"The score, {told['columns']} columns and {len(told['sources'])} sources were frozen at training; every "
        "night is compared by effect size (0.1 notable, 0.25 out). The columns that weigh most:",
    )
    return {"said": said, "rows": rows}


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[Text]:
    return [Text(zh, en) for zh, en in pairs]


def _text(told: Row) -> Text:
    return Text(str(told["zh"]), str(told["en"]))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)


def _count(count: Any) -> str:
    return "≤ 7" if count is None else f"{count:,.0f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
