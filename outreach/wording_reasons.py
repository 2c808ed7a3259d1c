"""Reasons in words: one curated entry per feature concept, and a fact from the column that weighed most.

A reason says what the records hold ("近3月收入降幅：约 45%") and what can be checked at the door. Marital status,
migration, detention and the ages of adults are never said: their concept's general sentence stands instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Final

from features.feature import Feature
from outreach.wording import UNKNOWN, Currency, Text, counted, money, percent, times


@dataclass(frozen=True)
class ConceptText:
    """A concept: its heading, what to say where no figure may be said, and what to check at the door."""

    heading: Text
    general: Text
    check: Text


@dataclass(frozen=True)
class Reason:
    """A reason as it is shown: heading, fact, and what to check at the door."""

    concept: str
    heading: Text
    fact: Text
    check: Text


CONCEPTS: Final[dict[str, ConceptText]] = {
    "income_level": ConceptText(
        Text("收入水平", "Level of income"),
        Text("登记的收入偏低", "The income on record is low"),
        Text("现在每月有哪些收入，有没有没登记的", "What comes in each month now, and is any of it not on record"),
    ),
    "income_change": ConceptText(
        Text("收入变化", "Change of income"),
        Text("登记的收入近来变少或不稳", "The income on record has fallen or become unsteady"),
        Text("收入何时变少、为什么", "Since when and why there is less"),
    ),
    "income_mix": ConceptText(
        Text("收入来源", "Where income comes from"),
        Text("收入来源的构成较为脆弱", "The sources of income are fragile"),
        Text("主要靠什么生活，来源是否稳定", "What the household lives on, and whether it is steady"),
    ),
    "earners": ConceptText(
        Text("挣钱的人", "Who earns"),
        Text("挣钱的人少，或没有收入记录", "Few earn, or their income is not on record"),
        Text("家里现在谁在挣钱", "Who in the household earns now"),
    ),
    "work": ConceptText(
        Text("就业", "Work"),
        Text("在业情况不足以养家", "Work hardly carries the household"),
        Text("家里谁有工作，每周做多少", "Who has work, and how much of it"),
    ),
    "employment_form": ConceptText(
        Text("就业形式", "Kind of work"),
        Text("就业形式不够稳定", "The kind of work is unsteady"),
        Text("有没有合同和社保", "Is there a contract and social insurance"),
    ),
    "work_loss": ConceptText(
        Text("失去工作", "Loss of work"),
        Text("近来有人失去工作或断缴社保", "Somebody lost work or stopped contributing lately"),
        Text(
            "是否已失业、有没有领失业保险金",
            "Whether somebody is out of work, and whether unemployment benefit is paid",
        ),
    ),
    "medical_burden": ConceptText(
        Text("医疗负担", "Burden of medical costs"),
        Text("自付的医疗费较重", "Medical costs paid by the household are heavy"),
        Text("近一年看病自己花了多少，报销了没有", "What was paid for care this year, and was it reimbursed"),
    ),
    "illness": ConceptText(
        Text("疾病", "Illness"),
        Text("家中有人患病需要照料", "Somebody is ill and needs care"),
        Text("谁在看病，由谁照料", "Who is being treated, and who cares for them"),
    ),
    "disability": ConceptText(
        Text("残疾", "Disability"),
        Text("家中有残疾人", "A member has a disability"),
        Text("是否办证、需要哪些照料", "Is there a certificate, and what care is needed"),
    ),
    "dependants": ConceptText(
        Text("抚养负担", "Dependants"),
        Text("要供养的人多，能劳动的人少", "Many to provide for, few who can work"),
        Text("孩子和需要照料的人由谁照顾", "Who looks after the children and those who need care"),
    ),
    "elders": ConceptText(
        Text("老年人", "Elders"),
        Text("家中老人需要留意", "The elders of the household need attention"),
        Text("老人身体怎样，有没有养老金和照应", "How they are, whether there is a pension and somebody near"),
    ),
    "composition": ConceptText(
        Text("家庭构成", "Who lives together"),
        Text("这样构成的家庭往往负担较重", "Households made up like this one often carry more"),
        Text("现在有哪些人一起生活", "Who lives together now"),
    ),
    "education": ConceptText(
        Text("受教育情况", "Schooling"),
        Text("成年人受教育年限较短，找工作较难", "Short schooling makes work harder to find"),
        Text("是否需要就业或技能培训", "Is help with work or training wanted"),
    ),
    "schooling": ConceptText(
        Text("上学负担", "Costs of school"),
        Text("上学的开支较重", "Costs of schooling are heavy"),
        Text("谁在上学，学费和生活费怎么解决", "Who is at school, and how it is paid for"),
    ),
    "dwelling": ConceptText(
        Text("住房", "Dwelling"),
        Text("住房条件较差或要付房租", "The dwelling is poor or rented"),
        Text("看房屋是否安全，是否付房租", "Is the house safe, and is rent paid"),
    ),
    "support": ConceptText(
        Text("救助情况", "Assistance"),
        Text("救助情况近来有变化", "The assistance received has changed"),
        Text("现在领哪些补助，停了哪些、为什么", "What is received now, what stopped and why"),
    ),
    "support_lost": ConceptText(
        Text("救助停发或未批", "Assistance ended or refused"),
        Text("近来有救助停发，或申请没有通过", "Assistance has ended lately, or an application was refused"),
        Text("停发或未批的原因，情况有没有变化", "Why it ended or was refused, and what has changed since"),
    ),
    "insurance": ConceptText(
        Text("参保", "Insurance"),
        Text("参保中断或没有参保", "Insurance has lapsed or is missing"),
        Text("医保和养老保险是否在缴", "Are medical and pension insurance being paid"),
    ),
    "events": ConceptText(
        Text("家庭变故", "Events"),
        Text("近来家中有变故", "Something has happened in the household lately"),
        Text("发生了什么，眼下最难的是什么", "What happened, and what is hardest now"),
    ),
    "arrears": ConceptText(
        Text("水电气", "Electricity, water and gas"),
        Text("水电气用量下降或有欠费", "Use has fallen, or bills are unpaid"),
        Text("是否断水断电，家里是否有人", "Is supply cut, and is somebody at home"),
    ),
    "neighbourhood": ConceptText(
        Text("与邻里相比", "Beside the neighbours"),
        Text("比附近同类家庭困难", "Worse off than similar households near by"),
        Text("与周围人家相比生活怎样", "How life compares with households around"),
    ),
}

UNSAID: Final = frozenset(
    {
        "adult_age_mean",
        "detention_decayed",
        "event_score",
        "family_break_decayed",
        "head_age",
        "head_has_partner",
        "head_is_divorced",
        "head_is_widowed",
        "head_never_married",
        "migrant_share",
    }
)
"""Columns whose value is never shown to anybody at a door."""

Words = Callable[[float, Currency], Text]


def _things(zh: str, one: str, many: str) -> Words:
    return lambda value, _: counted(value, zh, one, many)


def _graded(value: float, _: Currency) -> Text:
    grade = "ABCD"[min(3, max(0, int(value)))]
    return Text(f"{grade} 级", f"grade {grade}")


def _slope(value: float, _: Currency) -> Text:
    shown = percent(abs(value))
    if value < 0:
        return Text(f"平均每月降{shown.zh}", f"falling by {shown.en} a month")
    return Text(f"平均每月升{shown.zh}", f"rising by {shown.en} a month")


def _per(zh: str, en: str) -> Words:
    def words(value: float, currency: Currency) -> Text:
        amount = money(value, currency)
        return Text(f"{zh}{amount.zh}", f"{amount.en} {en}")

    return words


def _faded(value: float, _: Currency) -> Text:
    if value <= 0:
        return Text("无", "none")
    return Text("最近", "recently") if value >= 0.5 else Text("有一段时间了", "some time ago")


def _share(value: float, _: Currency) -> Text:
    return percent(value)


def _ratio(value: float, _: Currency) -> Text:
    return times(value)


def _of_median(value: float, _: Currency) -> Text:
    if value == 0:
        return Text("无", "none")
    shown = percent(abs(value))
    if value < 0:
        return Text(f"亏损，相当于当地收入中位数的{shown.zh}", f"a loss of {shown.en} of the local median income")
    return Text(f"相当于当地收入中位数的{shown.zh}", f"{shown.en} of the local median income")


def _yes_no(value: float, _: Currency) -> Text:
    return Text("是", "yes") if value >= 0.5 else Text("否", "no")


UNITS: Final[dict[str, Words]] = {
    "0/1": _yes_no,
    "admissions": _things("次", "admission", "admissions"),
    "adults": _things("人", "adult", "adults"),
    "days": _things("天", "day", "days"),
    "decayed events": _faded,
    "events": _things("件", "event", "events"),
    "grade 0-3": _graded,
    "hours": _things("小时", "hour", "hours"),
    "jobs": _things("份", "job", "jobs"),
    "kinds": _things("种", "kind", "kinds"),
    "m2": _things("平方米", "m²", "m²"),
    "minor units/month": _per("每月", "a month"),
    "minor units/year": _per("每年", "a year"),
    "months": _things("个月", "month", "months"),
    "mu": _things("亩", "mu", "mu"),
    "payments": _things("次", "payment", "payments"),
    "persons": _things("人", "person", "persons"),
    "programmes": _things("项", "programme", "programmes"),
    "ratio": _ratio,
    "share": _share,
    "share of the line": _share,
    "share of the mean": _share,
    "share of the mean/month": _slope,
    "share of the median income": _of_median,
    "spells": _things("次", "spell", "spells"),
    "visits": _things("次", "visit", "visits"),
    "weighted events": _faded,
    "years": _things("年", "year", "years"),
}
"""How a value of each unit is said; a test asks for every unit of the catalogue."""


def reason(feature: Feature, value: float | None, currency: Currency) -> Reason:
    """The reason of a concept, with the fact of its leading column. A null value is said as such, not as zero."""
    text = CONCEPTS[feature.concept]
    return Reason(feature.concept, text.heading, _fact(feature, value, text, currency), text.check)


def _fact(feature: Feature, value: float | None, text: ConceptText, currency: Currency) -> Text:
    if feature.name in UNSAID:
        return text.general
    known = value is not None and isfinite(value)
    if known and feature.unit == "0/1" and value == 1:
        return Text(feature.label_zh, feature.label_en)
    said = UNITS[feature.unit](value, currency) if known and value is not None else UNKNOWN
    return Text(f"{feature.label_zh}：{said.zh}", f"{feature.label_en}: {said.en}")
