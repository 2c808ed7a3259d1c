"""What a night's report says of the drafting: floors and their price."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outreach.wording import Text, same

Shown = Callable[[int], str]
"""How a count of households is shown: few are not."""

GROUPED: Final[dict[str, Text]] = {
    "head_sex": Text("户主性别", "sex of the head"),
    "area_kind": Text("城乡", "urban and rural"),
    "head_minority": Text("户主民族", "ethnicity of the head"),
    "has_disabled": Text("残疾", "disability"),
    "household_type": Text("家庭类型", "kind of household"),
    "digital_trace": Text("数字痕迹", "digital trace"),
    "is_migrant": Text("流动人口", "migrants"),
}
"""The groupings that a floor may be for."""


def sections(manifest: Mapping[str, Any], shown: Shown) -> list[tuple[Text, list[Text]]]:
    """Heading and sentences of each part that a manifest tells of; none of a manifest from before."""
    parts = ((Text("人群保底", "Floors for groups"), _floors(manifest.get("floors"), shown)),)
    return [(heading, said) for heading, said in parts if said]


def _floors(told: Mapping[str, Any] | None, shown: Shown) -> list[Text]:
    """Where a policy has floors: what they change, and what that costs in true finds."""
    if told is None:
        return []
    by, part = GROUPED.get(told["by"], same(told["by"])), f"{told['part']:.0%}"
    without, with_ = told["expected"]
    said = [
        Text(
            f"按{by.zh}，每个人群在风险名额中至少占应占份额的 {part}；因此上名单：{shown(told['exchanged'])} 户。",
            f"By {by.en}, each group has at least {part} of its share of the risk lane; listed because of it: "
            f"{shown(told['exchanged'])} households.",
        )
    ]
    if not told["visits"]:
        return [*said, Text("当晚没有风险名额。", "The night had no place in the lanes that a model ranks.")]
    if without is None or with_ is None:
        return [*said, Text("没有启用的模型，代价无法估计。", "No model is in use: the price cannot be estimated.")]
    before, after = (f"{100 * each / told['visits']:.1f}" for each in (without, with_))
    return [
        *said,
        Text(
            f"代价：每走访 100 户，预计找到的困难家庭由 {before} 户变为 {after} 户。",
            f"The price: of 100 such visits {after} are expected to find need, {before} without the floors.",
        ),
    ]
