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
    "V60": "died",
    "V70": "closed",
}
"""Where the case goes that has no application yet. V21 and V22 end it because a review of its own goes on (the
layer, the double payment), V50 hands it on under the duty to report danger, V70 leaves the rest to the reviewer."""
ALWAYS: Final = ("V41", "V60")
"""These move a case that is in the procedure, or decided, as well. No other outcome does: an application is moved
by its procedure alone, and nothing that a visitor writes down refuses, lowers or ends anything."""
AGREED: Final = ("V10", "V11")
"""The household agrees to apply: the package that was suggested is stored with the case."""
TO_THE_DOOR: Final = {"alert": "triage", "triage": "contact", "contact": "visit"}


def move_of(outcome: str, state: str) -> str | None:
    """The state that an outcome moves a case to; null where the case stays as it is."""
    if state in BEFORE_APPLICATION or outcome in ALWAYS:
        return MOVES[outcome]
    return None


def way(state: str, to: str) -> tuple[str, ...]:
    """The steps that an outcome stands for, from a state before the application to where it goes.

    Where somebody was met, the way leads over the contact and the visit; a move or a death becomes known at the
    contact; one more attempt is a contact.
    """
    met = to not in ("contact", "moved", "died")
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
