"""The model card: one page of Markdown in Chinese and English, made from the experiment alone."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.experiment import Experiment
from models.promotion import BASELINES
from models.risk import RiskModel

RISKS: Final = {
    "relative_poverty": (
        "未来 12 个月家庭收入低于相对贫困线的可能性",
        "How likely a household's income falls below the relative-poverty line in the next 12 months",
    ),
    "emergency": (
        "未来 90 天内新发生家庭难以承受的急难的可能性",
        "How likely a hardship that the household cannot carry begins within 90 days",
    ),
}
PURPOSE: Final = (
    ("用途：为救助经办人员排定走访顺序。", "For: the order in which caseworkers visit."),
    (
        "不得用于：批准、拒绝、减发或停发任何救助；不得单独作为任何决定的依据；不得公示。",
        "Never for: granting, refusing, reducing or stopping any assistance; never the sole ground of a decision; "
        "never published.",
    ),
    (
        "相对贫困不是救助资格；资格由制度规则逐条判定，另行展示。",
        "Relative poverty is not eligibility: programmes' rules decide that, and are shown apart.",
    ),
)
LIMITS: Final = (
    (
        "未登记的收入不可见；未知不等于零，未知者不计入指标。",
        "Unregistered income is not seen; unknown is not zero, and the unknown are in no figure.",
    ),
    ("指标来自过去的记录，不保证未来。", "Figures are of past records and promise nothing."),
    (
        "性别与民族不作为特征，仅用于检查公平性。",
        "Sex and ethnicity are no features; they serve to check fairness.",
    ),
)
SUBSETS: Final = (
    (None, "全部 / everybody"),
    ("entry", "此前不贫困 / entry (not poor before)"),
    ("unsupported", "未受救助 / unsupported"),
)
COLUMNS: Final = (
    ("n", "户 / n"),
    ("base_rate", "基率 / base rate"),
    ("auc", "AUC"),
    ("average_precision", "AP"),
    ("precision_at_10pct", "P@10%"),
    ("recall_at_10pct", "R@10%"),
    ("precision_at_list", "P@名单 / P@list"),
    ("log_loss", "log loss"),
)


def card(experiment: Experiment, model: RiskModel | None = None, assumed: Sequence[tuple[str, str]] = ()) -> str:
    """The card of an experiment and of the model that would serve; without figures it says why there are none.

    ``assumed``: the names (zh, en) of the sources of which a first load assumed when records were known.
    """
    zh, en = RISKS.get(experiment.risk, (experiment.risk, experiment.risk))
    parts = [f"# {zh}\n\n{en}", _list(PURPOSE), "## 数据 / Data\n\n" + "\n".join(_data(experiment, model))]
    if assumed:
        zh, en = ("、".join(zh for zh, _ in assumed), ", ".join(en for _, en in assumed))
        parts.append(
            f"**首次导入，知悉日期为推定：{zh}。历史指标以推定日期为准。**\n\n"
            f"**First load; the days of knowledge are assumed: {en}. Figures of the past rest on this assumption.**"
        )
    if experiment.unavailable is not None:
        parts.append(f"**{experiment.unavailable['zh']}**\n\n**{experiment.unavailable['en']}**")
    else:
        parts.append("## 结果 / Results\n\n" + _figures(experiment.figure or "", experiment.candidates))
        if experiment.figure == "temporal":
            parts.append("### 按户分组交叉验证 / Grouped by household\n\n" + _table(experiment.grouped_cv))
        parts.append("## 结论 / Verdict\n\n" + "\n".join(_verdict(experiment)))
    parts.append("## 局限 / Limits\n\n" + _list(LIMITS))
    return "\n\n".join(parts) + "\n"


def _data(experiment: Experiment, model: RiskModel | None) -> list[str]:
    rows = experiment.rows
    told = []
    if rows:
        examples, labelled, null = rows["examples"], rows["labelled"], rows["null_label"]
        told += [
            f"- 样本 {examples:,}，结果已知 {labelled:,}，结果未知（不用）{null:,}",
            f"- {examples:,} examples, {labelled:,} with a known outcome, {null:,} without (left out)",
        ]
    for name, value in experiment.as_of.items():
        told.append(f"- {name}: {', '.join(value) if isinstance(value, list) else value}")
    for name, value in (experiment.spec or {}).items():
        told.append(f"- {name}: {', '.join(value) or '—' if isinstance(value, list) else value}")
    if model is not None:
        columns, learnt, days = len(model.feature_names), model.about["rows"], ", ".join(model.about["as_of"])
        told += [
            f"- 服务模型：{columns} 列，{learnt:,} 行（{days}）",
            f"- model that serves: {columns} columns, {learnt:,} rows ({days})",
        ]
    return told


def _figures(figure: str, candidates: Mapping[str, Any]) -> str:
    told = {
        "temporal": "以较早日期训练、以较晚日期检验。/ Trained on earlier dates, tested on a later one.",
        "grouped_cv": "同一日期，按户分组交叉验证。/ One date, cross-validated by household.",
    }
    return told.get(figure, "") + "\n\n" + _table(candidates)


def _table(candidates: Mapping[str, Any]) -> str:
    shown = [(key, title) for key, title in COLUMNS if key in candidates["model"]]
    lines = ["| | | " + " | ".join(title for _, title in shown) + " |", "|---" * (len(shown) + 2) + "|"]
    names = {"model": ("模型", "model"), **BASELINES}
    for subset, title in SUBSETS:
        for candidate, (zh, en) in names.items():
            if candidate in candidates:
                figures = candidates[candidate] if subset is None else candidates[candidate][subset]
                cells = [_cell(figures[key]) for key, _ in shown]
                lines.append(f"| {title} | {zh} / {en} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _verdict(experiment: Experiment) -> list[str]:
    passed = experiment.promotion.promoted
    head = "**可以使用 / May serve**" if passed else "**不得使用 / May not serve**"
    return [head, "", *(f"- {reason['zh']} / {reason['en']}" for reason in experiment.promotion.reasons)]


def _list(pairs: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {zh} {en}" for zh, en in pairs)


def _cell(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
