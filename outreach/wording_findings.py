"""Findings in words: every event trigger and every gap, with the date and the figures it rests on."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from outreach.vocabulary import FACTS
from outreach.wording import (
    NOTHING,
    Currency,
    Text,
    counted,
    day,
    line,
    money,
    month,
    percent,
    rounded,
    same,
    times,
)
from outreach.wording_programmes import programme_name

Measure = Literal["", "loss", "oop", "months", "income"]


@dataclass(frozen=True)
class Evidence:
    """The figures of a finding: minor units where they are money, each null where there is none."""

    fact: str | None = None
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class EventText:
    """An event: what happened, what to check at the door, and what its figure measures."""

    said: Text
    check: Text
    measure: Measure = ""


_ASK_COST: Final = Text(
    "近一年看病自己花了多少、还欠不欠、报销了没有",
    "What was paid for care this year, what is owed, what was reimbursed",
)
_ASK_WORK: Final = Text(
    "是否已失业，失业保险金领了没有", "Whether out of work, and whether unemployment benefit is paid"
)
_ASK_CHILD: Final = Text("孩子现在由谁照看，是否安全", "Who looks after the child now, and is the child safe")

EVENTS: Final[dict[str, EventText]] = {
    "EV-MED1": EventText(
        Text("已在保或监测，近12个月自付医疗费较高", "Known already; high own payments for care in 12 months"),
        _ASK_COST,
        "oop",
    ),
    "EV-MED2": EventText(
        Text("近12个月自付医疗费很高", "Very high own payments for care in 12 months"), _ASK_COST, "oop"
    ),
    "EV-MED3": EventText(
        Text("有人门诊或慢特病单月自付较高", "High own payments for outpatient care in one month"), _ASK_COST, "oop"
    ),
    "EV-MED4": EventText(
        Text("自付医疗费超过家庭收入能承受的程度", "Own payments for care exceed what the income can carry"),
        _ASK_COST,
        "oop",
    ),
    "EV-MED5": EventText(
        Text("一次住院自付相当于几个月的家庭收入", "One admission cost several months of income"), _ASK_COST, "oop"
    ),
    "EV-MED6": EventText(
        Text("新查出大病", "A serious disease newly diagnosed"),
        Text("治疗到哪一步，由谁照料，费用怎么解决", "How treatment stands, who cares, how it is paid for"),
    ),
    "EV-DIS": EventText(
        Text("新办或升级为重度残疾人证", "A new or raised certificate of severe disability"),
        Text("护理补贴申请了没有，需要哪些照料", "Has the care subsidy been applied for, and what care is needed"),
    ),
    "EV-JOB1": EventText(Text("工作结束或社保断缴", "Work ended, or contributions stopped"), _ASK_WORK, "months"),
    "EV-JOB2": EventText(
        Text("全家连续几个月没有任何收入记录", "No income of any kind on record for months"),
        Text("现在靠什么生活，有没有没登记的收入", "What the household lives on; is any income not on record"),
        "months",
    ),
    "EV-JOB3": EventText(
        Text("失业保险金已领完，还没有新工作", "Unemployment benefit has ended, no new job"), _ASK_WORK
    ),
    "EV-INC1": EventText(
        Text("家庭收入连续两个月大幅下降", "Household income fell sharply two months running"),
        Text("收入为什么下降，会不会恢复", "Why it fell, and whether it will recover"),
        "income",
    ),
    "EV-DTH": EventText(
        Text("家中劳动力或唯一挣钱的人去世", "A member of working age, or the only earner, has died"),
        Text("丧事费用和今后的生活怎么解决", "How the funeral and the time ahead are managed"),
    ),
    "EV-JAIL": EventText(
        Text("家中大人长期不在家，有孩子留在家里", "An adult is away for long, and a child stays behind"),
        _ASK_CHILD,
    ),
    "EV-LOST": EventText(
        Text("父母一方失去联系满六个月", "A parent has been out of contact for six months"), _ASK_CHILD
    ),
    "EV-EDU1": EventText(
        Text("义务教育阶段的孩子辍学", "A child has left compulsory school"),
        Text("为什么不上学，需要什么帮助才能返校", "Why, and what would bring the child back to school"),
    ),
    "EV-EDU2": EventText(
        Text("非义务教育费用较高", "High costs of schooling beyond the compulsory years"),
        Text("助学金、助学贷款申请了没有", "Have a grant or a student loan been applied for"),
        "oop",
    ),
    "EV-EDU3": EventText(
        Text("有成员新考上大学", "A member has newly entered university"),
        Text(
            "学费和路费怎么解决，助学贷款申请了没有", "How fees and travel are paid; is a student loan applied for"
        ),
    ),
    "EV-DSR": EventText(
        Text("因灾受损", "Loss by a disaster"),
        Text("房屋能不能住，口粮、饮水、取暖够不够", "Can the house be lived in; food, water and heating"),
        "loss",
    ),
    "EV-ACC": EventText(
        Text("火灾、交通或其他意外", "Fire, traffic or another accident"),
        Text("伤情怎样，有没有赔偿，眼下缺什么", "How the injured are, whether anyone pays, what is lacking"),
        "loss",
    ),
    "EV-HSE": EventText(
        Text("住房不安全或失去住处", "The dwelling is unsafe, or was lost"),
        Text("房屋是否还能安全居住，有没有临时住处", "Is it safe to live in; is there somewhere to stay"),
    ),
    "EV-DIV": EventText(
        Text(
            "家中要照料孩子或老人，夫妻一方离开或去世",
            "A spouse has left or died, with children or elders to care for",
        ),
        Text("孩子和老人由谁照料，生活费怎么解决", "Who cares for children and elders, and what they live on"),
    ),
    "EV-CHD": EventText(Text("孩子新近没有监护人", "A child is newly without a guardian"), _ASK_CHILD),
    "EV-BIZ": EventText(
        Text("自家经营的店铺或个体户已注销", "The household's own business has closed"),
        Text("经营停了以后靠什么收入", "What brings income since it closed"),
    ),
    "EV-INS": EventText(
        Text("居民医保断保", "Medical insurance has lapsed"),
        Text("为什么没续保，能不能补缴、能不能资助", "Why it was not renewed; can it be paid late or subsidised"),
    ),
    "EV-UTIL": EventText(
        Text("水电用量骤降或有欠费", "Use of electricity or water has collapsed, or bills are unpaid"),
        Text("人是否平安在家，是否断水断电", "Is somebody at home and well; is supply cut"),
    ),
    "EV-EXIT": EventText(
        Text("近一年退出救助", "Left assistance within the year"),
        Text("退出后生活怎样，是否又有困难", "How life has been since; has hardship come back"),
    ),
    "EV-REJ": EventText(
        Text("近一年申请未通过，但收入离标准不远", "Refused within the year, though near the line"),
        Text("情况有没有变化，是否可以再申请", "Has anything changed; could they apply again"),
    ),
    "EV-CALL": EventText(
        Text("拨打过求助热线", "Called the assistance hotline"),
        Text("求助的事解决了没有", "Has what they called about been settled"),
    ),
}


def event_text(code: str, happened_on: date | None, evidence: Evidence, currency: Currency) -> Text:
    """What happened, when, and how much: the sentence of an event on a card."""
    entry = EVENTS[code]
    said = entry.said
    if happened_on is not None:
        when = month(happened_on) if entry.measure in ("oop", "months", "income") else day(happened_on)
        said = Text(f"{said.zh}（{when.zh}）", f"{said.en} ({when.en})")
    figure = _event_figure(entry.measure, evidence, currency)
    return said if figure == NOTHING else Text(f"{said.zh}：{figure.zh}", f"{said.en}: {figure.en}")


def _event_figure(measure: Measure, evidence: Evidence, currency: Currency) -> Text:
    value, threshold = evidence.value, evidence.threshold
    if not measure or value is None:
        return NOTHING
    if measure == "months":
        return counted(value, "个月", "month", "months")
    amount = money(value, currency)
    if measure == "loss":
        return Text(f"损失{amount.zh}", f"a loss of {amount.en}")
    if measure == "income":
        return Text(f"当月{amount.zh}", f"{amount.en} in that month")
    if threshold is None or threshold <= 0:
        return Text(f"自付{amount.zh}", f"{amount.en} paid")
    limit = money(threshold, currency)
    return Text(f"自付{amount.zh}（提示线{limit.zh}）", f"{amount.en} paid (signal at {limit.en})")


def cliff_text(programme: str, lower: str, evidence: Evidence, currency: Currency) -> Text:
    """How little a household is above a line, and the next lower programme to check; it claims nothing."""
    name, check = programme_name(programme), programme_name(lower)
    said, against = money(evidence.value or 0.0, currency), money(evidence.threshold or 0.0, currency)
    return Text(
        f"人均收入{said.zh}，略高于{name.zh}的线{against.zh}：请核对{check.zh}和可扣减的支出",
        f"Income a head of {said.en}, just above the line of {name.en}, {against.en}: check {check.en}, and what "
        "may be deducted",
    )


def gap_text(programme: str, likely: bool, evidence: Evidence, currency: Currency) -> Text:
    """What a household or person may be missing, and the figure that says so."""
    name = programme_name(programme)
    how_zh, how_en = ("按现有记录符合", "by the records qualifies") if likely else ("可能符合", "may qualify")
    figure = _gap_figure(evidence, currency)
    said = Text(f"{how_zh}{name.zh}，但没有发放记录", f"{how_en} for {name.en}, none on record")
    return said if figure == NOTHING else Text(f"{said.zh}（{figure.zh}）", f"{said.en} ({figure.en})")


def _gap_figure(evidence: Evidence, currency: Currency) -> Text:
    fact = FACTS.get(evidence.fact or "")
    if fact is None or evidence.value is None:
        return NOTHING
    label = Text(fact.zh, fact.en)
    if fact.dimension == "flag":
        return label if evidence.value == 1 else NOTHING
    value, limit = evidence.value, evidence.threshold
    if fact.dimension in ("money", "money/month"):
        said = money(value, currency)
        against = NOTHING if limit is None else line(limit, currency)
    elif fact.dimension == "years":
        said, against = counted(value, "岁", "year", "years"), NOTHING
    elif fact.dimension == "level":
        said, against = Text(f"{rounded(value)} 级", str(rounded(value))), NOTHING
    elif fact.dimension == "ratio":
        said, against = times(value), NOTHING if limit is None else percent(limit)
    else:
        said, against = same(str(rounded(value))), NOTHING
    told = Text(f"{label.zh} {said.zh}", f"{label.en} {said.en}")
    return told if against == NOTHING else Text(f"{told.zh}，标准 {against.zh}", f"{told.en}, line {against.en}")
