"""What the outcome of a visit does to the household's case: one table for the sixteen codes (casework.md 7.3)."""

from typing import Final

from outreach.lifecycle import BEFORE_APPLICATION

MOVES: Final[dict[str, str]] = {
    "V10": "informed",
    "V11": "application",
    "V12": "aided",
    "V13": "transferred",
    "V20": "closed",
    "V21": "closed",
    "V22": "closed",
    "V30": "closed",
    "V31": "closed",
    "V32": "closed",
    "V40": "contact",
    "V41": "moved",
    "V42": "contact",
    "V50": "transferred",
    "V60": "contact",
    "V70": "closed",
}
"""Where the case goes that has no application yet. V21 and V22 end it because a review of its own goes on (the
layer, the double payment), V50 hands it on under the duty to report danger, V70 leaves the rest to the reviewer.
V60 ends nothing: who is left may need help most, and where nobody is, the next night knows it from the roll."""
AGREED: Final = ("V10", "V11")
"""The household agrees to apply: the package that was suggested is stored with the case."""
TO_THE_DOOR: Final = {"alert": "triage", "triage": "contact", "contact": "visit"}


def move_of(outcome: str, state: str) -> str | None:
    """The state that an outcome moves a case to; null where the case stays as it is.

    An application is moved by its procedure alone: nothing that a visitor writes down refuses, lowers or ends
    anything. What V41 and V60 tell of a household in it is put right in the registers first (a referral of each).
    """
    return MOVES[outcome] if state in BEFORE_APPLICATION else None


def way(state: str, to: str) -> tuple[str, ...]:
    """The steps that an outcome stands for, from a state before the application to where it goes.

    Where somebody was met, the way leads over the contact and the visit; a move becomes known at the contact; one
    more attempt is a contact.
    """
    met = to not in ("contact", "moved")
    steps: list[str] = []
    if state in BEFORE_APPLICATION:
        end = "visit" if met else "triage" if to == "contact" else "contact"
        here = state
        while here in TO_THE_DOOR and here != end and (here, end) != ("contact", "triage"):
            here = TO_THE_DOOR[here]
            steps.append(here)
        if met and here != "visit":
            steps.append("visit")
    return (*steps, to)
