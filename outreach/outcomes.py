"""What follows from the outcome of a visit: which of the sixteen codes says what, opens what, and for whom.

One table. An outcome closes the visit; its cool-down and the day to come again stand in the policy. What somebody
else must do next is a referral, which always has an owner and a due date: the other department (V13), the reviewer
for a layer or an amount (V21), the hearing before anything is decided on what is drawn twice (V22), whoever mends
the data (V42) or the registers (V41, V60), the duty to report danger (V50), the procedure after a refusal (V70).
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from models.selective import NEEDED

CONTACTS: Final = ("home", "phone", "other")
"""How contact was made, or tried."""
HINDRANCES: Final = ("no_answer", "wrong_number", "wrong_address", "away", "unsafe", "no_way")
"""Why a visit could not be made."""
DEPARTMENTS: Final = ("GA", "MZ", "RS", "YB", "WJ", "JY", "CL", "ZJ", "NY", "other")
"""To whom a household is referred (records.md 4.1)."""
FIELDS: Final = ("people", "address", "phone", "income", "benefit", "other_data")
"""Which part of the records was found wrong."""
ABOUT: Final = (*DEPARTMENTS, *FIELDS)

ReferralKind = Literal["department", "layer", "doubled", "data", "moved", "deceased", "safety", "refusal"]
OwnerRole = Literal["caseworker", "reviewer"]


@dataclass(frozen=True)
class Rule:
    """What an outcome means. ``met``: somebody of the household was spoken to. ``opens``: the kind of referral.

    ``assisted``: help was given at the door. ``owner``: who has the referral unless another is named. ``about``:
    the words that may say to whom it goes, or what it is about.
    """

    met: bool
    opens: ReferralKind | None = None
    owner: OwnerRole = "reviewer"
    assisted: bool = False
    about: tuple[str, ...] = ()


RULES: Final[dict[str, Rule]] = {
    "V10": Rule(met=True),
    "V11": Rule(met=True),
    "V12": Rule(met=True, assisted=True),
    "V13": Rule(met=True, opens="department", owner="caseworker", about=DEPARTMENTS),
    "V20": Rule(met=True, assisted=True),
    "V21": Rule(met=True, opens="layer"),
    "V22": Rule(met=True, opens="doubled"),
    "V30": Rule(met=True),
    "V31": Rule(met=True),
    "V32": Rule(met=True),
    "V40": Rule(met=False),
    "V41": Rule(met=False, opens="moved"),
    "V42": Rule(met=False, opens="data", about=FIELDS),
    "V50": Rule(met=True, opens="safety"),
    "V60": Rule(met=False, opens="deceased"),
    "V70": Rule(met=True, opens="refusal"),
}
"""The sixteen outcomes (casework.md 7.3)."""

REFERRALS: Final[tuple[ReferralKind, ...]] = tuple(
    dict.fromkeys(rule.opens for rule in RULES.values() if rule.opens is not None)
)
REFERRAL_STATES: Final = ("open", "done", "returned", "cancelled")
"""``returned``: the other side would not take it, so that the owner must find another way. ``cancelled``: the
outcome was taken back."""
CONTINUED: Final = ("V40",)
"""Outcomes after which the next visit is one more attempt at the same."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is read for something else."""
CHECK: Final = 5


def need(outcome: str) -> bool | None:
    """The label of a visit: whether it found need (``models.selective.need_verified``); null = nothing is said."""
    return NEEDED.get(outcome)


def ticket(item: int, business_date: date) -> str:
    """An item as a list names it: its number, and five characters that a mistyped number does not have."""
    digest = hashlib.blake2b(f"{item} {business_date.isoformat()}".encode(), digest_size=8, person=b"xf-ticket")
    number, marks = int.from_bytes(digest.digest()), ""
    for _ in range(CHECK):
        number, place = divmod(number, len(ALPHABET))
        marks += ALPHABET[place]
    return f"{item}-{marks}"


def item_of(text: str) -> tuple[int, str] | None:
    """The number of an item and its check as somebody has written them (null where it is no such thing)."""
    number, _, check = "".join(text.split()).upper().strip("'").partition("-")
    if not number.isascii() or not number.isdigit() or not 0 < len(number) <= 12:
        return None
    return int(number), check.replace("O", "0").replace("I", "1").replace("L", "1")
