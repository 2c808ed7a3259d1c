"""Whether a model may serve: it has to beat every baseline of its own run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

BASELINES: Final = {
    "last_status": ("末次已知状态", "the last known status"),
    "income_rule": ("仅看收入的规则", "the income-only rule"),
    "best_feature": ("最好的单项特征", "the best single column"),
    "logistic": ("逻辑回归", "a logistic regression"),
    "random": ("随机", "chance"),
}

Text = Mapping[str, str]


@dataclass(frozen=True)
class Promotion:
    """Whether the model may serve, and every reason for and against in both languages."""

    promoted: bool
    reasons: tuple[Text, ...]

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"promoted": self.promoted, "reasons": [dict(reason) for reason in self.reasons]}


def promotion(candidates: Mapping[str, Any]) -> Promotion:
    """The model serves if it beats every baseline where it counts, on the mean of the dates that it was tested on.

    That is in average precision, in precision at the length of list (the top 10 % where none is given), and its
    calibrated log loss is lower than that of the last status alone. ``candidates``: the figures by candidate.
    """
    model = candidates["model"]
    at = "precision_at_list" if "precision_at_list" in model else "precision_at_10pct"
    reasons, passed = [], True
    for name, (zh, en) in BASELINES.items():
        if name not in candidates:
            continue
        for figure, figure_zh, figure_en in (
            ("average_precision", "平均精确率", "average precision"),
            (at, "名单长度处的精确率", "precision at list length"),
        ):
            own, other = model[figure], candidates[name][figure]
            better = own is not None and other is not None and own > other
            passed &= better
            reasons.append(_compared((figure_zh, figure_en), (zh, en), own, other, better=better))
    own, other = model["log_loss"], candidates["last_status"]["log_loss"]
    better = own is not None and other is not None and own < other
    reasons.append(
        _compared(("校准后对数损失", "calibrated log loss"), BASELINES["last_status"], own, other, better=better)
    )
    return Promotion(passed and better, tuple(reasons))


def over_time(by_date: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean over the tested dates of each candidate's figures for everybody; None where a date has none."""
    means: dict[str, Any] = {}
    for candidate in by_date[0]:
        each = [figures[candidate] for figures in by_date]
        names = [name for name, value in each[0].items() if not isinstance(value, Mapping)]
        means[candidate] = {name: _mean([figures.get(name) for figures in each]) for name in names}
    return means


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 12) if len(known) == len(values) else None


def _compared(
    figure: tuple[str, str], other: tuple[str, str], own: float | None, against: float | None, *, better: bool
) -> Text:
    zh, en = ("优于", "beats") if better else ("未优于", "does not beat")
    numbers = f"{_shown(own)} : {_shown(against)}"
    return {
        "zh": f"{figure[0]}{zh}{other[0]}（{numbers}）",
        "en": f"{figure[1]} {en} {other[1]} ({numbers})",
    }


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
