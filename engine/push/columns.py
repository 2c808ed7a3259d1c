"""The columns of a list: one order and one set of headings for the page and the spreadsheet."""

from dataclasses import dataclass
from typing import Final

from engine.push.cards import Card, VisitList
from engine.push.why import Suggestion, Why
from outreach import wording_casework as casework
from outreach.permissions import Sensitivity
from outreach.wording import NOTHING, Text, day, same, sentence


@dataclass(frozen=True)
class Column:
    """A column: its key, heading, width in characters on the sheet, its class, whether the visitor fills it in.

    The class (``permissions.Sensitivity``) says who may read it: a list holds all of them, so that it is for the
    caseworker whose households are on it and for nobody else.
    """

    key: str
    heading: Text
    width: int
    sensitivity: Sensitivity = "social"
    to_fill: bool = False


COLUMNS: Final = (
    Column("rank", Text("序号", "No."), 6, "none"),
    Column("name", Text("户主", "Name"), 12, "identity"),
    Column("lane", Text("类别", "Kind of visit"), 18),
    Column("due", Text("最迟", "Due"), 16, "none"),
    Column("address", Text("住址", "Address"), 30, "identity"),
    Column("group", Text("走访组", "Route group"), 22),
    Column("phone", Text("电话", "Phone"), 16, "identity"),
    Column("contact", Text("怎么联系", "How to make contact"), 22, "private"),
    Column("needs", Text("特别注意", "Take care"), 26, "private"),
    Column("composition", Text("家庭成员", "Household"), 34),
    Column("last_contact", Text("上次走访", "Last contact"), 22),
    Column("why", Text("电脑为什么建议走访", "Why the computer suggests a visit"), 60, "private"),
    Column("changed", Text("有什么变化", "What has changed"), 28, "private"),
    Column("chances", Text("可能性", "How likely"), 34),
    Column("layer", Text("分层分类", "Layer and needs"), 30, "private"),
    Column("programmes", Text("可以提供的政策和要核实的事", "Programmes, and what to verify"), 60, "private"),
    Column("consent", Text("核对授权", "Consent to checks"), 22),
    Column("household_no", Text("户编号", "Household no."), 16),
    Column("item_no", Text("编号", "Item no."), 14),
    Column("owner", Text("经办人", "Owner"), 12, "none"),
    Column("outcome", Text("走访结果", "Outcome"), 20, to_fill=True),
    Column("visited_on", Text("走访日期", "Visited on"), 14, to_fill=True),
    Column("contact_made", Text("联系方式", "Contact"), 14, to_fill=True),
    Column("minutes", Text("用时（分钟）", "Minutes"), 12, to_fill=True),
    Column("hindrance", Text("未能走访，因为……", "Could not visit because…"), 20, to_fill=True),
    Column("about", Text("转介部门或有误的信息", "Referred to, or what is wrong"), 22, to_fill=True),
    Column("notes", Text("备注（可不填）", "Notes (optional)"), 30, "private", to_fill=True),
    Column("signatures", Text("走访人签名（两人）", "Signed by two visitors"), 24, to_fill=True),
)

CHECK: Final = Text("核实：", "Check: ")
NONE_SUGGESTED: Final = Text("按现有记录没有；请听家庭自己怎么说", "None by what is on record; hear what they say")
TITLE: Final = Text("走访名单", "Visit list")
LINES: Final = Text("\n", "\n")


def values(card: Card) -> dict[str, Text]:
    """What each column holds for a household; empty where the visitor fills it in."""
    return {
        "rank": same(str(card.rank)),
        "name": card.name,
        "lane": card.lane,
        "due": card.due,
        "address": card.address,
        "group": card.group,
        "phone": same(card.phone),
        "contact": card.contact,
        "needs": LINES.join(card.needs),
        "why": LINES.join(_why(line) for line in card.why),
        "changed": card.changed,
        "chances": LINES.join(card.chances),
        "layer": card.layer,
        "last_contact": card.last_contact,
        "owner": card.owner,
        "programmes": LINES.join(_programme(s) for s in card.suggestions) if card.suggestions else NONE_SUGGESTED,
        "composition": card.composition,
        "consent": card.consent,
        "household_no": same(card.household_no),
        "item_no": same(card.item_no),
        **{column.key: NOTHING for column in COLUMNS if column.to_fill},
    }


def _why(line: Why) -> Text:
    if line.check == NOTHING:
        return line.said
    return Text(
        f"{line.said.zh}。{CHECK.zh}{line.check.zh}",
        f"{line.said.en}. {CHECK.en}{line.check.en}",
    )


def _programme(suggestion: Suggestion) -> Text:
    head = sentence(headline(suggestion))
    if not suggestion.checks:
        return head
    steps = Text("；", "; ").join(suggestion.checks)
    return Text(f"{head.zh}。{CHECK.zh}{steps.zh}", f"{head.en}. {CHECK.en}{steps.en}")


def headline(suggestion: Suggestion) -> Text:
    """A programme in one line: name, for whom, how sure, how much a month, a hint."""
    parts = [suggestion.name, suggestion.who, suggestion.verdict, suggestion.amount, suggestion.hint]
    return Text(
        "，".join(part.zh for part in parts if part != NOTHING),
        ", ".join(part.en for part in parts if part != NOTHING),
    )


def head_of(visits: VisitList) -> tuple[Text, ...]:
    """What the list is, for whom, from which run: the lines above the table, the same on page and sheet."""
    run, worker = visits.run, visits.caseworker
    areas = Text("、", ", ").join(visits.areas)
    models = [same(m) for m in (run.relative_poverty_model, run.emergency_model) if m is not None]
    model = Text("、", ", ").join(models) if models else Text("无", "none")
    when, week = day(run.business_date), day(visits.week)
    held = (len(visits.cards), worker.capacity_week)
    return (
        Text(
            f"{worker.name.zh} · {areas.zh} · {week.zh}起的一周",
            f"{worker.name.en} · {areas.en} · week from {week.en}",
        ),
        Text(f"名单 {held[0]} 户，每周可走访 {held[1]} 户", f"{held[0]} households; a week holds {held[1]} visits"),
        Text(
            f"{when.zh}生成，运行号 {run.run_id}；模型 {model.zh}；政策 {run.policy_id}；程序 {run.code_version}",
            f"Made {when.en}, run {run.run_id}; model {model.en}; policy {run.policy_id}; code {run.code_version}",
        ),
    )


def foot_of(visits: VisitList) -> tuple[Text, ...]:
    """What a list is, that it decides nothing, how to treat it, and whom to object to."""
    return (
        casework.WHAT_IT_IS,
        casework.WHAT_IT_DECIDES,
        casework.DISCRETION,
        casework.KEEP_SAFE,
        visits.run.objections,
    )
