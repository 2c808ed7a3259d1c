"""Programmes in words: names, verdicts, what to verify at the door, and what to mind beside it."""

from collections.abc import Sequence
from typing import Final

from outreach.wording import Text, same

PROGRAMMES: Final[dict[str, Text]] = {
    "DB": Text("最低生活保障（低保）", "minimum living security (Dibao)"),
    "DB-P": Text("低保（单人户）", "Dibao, single-person entry"),
    "TK": Text("特困人员救助供养", "support for the extremely destitute"),
    "BY": Text("低保边缘家庭", "low-income margin status"),
    "GX": Text("刚性支出困难家庭", "rigid-expenditure hardship status"),
    "FP": Text("防止返贫监测", "re-poverty monitoring"),
    "LS-E": Text("急难型临时救助（小额快救）", "emergency relief (small and fast)"),
    "LS-Z": Text("支出型临时救助", "expenditure-type temporary relief"),
    "LS": Text("临时救助", "temporary relief"),
    "JB": Text("疾病应急救助", "emergency medical rescue"),
    "LM": Text("流浪乞讨人员救助", "rescue of people without shelter"),
    "YL": Text("医疗救助", "medical assistance"),
    "YL-CB": Text("医疗救助资助参保", "medical assistance: premium subsidy"),
    "YL-ZJ": Text("医疗救助（住院、门诊）", "medical assistance at settlement"),
    "YL-QX": Text("医疗救助倾斜救助", "medical assistance: tilt"),
    "YL-YP": Text("因病致贫重病患者医疗救助", "medical assistance: impoverished by illness"),
    "YB": Text("城乡居民基本医保", "residents' medical insurance"),
    "JYJ": Text("教育救助", "education assistance"),
    "ZF": Text("住房救助", "housing assistance"),
    "JU": Text("就业救助", "employment assistance"),
    "SY": Text("失业保险金", "unemployment benefit"),
    "SY-BZ": Text("失业补助金", "unemployment allowance"),
    "GS": Text("工伤保险", "work-injury insurance"),
    "SZ": Text("受灾人员救助", "disaster relief"),
    "CJ-S": Text("困难残疾人生活补贴", "living subsidy for hard-up disabled people"),
    "CJ-H": Text("重度残疾人护理补贴", "care subsidy for severely disabled people"),
    "KF": Text("残疾儿童康复救助", "rehabilitation aid for disabled children"),
    "GL": Text("高龄津贴", "old-age allowance"),
    "YLF": Text("经济困难老年人服务、护理补贴", "service and care subsidy for hard-up elders"),
    "GE": Text("孤儿基本生活保障", "basic living support for orphans"),
    "SW": Text("事实无人抚养儿童基本生活保障", "basic living support for de-facto unattended children"),
    "JM": Text("城乡居民基本养老保险", "residents' pension"),
    "JM-DJ": Text("居民养老保险政府代缴", "residents' pension, premium paid by government"),
    "JG": Text("价格临时补贴", "temporary price subsidy"),
    "QN": Text("取暖、殡葬减免", "heating and funeral relief"),
}

VERDICTS: Final[dict[str, Text]] = {
    "eligible_likely": Text("按现有记录符合", "qualifies by the records"),
    "eligible_possible": Text("可能符合", "may qualify"),
    "not_eligible": Text("按现有记录不符合", "does not qualify by what is on record"),
    "in_payment": Text("正在领取", "in payment"),
    "insufficient_data": Text("记录不足，无法判断", "too little on record to say"),
}

OUTSIDE: Final = Text("不属于本项目的对象", "is not for them")
"""Said of people whom a programme is not for; they have no verdict."""

_WHO: Final = Text("现在一起生活的有哪些人", "Who lives together now")
_INCOME: Final = Text(
    "家庭每月实际收入，有无未登记的", "What really comes in each month, and what is not on record"
)
_CONSENT: Final = Text(
    "愿意申请的，请其签署核对授权书（财产须授权后才查）",
    "If they wish to apply: the signed consent (assets are checked only with it)",
)
_PAPERS: Final = Text("身份证、户口簿或居住证", "Identity card, household register or residence permit")
_ACCOUNT: Final = Text("本人或代领人的银行账户", "A bank account of the person or their proxy")
_CERTIFICATE: Final = Text("残疾人证的类别、等级和有效期", "Type, level and validity of the disability certificate")
_CARE: Final = Text("是否需要长期照护，由谁照护", "Is long-term care needed, and who gives it")
_BILLS: Final = Text("医疗费票据和报销结算单", "Medical bills and settlement slips")
_OTHER_SUBSIDY: Final = Text("是否已领性质相同的补贴", "Is a subsidy of the same kind received already")
_SCHOOL: Final = Text("在读学校、年级和学费", "School, year and fees")

CHECKS: Final[dict[str, tuple[Text, ...]]] = {
    "DB": (
        _WHO,
        _INCOME,
        Text("有无重病、重残等可扣减的刚性支出", "Costs of serious illness or disability that may be deducted"),
        _PAPERS,
        _CONSENT,
    ),
    "DB-P": (
        _CERTIFICATE,
        Text("重病的诊断和治疗情况", "Diagnosis and treatment of the serious illness"),
        _INCOME,
        _PAPERS,
        _CONSENT,
    ),
    "TK": (
        Text("本人能否劳动、能否自理（吃饭、穿衣、如厕等）", "Can the person work and look after themselves"),
        Text("有无子女或其他赡养人，能否履行义务", "Are there children or other supporters, and can they support"),
        Text("本人收入和生活来源", "The person's own income and means"),
        _PAPERS,
        _CONSENT,
    ),
    "BY": (
        _WHO,
        _INCOME,
        Text("有无重残、重病人员可单独纳入低保", "Could a severely disabled or ill member enter Dibao alone"),
        _PAPERS,
        _CONSENT,
    ),
    "GX": (
        Text("近12个月医疗、教育、康复等刚性支出", "Costs of care, school and rehabilitation in 12 months"),
        _BILLS,
        _INCOME,
        _CONSENT,
    ),
    "FP": (
        Text(
            "有无因病、因学、因灾等返贫风险", "Is there a risk of falling back through illness, school or disaster"
        ),
        _INCOME,
        Text("“三保障”和饮水安全", "Schooling, care, housing and safe water"),
    ),
    "LS-E": (
        Text("发生了什么，眼下缺什么（吃、住、医）", "What happened; what is lacking now: food, shelter, care"),
        Text("是否有赔偿、保险或其他救助", "Is there compensation, insurance or other relief"),
        Text("今年是否因同一原因已获救助", "Was relief given this year for the same cause"),
    ),
    "LS-Z": (
        _BILLS,
        Text("必需支出的用途和金额", "Purpose and amount of the essential costs"),
        Text("是否已获其他救助", "Has other assistance been given"),
    ),
    "LS": (
        Text("必需支出的用途和金额", "Purpose and amount of the essential costs"),
        Text("是否已获其他救助", "Has other assistance been given"),
    ),
    "JB": (Text("身份证件和急救费用的票据", "Identity papers and the bills of emergency care"),),
    "LM": (Text("今晚住在哪里、吃什么，家在何处", "Where they sleep tonight, what they eat, where home is"),),
    "YL-CB": (
        Text("今年居民医保是谁交的钱", "Who paid this year's premium of residents' insurance"),
        Text("是否在职工医保", "Covered by employees' insurance or not"),
    ),
    "YL-ZJ": (
        _BILLS,
        Text("是否已按身份在医院直接结算", "Was it settled at the hospital by status"),
        Text("是否按规定转诊", "Was the referral as prescribed"),
        _ACCOUNT,
    ),
    "YL-QX": (
        _BILLS,
        Text("是否按规定转诊、省内就医", "Referred as prescribed, and treated in the province"),
        _ACCOUNT,
    ),
    "YL-YP": (_BILLS, Text("还欠多少医疗费", "What is still owed for care"), _INCOME, _CONSENT),
    "YL": (_BILLS, Text("是否已按身份在医院直接结算", "Was it settled at the hospital by status"), _ACCOUNT),
    "YB": (
        Text("今年医保是否在缴、在哪里缴", "Is insurance paid this year, and where"),
        Text("没缴的原因，是否符合资助参保", "Why not; is a premium subsidy possible"),
    ),
    "JYJ": (_SCHOOL, Text("助学金、助学贷款是否已申请", "Have a grant or a loan been applied for")),
    "ZF": (
        Text("房屋安全等级和是否自有", "Safety grade of the house, and whose it is"),
        Text("居住面积和房租", "Floor area and rent"),
        Text("是否已享公租房或租赁补贴", "Is public rental or a rent subsidy received"),
    ),
    "JU": (
        Text("谁能工作、想做什么", "Who can work, and what they would like"),
        Text("是否已失业登记", "Registered as unemployed or not"),
        Text("谁在照料家人，是否因此不能上班", "Who cares for family, and does that keep them from work"),
    ),
    "SY": (
        Text("离职时间和原因（是否非本人意愿）", "When and why work ended (not by own wish?)"),
        Text("缴费是否满一年", "A year of contributions or not"),
        Text("是否已失业登记", "Registered as unemployed or not"),
    ),
    "SY-BZ": (
        Text("是否还在失业、是否已登记", "Still out of work, and registered or not"),
        Text("失业保险缴费情况", "Contributions on record"),
    ),
    "GS": (Text("工伤认定和待遇情况", "Recognition of the injury and what is paid"),),
    "SZ": (
        Text("受灾时间、损失和房屋情况", "When, what was lost, and the state of the house"),
        Text("口粮、饮水、取暖和衣被", "Food, water, heating and bedding"),
    ),
    "CJ-S": (
        _CERTIFICATE,
        Text("家庭是否在低保（或当地扩面范围）内", "Is the household in Dibao, or in the local extension"),
        _OTHER_SUBSIDY,
        _ACCOUNT,
    ),
    "CJ-H": (_CERTIFICATE, _CARE, _OTHER_SUBSIDY, _ACCOUNT),
    "KF": (
        Text("孩子的年龄、残疾类别和诊断", "Age, kind of disability and diagnosis of the child"),
        Text("康复机构和费用", "Where rehabilitation is given and what it costs"),
    ),
    "GL": (
        Text("老人健在、本人年龄和户籍地", "The elder is alive; age and place of registration"),
        _ACCOUNT,
    ),
    "YLF": (Text("能否自理", "Can they look after themselves"), _INCOME, _OTHER_SUBSIDY),
    "GE": (
        Text("父母去世或查找不到的证明", "Proof that the parents died or cannot be found"),
        Text("孩子现由谁照看", "Who looks after the child"),
    ),
    "SW": (
        Text("父母双方的情况（重残、重病、服刑、失联）", "The state of both parents"),
        Text("孩子现由谁照看，是否安全", "Who looks after the child, and is the child safe"),
    ),
    "JM": (Text("养老保险是否在缴或在领", "Is a pension being paid for or received"),),
    "JM-DJ": (Text("是否参加养老保险、在哪里参加", "Enrolled in a pension scheme, and where"),),
    "JG": (Text("价格补贴是否随救助金发放", "Was the price subsidy paid along with assistance"), _ACCOUNT),
    "QN": (
        Text("怎样取暖，有无危险", "How they heat, and is it safe"),
        Text("是否已领取暖补贴", "Is heating aid received already"),
    ),
}


HINTS: Final[dict[str, Text]] = {
    "LS-E": Text("可先行救助，手续后补", "relief may come first and the papers follow"),
    "JB": Text("由医院办理", "the hospital applies"),
    "LM": Text("由救助站办理", "the rescue station does it"),
    "GL": Text("不便出门的可代办", "somebody may apply for those who cannot go out"),
    "SW": Text("不公示，保护孩子隐私", "never posted: protect the child's privacy"),
    "GE": Text("不公示，保护孩子隐私", "never posted: protect the child's privacy"),
    "JM": Text("困难群体可由政府代缴", "the premium may be paid for hard-up people"),
    "JM-DJ": Text("可由政府代缴最低档次", "the least premium may be paid by government"),
}
"""What a visitor should know of a programme and cannot look at."""
PAPERWORK: Final = frozenset({_PAPERS, _ACCOUNT, _CONSENT})
"""Needed for any application: verified last, for it tells nothing of how the household is."""
MOST_CHECKS: Final = 5
"""Things to verify at one visit, whatever is offered."""


def checks_at(codes: Sequence[str]) -> list[tuple[Text, ...]]:
    """What to verify for each of the programmes offered, together at most five, the most telling first.

    The first thing of each programme comes before the second of any; what several ask for is verified once, under
    the first; papers, account and consent only where there is room.
    """
    asked = [
        (text in PAPERWORK, nth, place, text)
        for place, code in enumerate(codes)
        for nth, text in enumerate(checks(code))
    ]
    first: dict[Text, int] = {}
    for _, _, place, text in sorted(asked, key=lambda each: each[:3]):
        if len(first) < MOST_CHECKS:
            first.setdefault(text, place)
    return [tuple(text for text in checks(code) if first.get(text) == place) for place, code in enumerate(codes)]


def programme_name(code: str) -> Text:
    """The name of a programme; a code of a local pack that has no name here stands for itself."""
    return PROGRAMMES.get(code, same(code))


def checks(code: str) -> tuple[Text, ...]:
    """What to verify at the door for a programme, at most five; two general things for one we do not know."""
    return CHECKS.get(code, (_WHO, _PAPERS))
