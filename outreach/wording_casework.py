"""Casework in words: lanes, outcomes, why a household was left out, special needs, sources, notices and footers."""

from typing import Final

from outreach.wording import Text

_ROUTINE: Final = Text("例行走访", "Routine visit")

LANES: Final[dict[str, Text]] = {
    "urgent": Text("紧急：24 小时内", "Urgent: within 24 hours"),
    "event": Text("突发变故：3 天内", "Event: within 3 days"),
    "gap": Text("可能漏享政策", "May be missing a programme"),
    "risk": Text("可能有困难", "May be in difficulty"),
    "silent": _ROUTINE,
    "random": _ROUTINE,
    "recheck": Text("回访", "Visit again"),
}
"""What a visitor sees. The silent and the random lane read alike until the outcome is filed."""

ROUTINE_LANES: Final = frozenset({"silent", "random"})

LANES_OF_THE_REPORT: Final[dict[str, Text]] = LANES | {
    "silent": Text("沉默群体", "Silent minority"),
    "random": Text("随机抽取", "Drawn at random"),
}
"""What a reviewer sees in the report of the night."""

WHY_ROUTINE: Final = Text(
    "例行走访：除重点家庭外，每周也走访一部分其他家庭，了解有没有被遗漏的困难。",
    "Routine visit: every week some other households are visited as well, to learn what the records miss.",
)

OUTCOMES: Final[dict[str, Text]] = {
    "V10": Text("同意申请", "Will apply"),
    "V11": Text("已代办提交", "Applied on the spot"),
    "V12": Text("已先行救助", "Emergency aid given"),
    "V13": Text("已转介", "Referred"),
    "V20": Text("在保，已补专项", "Supported; item added"),
    "V21": Text("标准或层次需调整", "Layer or amount to adjust"),
    "V22": Text("待遇重复，需核查", "Drawn twice; to review"),
    "V30": Text("不愿申请（尊重）", "Declines (respected)"),
    "V31": Text("暂不符合，列监测", "Not now; monitor"),
    "V32": Text("已不需要", "No longer needed"),
    "V40": Text("未遇到人", "Nobody met"),
    "V41": Text("已迁走或空户", "Moved or empty"),
    "V42": Text("信息有误", "Data wrong"),
    "V50": Text("安全风险，立即上报", "Not safe: report now"),
    "V60": Text("已去世", "Deceased"),
    "V70": Text("拒绝查核", "Refuses the check"),
}

LEFT_OUT: Final[dict[str, Text]] = {
    "deceased": Text("已去世", "Deceased"),
    "moved": Text("已迁走", "Moved away"),
    "opted_out": Text("要求不再联系", "Asked not to be contacted"),
    "open_item": Text("已在此前的名单上，尚未办结", "On an earlier list and not done"),
    "cool_down": Text("近期已走访", "Visited recently"),
    "escalated": Text("多次列入而无结果，已转经办机构处理", "Listed in vain again and again: with the bureau"),
    "caseworker_on_leave": Text("经办人员休假", "The caseworker is away"),
    "no_caseworker": Text("所在地区没有经办人员", "No caseworker for the area"),
    "objected": Text("对自动排序提出异议，未参加排序", "Objects to being ranked: was not ranked"),
    "already_supported": Text("已在保（低保、特困、边缘、刚性），没有新情况", "Supported already, nothing new"),
    "below_capacity": Text("本周名额已满（参加了随机抽取）", "The week is full (took part in the lottery)"),
}
"""Why a household is not on tonight's lists, by code of the draft."""


def taken_off(households: int) -> Text:
    """What a list says of households that were taken off it after it went out."""
    return Text(
        f"本名单发出后撤下 {households} 户，请以本页为准，不要再走访。",
        f"Taken off this list since it went out: {households}. Go by this page and do not visit them.",
    )


NEEDS: Final[dict[str, Text]] = {
    "disputed": Text(
        "有登记内容正在核实异议：未当作事实使用，请听家庭说明",
        "Something on record is contested and was not used: listen to what the household says",
    ),
    "minor_alone": Text(
        "家中只有未成年人：请照看他们的大人到场", "Only minors at home: with the adult who looks after them"
    ),
    "lone_elder": Text("独居老人：慢慢说，多留时间", "Elder living alone: take time"),
    "severe_disability": Text("重度残疾：上门办理", "Severe disability: do everything at the home"),
    "hearing": Text("听力残疾：打电话可能听不到", "Hearing disability: may not hear a call"),
    "speech": Text("言语残疾：备纸笔", "Speech disability: bring paper and pen"),
    "visual": Text("视力残疾：读给本人听", "Visual disability: read everything aloud"),
    "mind": Text("智力或精神残疾：请监护人在场", "Intellectual or mental disability: with the guardian"),
    "memory": Text(
        "可能记不清：话说短些，请家人在场", "May not remember well: short sentences, with the family present"
    ),
    "elder_80": Text("有 80 岁以上老人", "A member of 80 or more"),
    "children": Text("有未成年人：注意保护隐私", "Children: protect their privacy"),
}

CONSENT: Final[dict[str, Text]] = {
    "none": Text(
        "未授权：没有查过存款、房产、车辆", "Not given: savings, property and vehicles were not looked at"
    ),
    "given": Text("已授权核对", "Given: the check may be made"),
    "refused": Text("不同意核对", "Refused"),
}

SOURCES: Final[dict[str, Text]] = {
    "household": Text("住户", "households"),
    "member": Text("家庭成员", "members"),
    "income": Text("收入", "income"),
    "employment": Text("就业", "employment"),
    "medical": Text("医疗结算", "medical claims"),
    "benefit": Text("救助发放", "assistance paid"),
    "event": Text("家庭变故", "life events"),
    "enrolment": Text("参保", "insurance"),
    "disability": Text("残疾人证", "disability certificates"),
    "schooling": Text("就学", "schooling"),
    "kin": Text("法定赡养关系", "duties of support"),
    "utility": Text("水电气", "utilities"),
}

IDENTITY: Final = Text("身份信息（保管库）", "identities (in the vault)")
"""What is delivered and is no record: numbers, names, phones and addresses."""

RELATIONS: Final[dict[str, Text]] = {
    "head": Text("户主", "head"),
    "spouse": Text("配偶", "spouse"),
    "child": Text("子女", "child"),
    "child_in_law": Text("子女的配偶", "child-in-law"),
    "grandchild": Text("孙辈", "grandchild"),
    "parent": Text("父母", "parent"),
    "parent_in_law": Text("配偶的父母", "parent-in-law"),
    "grandparent": Text("祖辈", "grandparent"),
    "sibling": Text("兄弟姐妹", "sibling"),
    "other_kin": Text("其他亲属", "other kin"),
    "non_kin": Text("非亲属", "not kin"),
}

NO_MODEL: Final = Text(
    "尚无启用的模型：本名单只依据变故提示、政策规则和收入线。",
    "No promoted model: this list rests on triggers, rules and the income line.",
)
BY_ROUTE: Final = Text(
    "先后只是路线：紧急和突发变故在前，其余按村（社区）排列，不表示谁更困难。",
    "The order is the route: urgent and event visits first, then village by village. It says nothing of need.",
)
WHAT_IT_IS: Final = Text(
    "这是工作名单：电脑根据各部门已有的记录，建议先去看望哪些家庭。",
    "This is a working list: from records that departments hold, the computer suggests whom to visit first.",
)
WHAT_IT_DECIDES: Final = Text(
    "它不决定任何救助，不减发、不停发，也不公示。给不给、给多少，由人依法审核确认。",
    "It decides nothing, lowers nothing, stops nothing, and is never posted. People decide, by law.",
)
WHOM_TO_OBJECT: Final = Text(
    "家庭可以要求说明理由、更正信息、不再被自动列入：请联系本级民政部门，或拨打 12345、12349。",
    "A household may ask for reasons, correct facts or opt out: the civil affairs office, or 12345 / 12349.",
)
DISCRETION: Final = Text(
    "收入和健康情况不在电话、短信、留言或邻居面前说。“没有困难”是正常结果，不追究任何人。",
    "Never leave income or health details by phone, message or with neighbours. “Not in need” is a normal answer.",
)
KEEP_SAFE: Final = Text(
    "内含个人信息：用后收回，不拍照、不转发。",
    "Holds personal data: hand it back after use; no photos, no forwarding.",
)


BANDS_OF_SHIFT: Final[dict[str, Text]] = {
    "small": Text("变化很小", "little has moved"),
    "notable": Text("明显变化", "notable"),
    "out": Text("超出范围", "out of depth"),
    "unknown": Text("户数太少，无法比较", "too few households to compare"),
}
"""How far something has moved since a model was made, by effect size."""


def source_name(kind: str) -> Text:
    """The name of a kind of source record."""
    return IDENTITY if kind == "identity" else SOURCES.get(kind, Text(kind, kind))


def left_out(code: str) -> Text:
    """Why a household was left out; a code without words stands for itself."""
    return LEFT_OUT.get(code, Text(code, code))
