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
MODELS: Final = ("best_feature", "logistic")
TIE: Final = 0.995
FIGURES: Final = {
    "average_precision": ("平均精确率", "average precision"),
    "precision": ("名单长度处的精确率", "precision at list length"),
    "log_loss": ("校准后对数损失", "calibrated log loss"),
}
WORDS: Final = {
    "beats": ("优于", "beats"),
    "equals": ("不逊于", "is as good as"),
    "loses": ("未优于", "does not beat"),
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
    calibrated log loss is lower than that of the last status alone. Beside other models (``MODELS``) the list must
    be as good, within half a per cent: their lists are nearly the same, and one household decides nothing.
    ``candidates``: the figures by candidate.
    """
    model = candidates["model"]
    at = "precision_at_list" if "precision_at_list" in model else "precision_at_10pct"
    found = []
    for name in (name for name in BASELINES if name in candidates):
        other = candidates[name]
        found.append(_judged("average_precision", name, model["average_precision"], other["average_precision"]))
        found.append(_judged("precision", name, model[at], other[at], TIE if name in MODELS else 1.0))
    own, other = model["log_loss"], candidates["last_status"]["log_loss"]
    better = own is not None and other is not None and own < other
    found.append((better, _compared("log_loss", "last_status", own, other, "beats" if better else "loses")))
    return Promotion(all(good for good, _ in found), tuple(reason for _, reason in found))


def _judged(
    figure: str, name: str, own: float | None, other: float | None, share: float = 1.0
) -> tuple[bool, Text]:
    """Whether a figure is above this share of a baseline's, and that in words."""
    if own is None or other is None or own <= share * other:
        return False, _compared(figure, name, own, other, "loses")
    return True, _compared(figure, name, own, other, "beats" if own > other else "equals")


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


def _compared(figure: str, name: str, own: float | None, against: float | None, word: str) -> Text:
    (figure_zh, figure_en), (other_zh, other_en), (zh, en) = FIGURES[figure], BASELINES[name], WORDS[word]
    numbers = f"{_shown(own)} : {_shown(against)}"
    return {"zh": f"{figure_zh}{zh}{other_zh}（{numbers}）", "en": f"{figure_en} {en} {other_en} ({numbers})"}


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
