"""Cases in words: states, clocks, what a step means, and why one is not taken."""

from typing import Final

from outreach.case_clocks import POLICY, Clock
from outreach.wording import Text, same

STATES: Final[dict[str, Text]] = {
    "alert": Text("预警", "alert"),
    "triage": Text("已派单", "triaged"),
    "contact": Text("联系中", "being contacted"),
    "visit": Text("走访中", "being visited"),
    "informed": Text("已告知，愿意申请", "informed, will apply"),
    "aided": Text("已先行救助", "aided at once"),
    "transferred": Text("已转介", "handed on"),
    "application": Text("已提交申请", "application handed in"),
    "accepted": Text("已受理", "accepted"),
    "check": Text("调查核对", "being checked"),
    "publicity": Text("公示", "posted"),
    "county_opinion": Text("县级审核", "with the county"),
    "confirmed": Text("已确认", "confirmed"),
    "refused": Text("不予确认", "refused"),
    "notified": Text("已书面告知", "refusal told in writing"),
    "paid": Text("已发放", "in payment"),
    "review_due": Text("待复核", "review due"),
    "closed": Text("已办结", "closed"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "died": Text("已去世", "died"),
    "moved": Text("已迁出", "moved"),
}
CLOCKS: Final[dict[str, Text]] = {
    "alert": Text("走访", "visit it"),
    "triage": Text("走访", "visit it"),
    "contact": Text("再次联系或更正信息", "contact it again, or mend the data"),
    "visit": Text("走访", "visit it"),
    "informed": Text("协助提交申请", "help to hand in the application"),
    "aided": Text("先行救助后回访、补手续", "follow up, and complete the papers"),
    "transferred": Text("承接部门回执", "the receipt of the other department"),
    "application": Text("受理，或一次性告知补正材料", "accept it, or name all missing papers at once"),
    "acceptance_check": Text("启动调查核实", "begin the check"),
    "decision": Text("作出审核确认决定", "decide"),
    "decision_special": Text("作出审核确认决定（特殊情形）", "decide (special case)"),
    "decision_delegated": Text("作出审核确认决定（委托乡镇）", "decide (delegated to the township)"),
    "township_review": Text("乡镇（街道）审核", "the township's review"),
    "county_decision": Text("县级确认", "the county's decision"),
    "county_opinion": Text("县级提出意见", "the county's opinion"),
    "publicity": Text("公示期满", "the end of the posting"),
    "refusal_notice": Text("书面告知不予确认及理由", "tell the refusal in writing, with its reason"),
    "notified": Text("行政复议申请期满", "the end of the time to ask for a review"),
    "paid_from": Text("自下月起发放", "pay from the next month on"),
    "review": Text("定期复核", "the regular review"),
    "accepted": Text("启动调查核实", "begin the check"),
    "check": Text("完成核查", "finish the check"),
    "confirmed": Text("发放，或登记身份", "pay, or register the status"),
    "refused": Text("书面告知不予确认及理由", "tell the refusal in writing, with its reason"),
    "paid": Text("办结", "close it"),
    "review_due": Text("完成复核", "finish the review"),
}
PARTS: Final[dict[str, Text]] = {
    "open": Text("待办理", "to be done"),
    "confirmed": Text("已确认", "confirmed"),
    "refused": Text("不予确认", "refused"),
    "dropped": Text("不再申请", "not pursued"),
}
REFUSED: Final[dict[str, Text]] = {
    "unknown_case": Text("没有这个编号的个案", "there is no case of this number"),
    "over": Text("该户没有未办结的个案", "the household has no case that is open"),
    "has_one": Text("该户已有未办结的个案", "the household has an open case already"),
    "not_your_area": Text("该户不在本人辖区", "the household is not of your area"),
    "unknown_programme": Text("政策包里没有这个项目", "the pack in force has no such programme"),
    "needs_programme": Text("请写明申请的项目（--programme）", "say which programme was applied for (--programme)"),
    "other_programme": Text(
        "受理之后不能改项目，请另行申请", "the programme is that of the acceptance; apply anew"
    ),
    "bad_limit": Text("没有这种期限", "there is no such limit"),
    "not_on_track": Text("这一项目的程序没有这一步", "the procedure of this programme has no such step"),
    "before": Text("早于上一步的日期", "lies before the last step"),
    "to_come": Text("日期在今天之后", "is a day to come"),
    "still_posted": Text("公示未满期，满期日", "it is still posted, to the end of"),
    "not_heard": Text(
        "停发前应当先听取家庭意见，请写明听取日期（--heard-on）",
        "before aid ends the household is heard: say when (--heard-on)",
    ),
    "open_parts": Text("还有未办理的项目", "parts of the package are still open"),
    "no_part": Text("该个案没有这一未办理的项目", "the case has no open part of this number"),
    "not_in_table": Text("不能这样办理", "this is no step of the procedure"),
}


def clock_text(clock: Clock) -> Text:
    """What is to be done next, by when, and by what."""
    what = CLOCKS.get(clock.name, same(clock.name))
    if clock.kind == "date":
        return Text(f"{what.zh}（{clock.on} 前）", f"{what.en} by {clock.on}")
    units = {
        "working": Text("个工作日", "working days"),
        "natural": Text("日", "days"),
        "month": Text("个月", "month" if clock.days == 1 else "months"),
    }[clock.kind]
    by = Text("本单位规定", "by the policy of this office") if clock.basis == POLICY else same(clock.basis)
    return Text(
        f"{what.zh}（{clock.on} 前，{clock.days} {units.zh}，{by.zh}）",
        f"{what.en} by {clock.on} ({clock.days} {units.en}, {by.en})",
    )
