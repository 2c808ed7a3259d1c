"""How contact is made: at the door or by phone first, what to mind there, and whether two people go.

One table for each question, every row with its reason; all are proposals of this project but where a source stands
(the law has every check of means made by two or more: 低保审核确认办法 [L3]). What the door is chosen for is said
on the card where the visitor needs it; a rank is never said.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from outreach.wording import NOTHING, Text

GRAVE: Final = 4.0
"""The weight of an event from which nobody waits for a call."""
TOP: Final = 0.1
"""The part of all households whose scores are the top decile."""
MOST_SAID: Final = 2
"""Reasons for going to the door that a card says; the others stand under what to mind."""
CHILD_LEFT: Final = frozenset({"EV-CHD", "EV-JAIL", "EV-LOST"})
"""Events after which a child may be without a guardian."""
REFUSED: Final = frozenset({"V30", "V70"})
NOT_SAFE: Final = "V50"


@dataclass(frozen=True)
class Rule:
    """A row: what the card says of it (nothing where it would tell the rank), why the rule is, its source."""

    said: Text
    why: str
    source: str = "proposed"


DOOR: Final[dict[str, Rule]] = {
    "urgent": Rule(Text("情况紧急", "it is urgent"), "24 hours leave no time for three calls"),
    "grave_event": Rule(
        Text("近来有重大变故", "something grave has happened"), "bad news is not asked about by phone"
    ),
    "child_left": Rule(
        Text("孩子由谁照看要当面了解", "who looks after the child is asked in person"),
        "a child cannot be seen over the phone",
    ),
    "minor_alone": Rule(Text("家中只有未成年人", "only minors at home"), "a minor is not questioned by phone"),
    "lone_elder": Rule(Text("独居老人", "an elder living alone"), "whoever lives alone is seen, not only heard"),
    "severe_disability": Rule(Text("重度残疾", "a severe disability"), "everything is done at the home"),
    "hearing": Rule(Text("听力残疾", "a hearing disability"), "a call may not be heard"),
    "no_phone": Rule(Text("没有电话记录", "no phone on record"), "there is no number to call"),
    "declined_before": Rule(
        Text("以前谢绝过：当面再说明一次，不愿意就尊重", "declined before: explain once more, and respect a no"),
        "a no by phone is easily a misunderstanding",
    ),
    "top_decile": Rule(NOTHING, "the tenth of households that needs it most does not wait for an answered call"),
}
"""Whom to visit without waiting for a call, in the order in which the card says it; others are called first."""

TWO: Final[dict[str, Rule]] = {
    "minor_alone": Rule(Text("家中只有未成年人", "only minors at home"), "nobody is alone with a child"),
    "lone_elder": Rule(Text("独居老人", "an elder living alone"), "an elder alone has a witness to what was said"),
    "not_safe": Rule(
        Text("以前走访时有安全风险", "an earlier visit was not safe"),
        "nobody goes back alone to where it was not safe",
    ),
}
"""To whom two people go."""


def at_the_door(
    needs: Collection[str],
    events: Collection[tuple[str, float]],
    *,
    urgent: bool,
    has_phone: bool,
    declined: bool,
    top: bool,
) -> tuple[str, ...]:
    """The rules of ``DOOR`` that hold; none: phone first. ``events``: code and weight of each that may be said."""
    holds = {
        "urgent": urgent,
        "grave_event": any(weight >= GRAVE for _, weight in events),
        "child_left": any(code in CHILD_LEFT for code, _ in events),
        "no_phone": not has_phone,
        "declined_before": declined,
        "top_decile": top,
    }
    return tuple(code for code in DOOR if holds.get(code, code in needs))


def two_go(needs: Collection[str], *, not_safe: bool) -> tuple[str, ...]:
    """The rules of ``TWO`` that hold; none: one may go alone."""
    return tuple(code for code in TWO if (not_safe if code == "not_safe" else code in needs))


def contact_words(codes: Collection[str], *, has_phone: bool) -> Text:
    """How to make contact, in words, with what may be said of why: the first two."""
    if not codes:
        return PHONE
    parts = [DOOR[code].said for code in codes if DOOR[code].said != NOTHING][:MOST_SAID]
    first = VISIT if has_phone else VISIT_ONLY
    if not parts:
        return first
    zh, en = Text("；", "; ").join(parts).zh, Text("；", "; ").join(parts).en
    return Text(f"{first.zh}（{zh}）", f"{first.en} ({en})")


def company_words(codes: Collection[str], *, alone: bool) -> Text:
    """That two people go, and why; ``alone``: the list is one person's, who must find a second."""
    because = Text("、", ", ").join(TWO[code].said for code in codes)
    said = Text(f"两人同去（{because.zh}）", f"Two people go ({because.en})")
    if not alone:
        return said
    return Text(
        f"{said.zh}：本名单只有一人，请先约一位同事", f"{said.en}: this list is one person's; ask a colleague first"
    )


VISIT: Final = Text("直接入户，不必等电话联系上", "Go to the home, do not wait for a call")
VISIT_ONLY: Final = Text("直接入户", "Go to the home")
PHONE: Final = Text("先打电话约时间；上午、中午、晚上各试一次", "Call first; try morning, noon and evening")


def spoken_here(language: Text) -> Text:
    """What to mind in an area where another language is spoken; which language a person speaks, no source tells."""
    return Text(
        f"当地多讲{language.zh}：请会讲的人同去", f"{language.en} is spoken here: go with somebody who speaks it"
    )
