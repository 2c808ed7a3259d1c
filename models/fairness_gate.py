"""Whether a model is held back because it finds a group less often than everybody, and what groups are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.fairness import LEAST_RATIO

Text = Mapping[str, str]

GROUPINGS: Final = {
    "head_sex": ("户主性别", "Sex of the head"),
    "head_age": ("户主年龄", "Age of the head"),
    "area_kind": ("城乡", "Urban and rural"),
    "head_minority": ("户主民族", "Ethnicity of the head"),
    "has_disabled": ("残疾", "Disability"),
    "household_type": ("家庭类型", "Kind of household"),
    "digital_trace": ("数字痕迹", "Digital trace"),
    "is_migrant": ("流动人口", "Migrants"),
}
GROUPS: Final = {
    "unknown": ("未记录", "not recorded"),
    "male": ("男", "male"),
    "female": ("女", "female"),
    "urban": ("城镇", "urban"),
    "rural": ("农村", "rural"),
    "minority": ("少数民族", "minority"),
    "majority": ("汉族", "Han"),
    "disabled": ("有残疾人", "with a disabled member"),
    "not_disabled": ("没有残疾人", "without a disabled member"),
    "migrant": ("有流动人口", "with a migrant"),
    "settled": ("没有流动人口", "without a migrant"),
    "none": ("没有", "none"),
    "low": ("很少", "low"),
    "normal": ("一般", "normal"),
    "lone_elder": ("独居老人", "elder living alone"),
    "elders_only": ("只有老人", "elders only"),
    "skip_generation": ("隔代家庭", "grandparents and grandchildren"),
    "single_parent": ("单亲家庭", "single parent"),
    "with_children": ("有未成年人", "with children"),
    "other": ("其他", "other"),
}
CUTS: Final = {
    "list": ("名单长度处", "at the length of the list"),
    "pool": ("较大范围内", "in the pool"),
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


def called(by: Sequence[str], group: Sequence[str]) -> Text:
    """What a group, or an intersection of two, is called; a code that nobody named is its own name."""
    if not by:
        return {"zh": "全体", "en": "everybody"}
    pairs = [
        (GROUPINGS.get(one, (one, one)), GROUPS.get(each, (each, each)))
        for one, each in zip(by, group, strict=True)
    ]
    return {
        "zh": "，".join(f"{of[0]}：{name[0]}" for of, name in pairs),
        "en": ", ".join(f"{of[1].lower()}: {name[1]}" for of, name in pairs),
    }


def _below(row: Mapping[str, Any], cut: str) -> Text:
    """Why a group holds a model back. Where its cells are small the figure is not told, only the verdict."""
    name, (cut_zh, cut_en), ratio = called(row["by"], row["group"]), CUTS[cut], row["at"][cut]["ratio"]
    numbers = "" if ratio is None else f"{ratio['value']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"
    return {
        "zh": f"{cut_zh}，{name['zh']}的召回率与全体之比{numbers}，整个区间低于 {LEAST_RATIO:g}",
        "en": f"{cut_en}, the recall of {name['en']} over everybody's is {numbers or 'small'}: "
        f"the whole interval lies below {LEAST_RATIO:g}",
    }
