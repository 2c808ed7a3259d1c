"""Layer × category in words: one line for a card, and the reasons behind it."""

from collections.abc import Mapping
from typing import Any, Final

from outreach.codelists import DEPTHS, GRADES, KINDS, UNTOLD
from outreach.layers import kind_of
from outreach.vocabulary import PAID, fact_of
from outreach.wording import NOTHING, Text
from outreach.wording_month import group_name
from outreach.wording_programmes import programme_name

LABELS: Final = {
    "layer": Text("对象分层", "Layer"),
    "kinds": Text("需求分类", "Needs"),
    "grade": Text("服务分级", "Service"),
    "open": Text("还不能排除", "Not ruled out"),
    "because": Text("依据", "Because"),
}
BASES: Final = {
    "recognised": Text("已认定", "recognised"),
    "likely": Text("按现有记录", "by the records"),
    "possible": Text("按现有记录可能", "possibly, by the records"),
    "event": Text("有重大变故或今年获临时救助", "a heavy event, or relief this year"),
    "none": NOTHING,
    "unknown": NOTHING,
}
SIGNALS: Final = {
    "child_alone": Text("有儿童，父母均不能抚养", "a child whom no parent can look after"),
    "child_left": Text("有儿童，父母情况不明", "a child; no record tells of parents who can look after it"),
    "helpless": Text("重度残疾，家中无劳动年龄成人", "severe disability, nobody of working age at home"),
    "elders_alone": Text("全是六十岁以上老人", "everybody there is sixty or over"),
    "disabled": Text("有人持残疾人证", "somebody holds a disability certificate"),
    "jobless": Text("有人登记失业", "somebody is registered as unemployed"),
}
"""Signals that are no fact of the rules' vocabulary."""
RULES: Final = "verdict:"


def because(name: str) -> Text:
    """A reason of a layer, a kind or a grade in words."""
    if name in SIGNALS:
        return SIGNALS[name]
    if name.startswith(RULES):
        programme = programme_name(name.removeprefix(RULES))
        return Text(f"按现有记录可能符合{programme.zh}", f"may qualify by the records: {programme.en}")
    if name.startswith(PAID):
        programme = programme_name(name.removeprefix(PAID))
        return Text(f"正在享受{programme.zh}", f"draws {programme.en}")
    fact = fact_of(name)
    return group_name("reason", name) if fact is None else Text(fact.zh, fact.en)


def layer_of(row: Mapping[str, Any]) -> Text:
    """The layer with what it rests on; where it is not told, what it is at least."""
    said = DEPTHS[row["layer"]].said
    note = BASES[row["basis"]]
    if row["layer"] == UNTOLD and row["at_least"]:
        least = DEPTHS[row["at_least"]].said
        note = Text(f"可能是{least.zh}或更困难", f"may be {least.en} or deeper")
    if row["deeper"]:
        deeper = DEPTHS[row["deeper"]].said
        note = Text(f"{note.zh}；按现有记录是{deeper.zh}", f"{note.en}; by the records {deeper.en}")
    return Text(f"{said.zh}（{note.zh}）", f"{said.en} ({note.en})") if note.en else said


def grade_of(row: Mapping[str, Any]) -> Text:
    """The grade; where it is not told, what it is at least."""
    said = GRADES[row["grade"]].said
    if row["grade"] != UNTOLD or row["grade_at_least"] == UNTOLD:
        return said
    least = GRADES[row["grade_at_least"]].said
    return Text(f"{said.zh}（不低于{least.zh}）", f"{said.en} (no lower than {least.en})")


def kinds_of(codes: list[str]) -> Text:
    """Kinds of hardship, one after the other."""
    return Text("、", ", ").join(KINDS[code].said for code in codes)


def kinds_because(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The kinds of a row, each with its reasons; that which is to be learnt has none."""
    return [(code, [name for name in row["kinds_because"] if kind_of(name) == code]) for code in row["kinds"]]


def one_line(row: Mapping[str, Any]) -> Text:
    """Layer, kinds and grade of a row of ``layers.LAYERS_SCHEMA`` in one line."""
    layer, kinds, grade = layer_of(row), kinds_of(row["kinds"]), grade_of(row)
    return Text("；", "; ").join((layer, kinds, grade))
