"""What a night's report says of the drafting: floors, what changed in the plan, the desk queue, the calendar."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outreach.wording import Text, same
from outreach.wording_casework import LANES_OF_THE_REPORT, left_out

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

DESK_KINDS: Final[dict[str, Text]] = {
    "nobody": Text(
        "紧急或变故，但无人负责该地区或都不在", "urgent or event, and nobody serves there or all are away"
    ),
    "over_capacity": Text("紧急走访超出人手，须另行安排", "urgent visits beyond capacity: find somebody"),
    "overdue": Text("走访已过期限", "visits whose time has run out"),
    "repeated": Text("多次列入而无结果", "listed in vain again and again"),
    "risen": Text("在名单上等候期间出现紧急情况", "something urgent is known of a household that waits on a list"),
    "MIS": Text("救助可能不相符，须听取意见后复核", "help that may not fit: review, with a hearing"),
    "DUP": Text("可能重复享受，须听取意见后复核", "help that may be drawn twice: review, with a hearing"),
}
"""The kinds of the desk queue (``desk.KINDS``)."""
ENDED: Final[dict[str, Text]] = {
    "done": Text("已有结果", "an outcome was recorded"),
    "withdrawn": Text("已从名单撤下", "taken off its list"),
    "not_known": Text("住户已不在册", "the household is no longer known"),
}


def sections(manifest: Mapping[str, Any], shown: Shown) -> list[tuple[Text, list[Text]]]:
    """Heading and sentences of each part that a manifest tells of; none of a manifest from before."""
    parts = (
        (Text("计划的变化", "What changed in the plan"), _churn(manifest.get("churn"), shown)),
        (Text("案头任务", "For the bureau's desk"), _desk(manifest.get("desk") or {}, shown)),
        (Text("没有经办人员的地区", "Areas that nobody serves"), _unserved(manifest.get("unserved") or {}, shown)),
        (Text("工作日历与值班", "Working days and duty"), _calendar(manifest.get("calendar"))),
        (Text("人群保底", "Floors for groups"), _floors(manifest.get("floors"), shown)),
    )
    return [(heading, said) for heading, said in parts if said]


def _churn(told: Mapping[str, Any] | None, shown: Shown) -> list[Text]:
    """What stays of the night before, what is new by lane, what left by reason."""
    if told is None:
        return []
    kept, moved = shown(told["kept"]), shown(told["moved"])
    said = [
        Text(
            f"保留：{kept} 户，其中换经办人员：{moved} 户",
            f"kept: {kept}, of these with another caseworker: {moved}",
        )
    ]
    for lane, count in told["new"].items():
        name = LANES_OF_THE_REPORT.get(lane, same(lane))
        said.append(Text(f"新增，{name.zh}：{shown(count)} 户", f"new, {name.en}: {shown(count)}"))
    for reason, count in told["left"].items():
        why = ENDED.get(reason) or left_out(reason)
        said.append(Text(f"移出，{why.zh}：{shown(count)} 户", f"left, {why.en}: {shown(count)}"))
    return said


def _desk(counts: Mapping[str, int], shown: Shown) -> list[Text]:
    """What waits for a person at the bureau, by kind."""
    names = {kind: DESK_KINDS.get(kind, same(kind)) for kind in counts}
    return [
        Text(f"{names[kind].zh}：{shown(count)}", f"{names[kind].en}: {shown(count)}")
        for kind, count in counts.items()
    ]


def _unserved(areas: Mapping[str, int], shown: Shown) -> list[Text]:
    """Areas with households and without a caseworker, by code."""
    return [
        Text(
            f"{area}：{shown(count)} 户，请在 caseworkers.toml 中安排",
            f"{area}: {shown(count)} households; give it to somebody in caseworkers.toml",
        )
        for area, count in areas.items()
    ]


def _calendar(told: Mapping[str, Any] | None) -> list[Text]:
    """Where the clocks ran by Monday to Friday for want of a calendar, and who is on duty on a holiday."""
    if told is None:
        return []
    said = [
        Text(
            f"没有 {year} 年的日历，按周一至周五计算",
            f"there is no calendar of {year}: counted from Monday to Friday",
        )
        for year in told["without"]
    ]
    if not told["holiday"]:
        return said
    if not told["on_duty"]:
        return [*said, Text("今日休息，没有排值班", "nobody works today, and nobody is on duty")]
    names = ", ".join(told["on_duty"])
    return [*said, Text(f"今日休息，值班：{names}", f"nobody works today; on duty: {names}")]


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
