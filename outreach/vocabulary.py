"""The closed words that programme packs may use: facts with their dimension, units, marks, verdicts."""

from dataclasses import dataclass
from typing import Final, Literal

Dimension = Literal["money/month", "money", "years", "months", "days", "ratio", "flag", "level", "count", "m2"]

MARKS: Final = ("found", "recalled", "proposed", "derived")
"""Where a value comes from: found in a source, recalled and not verified, proposed by us, derived by arithmetic."""

VERDICTS: Final = ("eligible_likely", "eligible_possible", "not_eligible", "in_payment", "insufficient_data")
LEVELS: Final = ("national", "province", "prefecture", "county")
LAYERS: Final = ("basic_living", "emergency", "special", "categorical", "insurance")
MECHANISMS: Final = ("rescue", "insurance", "welfare")
AUTHORITIES: Final = ("MZ", "YB", "JY", "ZJ", "RS", "YJ", "WJ", "NY", "CL", "SW", "GA")
PLAIN_UNITS: Final[dict[str, Dimension]] = {
    "years": "years",
    "months": "months",
    "days": "days",
    "ratio": "ratio",
    "flag": "flag",
    "level": "level",
    "count": "count",
    "m2": "m2",
}


@dataclass(frozen=True)
class Fact:
    """A fact that a condition may name.

    ``unit`` is H for a household's fact (a person's condition may use it too), P for a person's. A fact with a
    spread has the columns ``<name>_low`` and ``<name>_high``: how far the records let it reach. ``source`` is the
    kind of record it is read from; the date of that source is the column ``date_<source>``. A bound that no record
    tells is null: the fact may lie anywhere beyond the other one.
    """

    unit: Literal["H", "P"]
    dimension: Dimension
    source: str
    zh: str
    en: str
    spread: bool = False


FACTS: Final[dict[str, Fact]] = {
    "pc_income": Fact(
        "H", "money/month", "income", "家庭月人均收入", "monthly household income per counted member", spread=True
    ),
    "members_counted": Fact("H", "count", "member", "共同生活的家庭成员数", "counted co-living family members"),
    "db_top_up": Fact(
        "H",
        "money/month",
        "disability",
        "分类施保增发金额",
        "classified top-up of all counted members",
        spread=True,
    ),
    "age": Fact("P", "years", "member", "周岁年龄", "age in completed years", spread=True),
    "hukou_here": Fact("P", "flag", "member", "户籍在本县", "household registration in this county"),
    "has_certificate": Fact("P", "flag", "disability", "持有效残疾人证", "holds a disability certificate in force"),
    "disability_level": Fact("P", "level", "disability", "残疾等级", "disability level (1 most severe)"),
    "disability_mental": Fact("P", "flag", "disability", "智力或精神残疾", "intellectual or mental disability"),
    "serious_illness": Fact(
        "P", "flag", "medical", "患大病（近十二个月）", "treated for a listed serious disease in the last 12 months"
    ),
    "area_rural": Fact("H", "flag", "household", "农村住户", "a rural household"),
    "medical_cost": Fact(
        "H",
        "money/month",
        "medical",
        "家庭自付医疗费（近十二个月月均）",
        "own payments for care of the household, monthly mean of 12 months",
        spread=True,
    ),
    "spending_ratio": Fact(
        "H",
        "ratio",
        "medical",
        "医疗、教育必需支出占家庭收入比例（近十二个月）",
        "essential costs of care and school over income, 12 months",
        spread=True,
    ),
    "rigid_ratio": Fact(
        "H",
        "ratio",
        "medical",
        "刚性支出占家庭收入比例（近十二个月）",
        "rigid expenditure over income, 12 months",
        spread=True,
    ),
    "income_fall": Fact("H", "ratio", "income", "近两个月收入较此前降幅", "fall of income in the last two months"),
    "sudden_event": Fact(
        "H", "flag", "event", "近期发生突发变故", "something sudden has happened within the last weeks"
    ),
    "hardship_event": Fact(
        "H", "flag", "event", "近十二个月有变故记录", "an event of hardship is on record within 12 months"
    ),
    "disaster_12m": Fact("H", "flag", "event", "近十二个月受灾", "struck by a disaster within 12 months"),
    "relief_since_event": Fact(
        "H", "flag", "benefit", "变故发生后已获临时救助", "temporary relief was paid since it happened"
    ),
    "relief_this_year": Fact(
        "H", "flag", "benefit", "本年度已获临时救助", "temporary relief was paid this calendar year"
    ),
    "severe_at_home": Fact(
        "H", "flag", "disability", "家中有一、二级残疾人", "a member holds a certificate of level 1-2"
    ),
    "serious_at_home": Fact(
        "H", "flag", "medical", "家中有大病患者", "a member was treated for a listed serious disease"
    ),
    "dwelling_area": Fact("H", "m2", "household", "人均住房面积", "floor area per person who lives there"),
    "dwelling_unsafe": Fact("H", "flag", "household", "住房为C、D级", "the dwelling is graded C or D"),
    "home_rented": Fact("H", "flag", "household", "租房或借住", "the home is rented or borrowed"),
    "public_rental": Fact("H", "flag", "household", "已住公租房", "lives in public rental housing"),
    "own_income": Fact(
        "P",
        "money/month",
        "income",
        "本人月收入（不含基础养老金）",
        "the person's own monthly income, without the basic residents' pension",
        spread=True,
    ),
    "draws_pension": Fact("P", "flag", "income", "已领取养老金", "draws a pension of any kind"),
    "disability_limb": Fact("P", "flag", "disability", "肢体残疾", "limb disability"),
    "disability_visual": Fact("P", "flag", "disability", "视力残疾", "visual disability"),
    "supporters_able": Fact(
        "P",
        "count",
        "member",
        "有履行义务能力的法定赡养、抚养、扶养人",
        "people bound by law to support the person, not known to be unable",
        spread=True,
    ),
    "parents_able": Fact(
        "P", "count", "member", "能履行抚养义务的父母", "parents who can look after the child", spread=True
    ),
    "parents_lost": Fact(
        "P",
        "count",
        "member",
        "已去世或不能履行抚养义务的父母",
        "parents who died or cannot look after the child",
        spread=True,
    ),
    "parents_dead": Fact("P", "count", "member", "已去世的父母", "parents who died", spread=True),
    "insured_medical": Fact("P", "flag", "enrolment", "基本医保在保", "covered by basic medical insurance"),
    "insured_before": Fact("P", "flag", "enrolment", "曾参加基本医保", "was covered by medical insurance before"),
    "insured_employee": Fact("P", "flag", "enrolment", "职工医保在保", "covered by employees' medical insurance"),
    "pension_enrolled": Fact("P", "flag", "enrolment", "已参加养老保险", "enrolled in a pension scheme"),
    "eligible_cost": Fact(
        "P",
        "money/month",
        "medical",
        "医保报销后政策范围内自付（近十二个月月均）",
        "costs inside the catalogue left by the insurances, monthly mean of 12 months",
        spread=True,
    ),
    "cost_left": Fact(
        "P",
        "money/month",
        "medical",
        "本人自付医疗费（近十二个月月均）",
        "own payments for care of the person, monthly mean of 12 months",
        spread=True,
    ),
    "medical_aid": Fact(
        "P", "flag", "medical", "近十二个月已获医疗救助", "medical assistance was paid in 12 months"
    ),
    "in_school": Fact("P", "flag", "schooling", "本学年在校", "at school this year"),
    "student_aid": Fact("P", "flag", "schooling", "本学年已获资助", "student aid was paid this school year"),
    "unemployed": Fact("P", "flag", "employment", "登记失业", "registered as unemployed and without work"),
    "contribution_months": Fact(
        "P", "months", "employment", "失业保险累计缴费月数", "months of contributions on record"
    ),
    "job_ended_days": Fact("P", "days", "employment", "参保工作结束天数", "days since insured work ended"),
}

PAID: Final = "paid:"


def fact_of(name: str) -> Fact | None:
    """The fact of a name; ``paid:<code>`` is a programme in payment (to the person, or to the household)."""
    if name.startswith(PAID):
        code = name.removeprefix(PAID)
        return Fact("H", "flag", "benefit", f"正在领取 {code}", f"{code} in payment")
    return FACTS.get(name)
