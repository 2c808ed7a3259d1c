"""Reviews of what may not fit or be drawn twice: which conclusions there are, and what they need.

A review stops and lowers no payment. No conclusion is recorded before the household was heard, except in its
favour: that nothing is wrong with what it draws, that the record is wrong, or that it is owed more.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from outreach.lifecycle import Actor, step
from outreach.wording import Text

CONCLUSIONS: Final = ("confirmed", "not_confirmed", "data_wrong")
HEARD_HOW: Final = ("home", "phone", "office", "writing")
QUIET_DAYS: Final = 180
"""A finding on which somebody has concluded opens no new review for half a year: the records follow later."""
OF_VISIT: Final[Mapping[str, str]] = {"V21": "MIS-", "V22": "DUP-"}
"""Which findings a visit has confirmed; where none is under review, it opens one under its own code."""
SETTLED_BY: Final[Mapping[str, str]] = {"V20": "MIS-"}
"""In benefit, and the missing item was added: what may not have fitted is concluded in the household's favour."""
NOTICE: Final = Text(
    "这是复核事项，不停发、不减发任何待遇；听取家庭意见之前，不得作出不利结论",
    "this is a review: it stops and lowers no payment, and nothing is concluded against a household that was not "
    "heard",
)
STATES: Final[Mapping[str, Text]] = {
    "open": Text("待听取意见", "the household is to be heard"),
    "heard": Text("已听取意见，待结论", "heard, to be concluded"),
    "confirmed": Text("情况属实", "confirmed"),
    "not_confirmed": Text("情况不属实", "not confirmed"),
    "data_wrong": Text("数据有误", "the data are wrong"),
    "cancelled": Text("已撤销", "cancelled"),
}
HOW: Final[Mapping[str, Text]] = {
    "home": Text("入户", "at the home"),
    "phone": Text("电话", "by phone"),
    "office": Text("窗口", "at the office"),
    "writing": Text("书面", "in writing"),
}


class NotHeardError(ValueError):
    """A conclusion against a household that was not heard."""


def concluded(state: str, conclusion: str, *, favour: bool, heard_on: date | None, who: Actor, reason: str) -> str:
    """The state after a conclusion. Raises ``NotHeardError`` or ``StepError``."""
    step("review", state, conclusion, who, reason)
    if conclusion == "confirmed" and not favour and heard_on is None:
        raise NotHeardError
    return conclusion


def in_favour(conclusion: str, *, owed_more: bool) -> bool:
    """Whether a conclusion takes nothing from the household."""
    return conclusion != "confirmed" or owed_more
