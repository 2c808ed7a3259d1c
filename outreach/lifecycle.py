"""What may become of a list and of an item on it: one table, who may do it, from, to, and why."""

from dataclasses import dataclass
from typing import Final, Literal

Subject = Literal["list", "item"]
Actor = Literal["night", "policy", "operator", "reviewer", "caseworker"]
RECORDERS: Final[tuple[Actor, ...]] = ("caseworker", "operator", "reviewer")
"""Who records the outcome of a visit: the visitor, or an office for them."""


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
    Transition("list", "released", "closed", ("night", "operator"), "every item has an end"),
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
)
FINAL: Final = {"list": ("superseded", "closed"), "item": ("done", "withdrawn", "superseded")}
"""States in which a household is free to be listed again."""


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
