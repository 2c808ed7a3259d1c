"""The page of one household in words: the ten parts, figures as they stand on record, and what was suggested.

For the desk of a reviewer: figures are exact here, where a card at a door rounds them.
"""

from math import isfinite
from typing import Final

from features.feature import Feature
from outreach.vocabulary import fact_of
from outreach.wording import UNKNOWN, Currency, Text, same

PARTS: Final = (
    Text("文书头", "What this page is"),
    Text("对象", "Who it is about"),
    Text("结论类别", "What was found and suggested"),
    Text("为什么（规则）", "Why, by the rules"),
    Text("为什么（评分）", "Why, by the score"),
    Text("证据与时效", "Evidence and its age"),
    Text("不确定与反证", "What is uncertain, and what speaks against it"),
    Text("家庭自述", "What the household says"),
    Text("同类对照", "Households like this one"),
    Text("处置记录", "What was done"),
)
TITLE: Final = Text("一户说明", "One household explained")
NOT_A_DECISION: Final = Text(
    "这是说明，不是决定：评分只用来安排先去看谁，不决定任何待遇。救助由人依法审核确认；"
    "家庭可以要求说明理由、更正信息、不参加自动排序。",
    "This explains; it decides nothing. The score only says whom to visit first. People decide by law, and the "
    "household may ask for reasons, have facts corrected, or not be ranked at all.",
)
FOR_THE_REVIEWER: Final = Text(
    "供复核人员使用，内含个人信息：不得公示，不得交给走访人员代替名单，用后收回。",
    "For the reviewer. Holds personal facts: never posted, never given to a visitor in place of the list.",
)

ACTIONS: Final[dict[str, Text]] = {
    "visit": Text("先访视：到家里看，再说别的", "Visit first: see the household, then the rest"),
    "accept": Text("先受理：帮助申请，手续从简", "Accept an application first: help them apply"),
    "compare": Text(
        "先比对：各来源说法不一，先与部门核对，再上门",
        "Compare data first: sources disagree; settle it with the departments, then visit",
    ),
    "none": Text("今晚不安排走访", "No visit from this night"),
}
CLASSES: Final[dict[str, Text]] = {
    "GAP": Text("保障缺位（可能漏享）", "GAP: may be missing a programme"),
    "EV": Text("突发变故", "EV: something has happened"),
    "CLIFF": Text("刚过标准线（陡坡）", "CLIFF: just above a line"),
    "MIS": Text("保障错位", "MIS: misplaced coverage"),
    "DUP": Text("重复保障", "DUP: paid twice"),
    "none": Text("没有规则提示", "no rule found anything"),
}
OUTCOMES: Final[dict[str, Text]] = {
    "pass": Text("符合", "met"),
    "near": Text("在误差范围内，须核实", "within the margin of error: to verify"),
    "fail": Text("不符合", "not met"),
    "unknown": Text("没有记录，无法判断", "nothing on record: cannot be judged"),
    "verify": Text("申请并授权后再核实", "to verify after application and consent"),
}
MEASURED: Final[dict[str, Text]] = {
    "years": Text("{:g} 岁", "{:g} years"),
    "level": Text("{:g} 级", "level {:g}"),
    "days": Text("{:g} 天", "{:g} days"),
    "months": Text("{:g} 个月", "{:g} months"),
    "m2": Text("{:g} 平方米", "{:g} square metres"),
}
OPERATORS: Final[dict[str, Text]] = {
    "<": Text("低于", "below"),
    "<=": Text("不超过", "at most"),
    ">": Text("高于", "above"),
    ">=": Text("不低于", "at least"),
    "==": Text("等于", "is"),
    "!=": Text("不等于", "is not"),
}
HOUSEHOLD_TYPES: Final[dict[str, Text]] = {
    "lone_elder": Text("独居老人", "elder living alone"),
    "elders_only": Text("全为老人", "elders only"),
    "skip_generation": Text("隔代家庭", "grandparents and grandchildren"),
    "single_parent": Text("单亲家庭", "single parent"),
    "with_children": Text("有未成年人", "with children"),
    "other": Text("其他家庭", "other"),
}
AREA_KINDS: Final[dict[str, Text]] = {"urban": Text("城镇", "urban"), "rural": Text("农村", "rural")}
SIMILAR: Final[dict[str, tuple[Text, Text]]] = {
    "has_elder": (Text("有老人", "with an elder"), Text("没有老人", "without elders")),
    "has_child": (Text("有未成年人", "with children"), Text("没有未成年人", "without children")),
    "has_disabled": (Text("有持证残疾人", "with a certified disability"), Text("没有持证残疾人", "without one")),
    "is_migrant": (Text("户籍在外地", "registered elsewhere"), Text("户籍在本地", "registered here")),
}
NEVER_USED: Final = (
    Text(
        "须申请并授权后才能查的：银行存款、证券、商业保险、车辆、不动产、个税明细、公积金",
        "Only after an application and with consent: bank accounts, securities, insurance, vehicles, property, tax "
        "detail, housing fund",
    ),
    Text(
        "从不用来评分的：性别、民族、宗教、外貌、行踪、通话和文字内容",
        "Never in a score: sex, ethnicity, religion, appearance, whereabouts, what anybody said or wrote",
    ),
)
CONFLICTS: Final[dict[str, Text]] = {
    "wage_without_job": Text(
        "收入来源里有工资，就业来源里没有人在业", "Wages on record, but nobody on record as working"
    ),
    "job_without_wage": Text(
        "就业来源里有人有劳动合同，但三个月以上没有工资记录",
        "Somebody has a contract of work, but no wage has been on record for three months or more",
    ),
    "care_without_cover": Text(
        "有自付医疗费，但没有任何人的参保记录", "Costs of care on record, but nobody on record as insured"
    ),
    "unemployed_at_work": Text(
        "户主在业，同时家里有人在领失业保险金", "The head works while unemployment benefit is in payment"
    ),
}
OBJECTIONS: Final[dict[str, Text]] = {
    "open": Text("已提出，未决定", "open"),
    "upheld": Text("成立：不再参加自动排序", "upheld: no longer ranked"),
    "dismissed": Text("不成立", "dismissed"),
}
ITEM_STATES: Final[dict[str, Text]] = {
    "drafted": Text("等待发布", "waits to be released"),
    "open": Text("等待走访", "waits for a visit"),
    "escalated": Text("已上报", "escalated"),
    "done": Text("已办结", "done"),
    "withdrawn": Text("已撤下", "taken off"),
    "superseded": Text("已被新名单代替", "replaced by a later list"),
}
NOT_TESTED: Final = Text(
    "没有保存这个模型检验时的结果，说不出区间。",
    "No rows of this model's test are kept, so no interval can be given.",
)
NOT_RANKED: Final = Text(
    "这户对自动排序提出了异议：下面的评分当晚没有用来排序。",
    "This household objects to being ranked: the score below was not used for its place.",
)
RANK_HIDDEN: Final = Text(
    "按当晚的政策，走访人员看不到评分和名次：这一页不显示。",
    "By the policy of this night no visitor is shown a score or a place: this page leaves them out.",
)
RECORDS_GONE: Final = Text(
    "名单日之后，有些记录因期限届满或应要求已删除：第 6 部分只数现在还有的。",
    "Since that night records have been removed, being past their time or on request: part 6 counts what is left.",
)
CHANGE_STATES: Final[dict[str, Text]] = {
    "lowest": Text("已在最低一档", "in the lowest band already"),
    "nothing": Text("记录里没有可以现实改变的事项", "no fact on record could realistically be changed"),
    "none": Text("试过的改变都不够", "nothing that was tried would be enough"),
    "unknown": Text(
        "当晚的记录现在已不完整，算不出原来的数值，因此没有试",
        "the records are no longer those of that night, so nothing was tried",
    ),
}
LEVERS: Final[dict[str, Text]] = {
    "job": Text(
        "一名有劳动能力的成年人有了工作，月工资 {amount}", "one adult of working age has work at {amount} a month"
    ),
    "raise": Text("在职成员的劳动收入升到每月 {amount}", "the members in work earn {amount} a month"),
    "bill": Text("自付最多的一笔医疗费（{amount}）得到救助", "the costliest bill of care ({amount}) is covered"),
    "bills": Text(
        "近一年自付医疗费（{amount}）全部得到救助", "all own payments for care of the year ({amount}) are covered"
    ),
    "enrol": Text("没有医保的成员全部参保", "the members without health cover are enrolled"),
    "arrears": Text("欠的水电气费付清", "unpaid utility bills are settled"),
    "house": Text("危房得到改造", "the unsafe house is made safe"),
    "fees": Text("学费由助学金承担", "school fees are carried by student aid"),
}


def fact_name(fact: str | None) -> Text:
    """What a condition of a rule looks at; a programme in payment by its code."""
    if fact is None:
        return Text("", "")
    known = fact_of(fact)
    return same(fact) if known is None else Text(known.zh, known.en)


def fact_value(fact: str | None, value: float | None, currency: Currency) -> Text:
    """A value of a rule's condition as it stands on record; nothing known is said as such."""
    if value is None or not isfinite(value):
        return UNKNOWN
    known = fact_of(fact or "")
    dimension = "flag" if known is None else known.dimension
    if dimension in ("money", "money/month"):
        shown = exact_money(value, currency)
        month = dimension == "money/month"
        return Text(f"每月 {shown.zh}", f"{shown.en} a month") if month else shown
    if dimension == "flag":
        return Text("是", "yes") if value >= 0.5 else Text("否", "no")
    if dimension in MEASURED:
        said = MEASURED[dimension]
        return Text(said.zh.format(value), said.en.format(value))
    return same(f"{value:.1%}" if dimension == "ratio" else f"{value:g}")


def exact_money(minor: float, currency: Currency) -> Text:
    """An amount to the main unit, unrounded beyond it: 1,226 元 / 1,226 yuan."""
    main = minor / currency.minor_units
    shown = f"{main:,.0f}"
    return Text(f"{shown} {currency.zh}", f"{shown} {currency.en}")


def column_value(feature: Feature, value: float | None, currency: Currency) -> Text:
    """A column's value for the desk: shares as per cents with a decimal, money exactly, nothing known as such."""
    if value is None or not isfinite(value):
        return UNKNOWN
    unit = feature.unit
    if unit.startswith("minor units"):
        shown = exact_money(value, currency)
        per = Text("每月 ", " a month") if unit.endswith("month") else Text("每年 ", " a year")
        return Text(f"{per.zh}{shown.zh}", f"{shown.en}{per.en}")
    if unit == "0/1":
        return Text("是", "yes") if value >= 0.5 else Text("否", "no")
    if unit == "grade 0-3":
        grade = "ABCD"[min(3, max(0, int(value)))]
        return Text(f"{grade} 级", f"grade {grade}")
    if unit == "ratio" or unit.startswith("share"):
        return same(f"{value:.1%}")
    return same(f"{value:,.2f}".rstrip("0").rstrip("."))


def of_hundred_exact(probability: float) -> Text:
    """A probability for the desk, in per cent with a decimal."""
    return same(f"{probability:.1%}")


def disputed(about: Text) -> Text:
    """A part of the records is contested: what that means for the page."""
    return Text(
        f"“{about.zh}”正在核实异议：当晚按未知处理，既不作有利也不作不利的依据（规则、评分和理由都没有用它）",
        f"{about.en} on record is contested: the night took it as unknown, as news of no kind (rules, "
        "score and reasons did without it)",
    )
