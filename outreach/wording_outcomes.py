"""Outcomes in words: how contact was made, what stood in the way, referrals, and why an outcome is not taken."""

from typing import Final

from outreach.wording import Text

CONTACTS: Final[dict[str, Text]] = {
    "home": Text("入户", "At the home"),
    "phone": Text("电话", "By phone"),
    "other": Text("其他方式", "Another way"),
}

HINDRANCES: Final[dict[str, Text]] = {
    "no_answer": Text("电话无人接听", "Nobody answers the phone"),
    "wrong_number": Text("号码不对", "The number is wrong"),
    "wrong_address": Text("找不到住址", "The address was not found"),
    "away": Text("家里没有人", "Nobody at home"),
    "unsafe": Text("不安全", "Not safe"),
    "no_way": Text("道路不通或天气不好", "No way through, or the weather"),
}
"""Why a visit could not be made."""

ABOUT: Final[dict[str, Text]] = {
    "GA": Text("公安", "Police (household register)"),
    "MZ": Text("民政", "Civil affairs"),
    "RS": Text("人社", "Labour and social security"),
    "YB": Text("医保", "Medical insurance"),
    "WJ": Text("卫健", "Health"),
    "JY": Text("教育", "Education"),
    "CL": Text("残联", "Disabled persons' federation"),
    "ZJ": Text("住建", "Housing"),
    "NY": Text("农业农村", "Agriculture and rural affairs"),
    "other": Text("其他部门", "Another department"),
    "people": Text("人员信息有误", "Who lives there is wrong"),
    "address": Text("住址有误", "The address is wrong"),
    "phone": Text("电话有误", "The phone is wrong"),
    "income": Text("收入有误", "The income is wrong"),
    "benefit": Text("待遇有误", "The benefit is wrong"),
    "other_data": Text("其他信息有误", "Something else is wrong"),
}
"""To which department a household is referred, or which part of its records is wrong."""

REFERRALS: Final[dict[str, Text]] = {
    "department": Text("转介其他部门", "Referred to another department"),
    "layer": Text("标准或层次待调整", "Layer or amount to be adjusted"),
    "doubled": Text("待遇重复待核查（先听取意见）", "Drawn twice: to be reviewed, with a hearing first"),
    "data": Text("信息待更正", "Data to be put right"),
    "moved": Text("迁移待核对", "A move to be followed"),
    "deceased": Text("死亡待核对", "A death to be entered"),
    "safety": Text("安全风险待上报", "Danger to be reported"),
    "refusal": Text("拒绝查核，程序待定", "Check refused: how the procedure goes on"),
}

REFERRAL_STATES: Final[dict[str, Text]] = {
    "open": Text("办理中", "open"),
    "done": Text("已办结", "done"),
    "returned": Text("被退回", "returned"),
    "cancelled": Text("已撤销", "cancelled"),
}

REFUSED: Final[dict[str, Text]] = {
    "unknown_item": Text("没有这个编号", "there is no item of this number"),
    "wrong_check": Text(
        "编号的校验码不对：可能被改过", "the check behind the number is wrong: it may have been edited"
    ),
    "wrong_household": Text(
        "编号与户编号不是同一户：表格可能只排序了一部分",
        "the item and the household number beside it differ: part of the sheet may have been sorted",
    ),
    "not_out": Text("名单还没有发出", "its list has not gone out"),
    "not_yours": Text("这户在别人的名单上", "it is on somebody else's list"),
    "not_your_area": Text("该户不在本人辖区", "the household is not of your area"),
    "done_otherwise": Text(
        "已经登记了别的结果；要更正，请先撤回",
        "another outcome is recorded already; to correct it, take it back first",
    ),
    "taken_off": Text("已从名单撤下", "it was taken off the list"),
    "reassigned": Text("已改到另一张名单上", "it is on another list by now"),
    "too_early": Text("走访日期早于名单日期", "the visit is dated before the list"),
    "to_come": Text("走访日期在今天以后", "the visit is dated after today"),
    "no_date": Text("没有走访日期", "the day of the visit is missing"),
    "bad_date": Text(
        "看不懂走访日期（请写成 2026-01-05）", "the day of the visit is unreadable (write 2026-01-05)"
    ),
    "no_code": Text("没有选择走访结果", "no outcome was chosen"),
    "bad_code": Text("没有这个结果代码", "there is no such outcome code"),
    "bad_contact": Text("没有这种联系方式", "there is no such way of contact"),
    "bad_hindrance": Text("没有这个原因", "there is no such reason for not visiting"),
    "bad_minutes": Text(
        "看不懂用时（请写分钟数，如 25）", "the minutes are unreadable (write a number such as 25)"
    ),
    "met_and_hindered": Text(
        "见到了人，就不填“未能走访”的原因", "somebody was met: leave out why the visit could not be made"
    ),
    "bad_about": Text(
        "部门或信息类别与结果不符", "the department or the kind of data does not go with the outcome"
    ),
    "long_note": Text("备注太长", "the remark is too long"),
    "twice": Text("同一户在表中填了不同的结果", "the file gives the same item different outcomes"),
    "nothing_recorded": Text("还没有登记结果", "no outcome is recorded"),
    "mark_used": Text("这条记录的标记已用于别的结果", "the mark of this record is another outcome's"),
    "no_item": Text("没有编号", "the item's number is missing"),
}
"""Why an outcome is not taken; a person mends it and sends it again."""
