"""Whether a model is held back because it finds a group less often than everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from models.fairness import LEAST_RATIO, cuts_of, fairness_of
from models.groupings import Text, called

CUTS: Final = {
    "list": ("名单长度处", "at the length of the list"),
    "pool": ("前 5% 处", "in the top 5 %"),
}
"""The two cuts that the gate looks at."""


@dataclass(frozen=True)
class Gate:
    """``held`` (a group is found too seldom, beyond doubt), ``pass`` (none is, beyond doubt), or ``insufficient``.

    Only ``held`` holds a promotion back, and a person may accept it with a reason.
    """

    verdict: str
    reasons: tuple[Text, ...]

    @property
    def holds_back(self) -> bool:
        """Whether the model may not serve unless a person accepts it."""
        return self.verdict == "held"

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"verdict": self.verdict, "reasons": [dict(reason) for reason in self.reasons]}


def fairness_gate(told: Mapping[str, Any]) -> Gate:
    """The verdict on a model from the figures of ``fairness.fairness_of``, with every reason in both languages.

    A group's recall must be four fifths of everybody's, at the length of the list and in the pool. It holds
    the model back where the whole interval lies below; where the interval spans four fifths, or the group is too
    small, there is insufficient evidence, which holds nothing back and is said. Intersections are told in the
    figures and hold nothing back: among hundreds of them some lie below by chance.
    """
    rows = [row for row in told["groups"] if len(row["by"]) == 1]
    if not told["positives"] or not rows:
        return Gate("insufficient", ({"zh": "还没有可比较的结果", "en": "there is no outcome to compare by yet"},))
    reasons, found = [], []
    for cut, (cut_zh, cut_en) in CUTS.items():
        verdicts = [(row, row["at"][cut]["verdict"]) for row in rows if cut in row["at"]]
        found += [verdict for _, verdict in verdicts]
        reasons += [_below(row, cut) for row, verdict in verdicts if verdict == "below"]
        passed, open_ = (sum(verdict == each for _, verdict in verdicts) for each in ("pass", "insufficient"))
        reasons.append(
            {
                "zh": f"{cut_zh}：{passed} 个人群达到全体召回率的 {LEAST_RATIO:g} 倍，{open_} 个人群证据不足",
                "en": f"{cut_en}: {passed} groups reach {LEAST_RATIO:g} of everybody's recall, "
                f"for {open_} there is insufficient evidence",
            }
        )
    if "below" in found:
        return Gate("held", tuple(reasons))
    return Gate("pass" if set(found) == {"pass"} else "insufficient", tuple(reasons))


def gate_of(tested: pl.DataFrame, groups: pl.DataFrame, *, list_length: int, seed: int) -> Gate:
    """The verdict on the newest date of the rows that a model was tested on.

    ``tested``: ``household_id, as_of, label, score, probability``; ``groups``: from ``groupings``, of that date.
    """
    newest = tested.filter(pl.col("as_of") == pl.col("as_of").max())
    return fairness_gate(fairness_of(newest, groups, cuts_of(list_length), seed=seed, pairs=False))


def _below(row: Mapping[str, Any], cut: str) -> Text:
    """Why a group holds a model back. Where its cells are small the figure is not told, only the verdict."""
    name, (cut_zh, cut_en), ratio = called(row["by"], row["group"]), CUTS[cut], row["at"][cut]["ratio"]
    numbers = "" if ratio is None else f"{ratio['value']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"
    return {
        "zh": f"{cut_zh}，{name['zh']}的召回率与全体之比{numbers}，整个区间低于 {LEAST_RATIO:g}",
        "en": f"{cut_en}, the recall of {name['en']} over everybody's is {numbers or 'small'}: "
        f"the whole interval lies below {LEAST_RATIO:g}",
    }
