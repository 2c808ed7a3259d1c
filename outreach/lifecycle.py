"""What may become of a list, of an item on it, and of a case: one table, who may do it, from, to, and why."""

from dataclasses import dataclass
from typing import Final, Literal

Subject = Literal["list", "item", "case", "dispute", "review"]
Actor = Literal["night", "policy", "operator", "reviewer", "caseworker"]
RECORDERS: Final[tuple[Actor, ...]] = ("caseworker", "operator", "reviewer")
"""Who records the outcome of a visit: the visitor, or an office for them."""


OFFICE: Final[tuple[Actor, ...]] = ("operator", "reviewer")
"""Who records what an authority has decided."""
BEFORE_APPLICATION: Final = ("alert", "triage", "contact", "visit", "informed", "aided", "transferred")
PROCEDURE: Final = ("application", "accepted", "check", "publicity", "county_opinion")
"""An application is under way: only a step of the procedure moves it."""
DECIDED: Final = ("confirmed", "refused", "notified", "paid", "review_due")
OPEN_CASE: Final = (*BEFORE_APPLICATION, *PROCEDURE, *DECIDED)


class StepError(ValueError):
    """A step that the table does not hold."""


@dataclass(frozen=True)
class Transition:
    """One allowed step. ``why`` says what it means; ``needs_reason`` asks the actor for one."""

    subject: Subject
    from_state: str
    to_state: str
    who: tuple[Actor, ...]
    why: str
    needs_reason: bool = False


TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition("list", "", "drafted", ("night",), "a night drafts it"),
    Transition("list", "drafted", "held", ("night", "reviewer"), "a guard or a person stops it", True),
    Transition("list", "drafted", "released", ("policy", "reviewer"), "it goes out"),
    Transition("list", "held", "released", ("reviewer",), "looked at and sent after all", True),
    Transition("list", "drafted", "superseded", ("night",), "a later night drafts anew"),
    Transition("list", "held", "superseded", ("night",), "a later night drafts anew"),
    Transition("list", "released", "closed", ("night", *RECORDERS), "every item has an end"),
    Transition("list", "closed", "released", RECORDERS, "a visit waits on it again", True),
    Transition("item", "", "drafted", ("night",), "a night drafts it"),
    Transition("item", "drafted", "open", ("policy", "reviewer"), "its list is released"),
    Transition("item", "drafted", "open", ("night",), "the urgent lane of a held night goes out"),
    Transition("item", "drafted", "withdrawn", ("reviewer",), "a reviewer takes it off", True),
    Transition(
        "item",
        "drafted",
        "withdrawn",
        ("night", "operator"),
        "deceased, records withdrawn, opted out, erased",
        True,
    ),
    Transition("item", "drafted", "superseded", ("night",), "a later night drafts anew"),
    Transition("item", "open", "superseded", RECORDERS, "given to another caseworker, where it waits anew", True),
    Transition(
        "item", "escalated", "superseded", RECORDERS, "given to another caseworker, where it waits anew", True
    ),
    Transition("item", "open", "done", RECORDERS, "an outcome is recorded"),
    Transition("item", "open", "escalated", ("night",), "the clock has run out"),
    Transition("item", "escalated", "done", RECORDERS, "an outcome is recorded"),
    Transition(
        "item",
        "open",
        "withdrawn",
        ("reviewer", "operator", "night"),
        "wrong data, moved, deceased, opted out, erased",
        True,
    ),
    Transition(
        "item",
        "escalated",
        "withdrawn",
        ("reviewer", "operator", "night"),
        "moved, deceased, opted out, erased",
        True,
    ),
    Transition(
        "item",
        "done",
        "open",
        RECORDERS,
        "an outcome is taken back; its history stays",
        True,
    ),
    Transition(
        "item",
        "done",
        "superseded",
        RECORDERS,
        "its outcome is taken back after the household was listed again",
        True,
    ),
    Transition("case", "", "alert", ("night",), "a night has listed the household"),
    Transition("case", "", "application", RECORDERS, "the household has applied by itself"),
    Transition("case", "alert", "triage", ("night", "policy", "reviewer"), "its list was released"),
    Transition("case", "triage", "contact", RECORDERS, "contact was made or tried, by phone first"),
    Transition("case", "contact", "contact", RECORDERS, "one more attempt, or wrong data to be mended first"),
    Transition("case", "contact", "visit", RECORDERS, "somebody was met"),
    Transition("case", "visit", "contact", RECORDERS, "nobody was met this time"),
    Transition("case", "visit", "informed", RECORDERS, "it was told what it may apply for, and will"),
    Transition("case", "visit", "application", RECORDERS, "the application was handed in on the spot"),
    Transition("case", "visit", "aided", RECORDERS, "fast emergency aid was given; the papers follow"),
    Transition("case", "visit", "transferred", RECORDERS, "handed on to another department, with a receipt"),
    Transition("case", "visit", "closed", RECORDERS, "nothing is applied for: declined, not now, no need"),
    *(
        Transition("case", state, "contact", RECORDERS, "one more attempt, or wrong data to be mended first")
        for state in ("informed", "aided", "transferred")
    ),
    *(
        Transition("case", state, "visit", RECORDERS, "visited again")
        for state in ("informed", "aided", "transferred")
    ),
    *(
        Transition("case", state, "application", RECORDERS, "the application was handed in")
        for state in ("informed", "aided", "transferred")
    ),
    Transition("case", "aided", "informed", RECORDERS, "followed up: more may be applied for"),
    Transition("case", "transferred", "informed", RECORDERS, "the other department would not take it", True),
    *(
        Transition("case", state, "closed", RECORDERS, "nothing more is applied for", True)
        for state in ("contact", "informed", "aided", "transferred")
    ),
    Transition("case", "application", "informed", RECORDERS, "papers are missing: all are named at once", True),
    Transition("case", "application", "accepted", RECORDERS, "the township has accepted it"),
    Transition("case", "application", "transferred", RECORDERS, "another area or authority is responsible", True),
    Transition("case", "accepted", "check", RECORDERS, "the check has begun: data, and a visit by two"),
    Transition("case", "accepted", "confirmed", OFFICE, "fast relief was decided; the papers follow"),
    Transition("case", "check", "publicity", RECORDERS, "an initial opinion was posted"),
    Transition("case", "check", "county_opinion", RECORDERS, "handed to the county without being posted"),
    Transition("case", "publicity", "check", RECORDERS, "an objection: checked again, or appraised", True),
    Transition("case", "publicity", "county_opinion", RECORDERS, "posted to its end, handed to the county"),
    Transition("case", "county_opinion", "check", RECORDERS, "sent back to be checked again", True),
    *(
        Transition("case", state, "confirmed", OFFICE, "the authority has confirmed it")
        for state in ("check", "publicity", "county_opinion")
    ),
    *(
        Transition("case", state, "refused", OFFICE, "the authority has refused it", True)
        for state in ("accepted", "check", "publicity", "county_opinion")
    ),
    Transition("case", "refused", "notified", RECORDERS, "the refusal was told in writing, with its reason"),
    Transition("case", "notified", "check", OFFICE, "a review or a court has sent it back", True),
    Transition("case", "notified", "closed", RECORDERS, "nobody has asked for a review; it stays monitored"),
    Transition("case", "confirmed", "paid", OFFICE, "it was paid for the first time"),
    Transition("case", "confirmed", "review_due", OFFICE, "a status without payment is due for its review"),
    Transition("case", "paid", "review_due", (*OFFICE, "night"), "the yearly or half-yearly review is due"),
    Transition("case", "review_due", "paid", OFFICE, "reviewed: it goes on"),
    Transition("case", "review_due", "closed", OFFICE, "the authority has ended it, after a hearing", True),
    Transition("case", "paid", "closed", OFFICE, "the authority has ended it, after a hearing", True),
    *(Transition("case", state, "moved", (*RECORDERS, "night"), "the household has moved") for state in OPEN_CASE),
    *(Transition("case", state, "died", (*RECORDERS, "night"), "nobody is left") for state in OPEN_CASE),
    *(
        Transition("case", state, "withdrawn", (*RECORDERS, "night"), "the household wants no more of it", True)
        for state in (*BEFORE_APPLICATION, *PROCEDURE)
    ),
    *(
        Transition("case", state, "visit", RECORDERS, "the outcome of a visit is taken back", True)
        for state in ("application", "closed", "moved", "died")
    ),
    Transition("dispute", "", "open", RECORDERS, "a fact is contested: unknown from now on", True),
    Transition("dispute", "open", "upheld", OFFICE, "the record is wrong: unknown until it is put right", True),
    Transition("dispute", "open", "rejected", OFFICE, "the record is right: it counts again", True),
    Transition("dispute", "upheld", "corrected", OFFICE, "the source has put it right: it counts again", True),
    Transition("review", "", "open", ("night", *RECORDERS), "a night, or a visit, has found it"),
    Transition("review", "open", "heard", RECORDERS, "the household was heard"),
    Transition("review", "heard", "heard", RECORDERS, "it was heard once more"),
    *(
        Transition("review", state, "confirmed", RECORDERS, "it is so; heard first, unless more is owed", True)
        for state in ("open", "heard")
    ),
    *(
        Transition("review", state, conclusion, OFFICE, "nothing is held against the household", True)
        for state in ("open", "heard")
        for conclusion in ("not_confirmed", "data_wrong")
    ),
    *(
        Transition("review", state, "cancelled", RECORDERS, "the visit that opened it was taken back", True)
        for state in ("open", "heard")
    ),
    Transition("review", "confirmed", "open", RECORDERS, "the visit that settled it was taken back", True),
)
FINAL: Final = {
    "review": ("confirmed", "not_confirmed", "data_wrong", "cancelled"),
    "dispute": ("rejected", "corrected"),
    "list": ("superseded", "closed"),
    "item": ("done", "withdrawn", "superseded"),
    "case": ("closed", "withdrawn", "died", "moved"),
}
"""States in which a household is free to be listed again; of a case: the states in which nothing is to be done."""


def states(subject: Subject) -> tuple[str, ...]:
    """All states of a subject, in the order in which the table first names them."""
    named = [t.to_state for t in TRANSITIONS if t.subject == subject]
    return tuple(dict.fromkeys(named))


def step(subject: Subject, from_state: str, to_state: str, who: Actor, reason: str | None = None) -> Transition:
    """The transition that allows this step; raises ``StepError`` saying what would be allowed."""
    ways = [
        t for t in TRANSITIONS if t.subject == subject and t.from_state == from_state and t.to_state == to_state
    ]
    if not ways:
        onward = sorted({t.to_state for t in TRANSITIONS if t.subject == subject and t.from_state == from_state})
        may = ", ".join(onward) or "nothing"
        raise StepError(f"{subject}: {from_state or 'nothing'} does not become {to_state}; it may become {may}")
    allowed = [t for t in ways if who in t.who]
    if not allowed:
        named = sorted({name for t in ways for name in t.who})
        raise StepError(f"{subject}: {from_state} to {to_state} is for {', '.join(named)}, not for {who}")
    if allowed[0].needs_reason and not (reason or "").strip():
        raise StepError(f"{subject}: {from_state} to {to_state} needs a reason")
    return allowed[0]
