"""The month's evaluation pack in words: headings, stages, and what its numbers can and cannot say."""

from typing import Final

from outreach import wording_casework as casework
from outreach.wording import NOTHING, Text, same
from outreach.wording_findings import EVENTS
from outreach.wording_outcomes import CONTACTS
from outreach.wording_programmes import programme_name
from outreach.wording_reasons import CONCEPTS

LABELS: Final = {
    "title": Text("月度评估", "The month, evaluated"),
    "as_of": Text("统计到", "Followed up to"),
    "nights": Text("夜数", "Nights"),
    "funnel": Text("从名单到长期得到帮助", "From the list to help that lasts"),
    "hits": Text(
        "核实率：有结论的走访中，确有需要的占多少", "Hit rate: of the visits with an answer, how many found need"
    ),
    "waits": Text("等了多久（天）", "How long it took, in days"),
    "unmet": Text("没有得到的待遇", "What was missing"),
    "overridden": Text("人改了机器的什么", "What people overrode"),
    "referrals": Text("转出去的事", "What was handed on"),
    "burden": Text("经办人员的负担", "What it asks of caseworkers"),
    "group": Text("分组", "Group"),
    "listed": Text("列入名单", "Listed"),
    "answered": Text("有结论", "With an answer"),
    "rate": Text("确有需要", "In need"),
    "few": Text("太少，不显示", "too few to show"),
    "households": Text("户数", "Households"),
    "median": Text("中位数", "Median"),
    "nine_in_ten": Text("十户中九户以内", "Nine in ten within"),
    "programme": Text("政策", "Programme"),
    "unmet_month": Text("每月缺少", "Missing a month"),
    "verified": Text("其中核实有需要", "Of these verified"),
    "paid_since": Text("此后已发放", "Paid since"),
    "count": Text("数量", "Count"),
    "kind": Text("事项", "What"),
    "open": Text("办理中", "Open"),
    "done": Text("已办结", "Done"),
    "returned": Text("被退回", "Returned"),
    "overdue": Text("已超期", "Overdue"),
    "retired": Text(
        "有些夜的文件已过保存期，按地区、原因、政策的数字不含这些夜。",
        "The files of some nights were past their time: figures by area, reason and programme are without them.",
    ),
}
STAGES: Final = {
    "listed": Text("列入名单", "Listed"),
    "contacted": Text("联系过", "Contacted"),
    "reached": Text("见到或谈过", "Reached"),
    "verified": Text("核实有需要", "Verified need"),
    "assisted": Text("得到帮助", "Assisted"),
    "kept_known": Text("已满 90 天", "90 days have passed"),
    "kept": Text("90 天后仍在享受", "Still assisted after 90 days"),
}
FUNNELS: Final = {
    "all": Text("全部", "All"),
    "by_channel": Text("按联系方式", "By way of contact"),
    "by_attempt": Text("按第几次", "By attempt"),
    "by_office": Text("按乡镇（街道）", "By office"),
}
HITS: Final = {
    "all": Text("全部", "All"),
    "lane": Text("按类别", "By lane"),
    "reason": Text("按原因", "By reason"),
    "programme": Text("按政策", "By programme"),
    "area": Text("按地区", "By area"),
}
WAITS: Final = {
    "signal_to_visit": Text("从信号到走访", "From signal to visit"),
    "visit_to_aid": Text("从走访到得到帮助", "From visit to aid"),
}
OVERRIDDEN: Final = {
    "nights_held": Text("暂缓发出的夜", "Nights held"),
    "lists_released_by_a_person": Text("由人放行", "Releases by a person"),
    "deliveries_confirmed": Text("由人确认的数据", "Deliveries confirmed by a person"),
    "models_promoted_by_a_person": Text("由人启用的模型", "Models promoted by a person"),
    "objections_upheld": Text("异议成立", "Objections upheld"),
    "objections_dismissed": Text("异议不成立", "Objections dismissed"),
    "outcomes_taken_back": Text("撤回的走访结果", "Outcomes taken back"),
}
TAKEN_OFF: Final = {
    "deceased": Text("撤下：已去世", "Taken off: deceased"),
    "moved": Text("撤下：已迁走", "Taken off: moved"),
    "voided": Text("撤下：记录已撤回", "Taken off: records withdrawn"),
    "opted_out": Text("撤下：要求不再联系", "Taken off: opted out"),
    "erased": Text("撤下：已删除", "Taken off: erased"),
}
BURDEN: Final = {
    "caseworkers": Text("经办人员", "Caseworkers"),
    "list_length_median": Text("一夜名单的户数（中位数）", "Households on a night's list, median"),
    "list_length_most": Text("一夜名单的户数（最多）", "Households on a night's list, most"),
    "week_of_capacity_median": Text(
        "一周名单占可走访数（中位数）", "A week's list as a share of what it holds, median"
    ),
    "week_of_capacity_most": Text("一周名单占可走访数（最多）", "A week's list as a share of what it holds, most"),
    "fields": Text("每户可填的格数", "Cells that may be filled in for a household"),
    "fields_filled_mean": Text("每户实际填的格数（平均）", "Cells filled in for a household, mean"),
    "minutes_recorded": Text("记了时间的走访", "Visits whose minutes were recorded"),
    "minutes_median": Text("一次走访的分钟数（中位数）", "Minutes of a visit, median"),
}
NOTES: Final = (
    Text(
        "“确有需要”只看走访结论：V10、V11、V12、V21 为是，V31、V32 为否，其余不作结论。核实率只说名单上的家庭，"
        "名单漏掉多少要看 xunfang yield。",
        "In need is what a visit found: V10, V11, V12, V21 yes; V31, V32 no; the rest says nothing. The hit rate "
        "speaks of households on lists only; what the lists miss is told by xunfang yield.",
    ),
    Text(
        "“得到帮助”：当场给予（V12、V20），或走访当月及以后开始发放此前没有的待遇。发放不一定是走访带来的。",
        "Assisted: helped at the door (V12, V20), or paid a benefit that began in the month of the visit or later. "
        "That it came after the visit does not prove that it came of it.",
    ),
    Text(
        "一户可以有几个原因、几项政策，各组相加会多于全部。区间为 95%（Wilson）。",
        "A household may have several reasons and programmes, so that groups add up to more than all. Intervals: "
        "95 % (Wilson).",
    ),
    Text(
        "户数：7 户及以下不显示，其余凑到 5 的倍数；比例所依据的户数太少的也不显示。不用于评价任何个人。",
        "Counts of households: 7 and under are not shown, the rest are rounded to 5; a share that rests on so few "
        "is not shown either. It is not for judging any person.",
    ),
)


def group_name(by: str, group: str | None) -> Text:
    """A group in words; a code without words, such as an area's, stands for itself."""
    if group is None:
        return FUNNELS["all"]
    if by == "lane":
        return casework.LANES_OF_THE_REPORT.get(group, same(group))
    if by == "by_channel":
        return CONTACTS.get(group, same(group))
    if by == "programme":
        return programme_name(group)
    return _reason(group) if by == "reason" else same(group)


def _reason(code: str) -> Text:
    if code.startswith("GAP-"):
        name = programme_name(code.removeprefix("GAP-"))
        return Text(f"可能漏享：{name.zh}", f"May be missing: {name.en}")
    if code in EVENTS:
        return EVENTS[code].said
    return CONCEPTS[code].heading if code in CONCEPTS else same(code) if code else NOTHING
