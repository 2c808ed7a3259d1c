"""The page of a list: one self-contained file for a phone and for A4, in Chinese and English, with no network."""

from functools import cache
from typing import Any, Final

from engine.html import page
from engine.push.cards import VisitList
from engine.push.columns import CHECK, COLUMNS, TITLE, foot_of, head_of, headline, values
from outreach import wording_casework as casework
from outreach.wording import Text, sentence

FIXED: Final[dict[str, Any]] = {
    "title": TITLE,
    "check": CHECK,
    "semicolon": Text("；", "; "),
    "decides": casework.WHAT_IT_DECIDES,
    "no_phone": Text("电话没有登记", "no phone on record"),
    "no_reason": Text("没有可以说明的原因：请按例行走访进行", "No reason to state: treat it as a routine visit"),
    "nobody": Text("本周没有需要走访的家庭。", "No household to visit this week."),
    "codes_title": Text("走访结果代码", "Outcome codes"),
    "where_to_record": Text(
        "请把结果写在打印件上，或在表格的“走访结果”一列中选择。",
        "Write it on the print, or choose it in the spreadsheet.",
    ),
    "codes": casework.OUTCOMES,
    "headline": headline,
    "sentence": sentence,
    "unfold": Text("展开：上门核实什么", "Unfold: what to check"),
    "fold": Text("收起", "Fold"),
}


@cache
def _headings() -> dict[str, Text]:
    return {column.key: column.heading for column in COLUMNS}


def list_page(visits: VisitList) -> bytes:
    """The list as one HTML file: a household a card, the columns of the spreadsheet in their order."""
    return page(
        "list.html.j2",
        **FIXED,
        visits=visits,
        headings=_headings(),
        about=head_of(visits),
        foot=foot_of(visits),
        cards=[(card, values(card)) for card in visits.cards],
    )
