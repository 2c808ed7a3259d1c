"""The package (一揽子) of a household: which programmes together, in which order, from whom, by when, at what cost.

Insurance first, then assistance, then welfare: what insurance pays is a right bought by contributions and counts as
income where assistance fills a gap (最低生活保障审核确认办法 Art. 13), so that assistance tops it up.
Programmes that exclude one another are never both in it; the one worth more to the household is, and the other is
named beside it with the reason. What the records cannot tell is kept beside the parts, to be found out first: a
blank removes nothing, and between two unknowns nothing is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, Literal

from outreach.catalogue import Exclusion, InForce, Programme, TimeLimit, cited
from outreach.exclusive import Claim, Worth, best, exclude
from outreach.workdays import WorkCalendar

ORDER: Final = ("insurance", "rescue", "welfare")
"""The mechanisms in the order of the parts."""
KNOWN: Final = ("eligible_likely", "eligible_possible")
OPEN: Final = "insufficient_data"
PAID: Final = "in_payment"
TO_VERIFY: Final = 5
IN_TURN: Final = ("township_review", "publicity", "county_decision")
"""The steps of a procedure that has no limit for the whole."""
NOT_INCOME: Final = {"basic_pension": "exclude_basic_pension"}
"""Parameters of amounts that the setting keeps out of the counted income."""

Row = Mapping[str, Any]
Why = Literal["worth", "stronger", "known", "kept"]


@dataclass(frozen=True)
class Deadline:
    """A due date with its reason: days of a kind, one step after another, by an article ("" = none in the pack)."""

    on: date
    steps: tuple[tuple[int, Literal["working", "natural"]], ...]
    article: str


@dataclass(frozen=True)
class Part:
    """A programme of the package.

    Amounts in minor units per month, null where none can be said; ``low`` and ``high``: how far they may lie.
    ``authority`` owns the part. ``verify``: the ids of the conditions to be verified first. ``replaces``: what is
    in payment and ends when this begins, by the household's own choice.
    """

    programme: str
    person_id: str | None
    mechanism: str
    verdict: str
    authority: str
    month: int | None
    low: int | None
    high: int | None
    due: Deadline
    verify: tuple[str, ...]
    replaces: tuple[str, ...] = ()

    @property
    def claim(self) -> Claim:
        """The programme and whom it is for."""
        return self.programme, self.person_id or ""


@dataclass(frozen=True)
class Alternative:
    """A programme that a part, or what is in payment, excludes: which, and why that one and not this.

    ``why``: that one is worth more (``worth``), replaces this one by law (``stronger``), is better known
    (``known``), or is in payment and bars it (``kept``).
    """

    programme: str
    person_id: str | None
    verdict: str
    month: int | None
    instead: str
    why: Why
    article: str


@dataclass(frozen=True)
class Cost:
    """What the parts cost the public purse per month, in minor units; ``insurance`` of it comes from funds.

    ``unpriced``: parts whose amount cannot be said, which are not in it.
    """

    month: int
    low: int
    high: int
    insurance: int
    unpriced: int

    @property
    def year(self) -> int:
        """Twelve months of it."""
        return 12 * self.month


@dataclass(frozen=True)
class Package:
    """The parts in their order, what they exclude, and what they cost.

    ``open``: what may be a part once the records tell more; two of these may exclude each other. ``paid``: codes in
    payment already.
    """

    parts: tuple[Part, ...]
    open: tuple[Part, ...]
    alternatives: tuple[Alternative, ...]
    cost: Cost
    paid: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """Who lives there, the rules in force, and the clock: if the household applies on ``day``.

    ``otherwise_days``: working days of a part for which the pack has no limit.
    """

    people: Sequence[str]
    rules: InForce
    day: date
    calendar: WorkCalendar
    otherwise_days: int

    @cached_property
    def programmes(self) -> dict[str, Programme]:
        """The programmes in force, by code."""
        return {rule.programme.code: rule.programme for rule in self.rules.rules}


def package_of(verdicts: Sequence[Row], given: Given) -> Package:
    """The package of a household by its verdicts: ``person_id, programme, verdict, unmet_month``, and ``trace``."""
    programmes = given.programmes
    known = [row for row in verdicts if row["programme"] in programmes]
    held = {_claim(row) for row in known if row["verdict"] == PAID}
    asked = {
        _claim(row): row for row in known if row["verdict"] in (*KNOWN, OPEN) and programmes[row["programme"]].gap
    }
    everybody = _everybody({*asked, *held}, given.people)
    barred, replaced = _beside_what_is_paid(asked, held, programmes, everybody)
    free = {claim: row for claim, row in asked.items() if claim not in barred}
    chosen, waiting, lost = _chosen(free, programmes, everybody)
    made, to_find_out = (
        [replace(_part(claim, asked[claim], given), replaces=replaced.get(claim, ())) for claim in claims]
        for claims in (chosen, waiting)
    )
    made = _topped_up(_apart(made, given), given)
    for each in (made, to_find_out):
        each.sort(key=lambda part: (ORDER.index(part.mechanism), *_weight(part, programmes)))
    others = [
        _alternative(claim, asked[claim], why, given.day) for claim, why in sorted({**lost, **barred}.items())
    ]
    paid = tuple(sorted({code for code, _ in held}))
    return Package(tuple(made), tuple(to_find_out), tuple(others), _cost(made), paid)


def _claim(row: Row) -> Claim:
    return row["programme"], row["person_id"] or ""


def _weight(part: Part, programmes: Mapping[str, Programme]) -> tuple[float, str, str]:
    return -programmes[part.programme].weight, part.programme, part.person_id or ""


def _everybody(claims: set[Claim], people: Sequence[str]) -> set[str]:
    """The programmes for persons that all who live there would have."""
    codes = {code for code, person in claims if person}
    return {code for code in codes if people and all((code, person) in claims for person in people)}


Loser = tuple[str, Why, Exclusion | str]
Lost = dict[Claim, Loser]


def _beside_what_is_paid(
    asked: Mapping[Claim, Row], held: set[Claim], programmes: Mapping[str, Programme], everybody: set[str]
) -> tuple[Lost, dict[Claim, tuple[str, ...]]]:
    """What is barred by what is in payment, and what would replace it, if the household so chooses."""
    barred: Lost = {}
    replaced: dict[Claim, tuple[str, ...]] = {}
    for claim in asked:
        for paid in sorted(held):
            found = exclude(claim, paid, programmes, everybody)
            if found is None:
                continue
            own = [each for each in programmes[claim[0]].exclusions if each.programme == paid[0]]
            if any(each.effect == "choose_higher" for each in own):
                replaced[claim] = (*replaced.get(claim, ()), paid[0])
            else:
                barred[claim] = (paid[0], "kept", found)
    return barred, {claim: tuple(sorted(set(codes))) for claim, codes in replaced.items()}


def _chosen(
    asked: Mapping[Claim, Row], programmes: Mapping[str, Programme], everybody: set[str]
) -> tuple[tuple[Claim, ...], tuple[Claim, ...], Lost]:
    """The best of what the records know; what they do not and nothing chosen excludes; why not the rest."""
    forbids = {
        one: {other: found for other in asked if (found := exclude(one, other, programmes, everybody)) is not None}
        for one in asked
    }
    known = {
        claim: Worth(row["unmet_month"] or 0, programmes[claim[0]].weight)
        for claim, row in asked.items()
        if row["verdict"] != OPEN
    }
    chosen = best(known, {claim: set(forbids[claim]) & set(known) for claim in known})
    waiting = tuple(
        sorted(claim for claim in asked if claim not in known and not set(forbids[claim]) & set(chosen))
    )
    lost: Lost = {}
    for claim in asked:
        if claim not in chosen and claim not in waiting:
            instead = min(other for other in forbids[claim] if other in chosen)
            lost[claim] = (instead[0], _why(claim, instead, asked, programmes), forbids[claim][instead])
    return chosen, waiting, lost


def _why(claim: Claim, instead: Claim, asked: Mapping[Claim, Row], programmes: Mapping[str, Programme]) -> Why:
    if instead[0] in programmes[claim[0]].yields_to:
        return "stronger"
    return "known" if asked[claim]["verdict"] == OPEN else "worth"


def _part(claim: Claim, row: Row, given: Given) -> Part:
    programme = given.programmes[claim[0]]
    low, high = _range(row, programme, len(given.people))
    month = row["unmet_month"] if row["verdict"] in KNOWN else None
    if row["verdict"] != "eligible_likely":
        low = 0
    return Part(
        programme.code,
        claim[1] or None,
        programme.mechanism,
        row["verdict"],
        programme.authority[0],
        month,
        None if month is None else low,
        None if month is None else high,
        deadline_of(programme, given.day, given.calendar, given.otherwise_days),
        _verify(row, programme),
    )


def _range(row: Row, programme: Programme, people: int) -> tuple[int | None, int | None]:
    """How far the amount may lie: as far as the income may where it fills a gap; nowhere else where it is fixed."""
    month = row["unmet_month"]
    if month is None or programme.amount.gap_to is None:
        return month, month
    for step in row.get("trace") or ():
        if step["fact"] == "pc_income" and step["threshold"] is not None:
            line, value = step["threshold"], step["value"]
            heads = round(month / (line - value)) if value is not None and line > value else people
            extra = 0  # what comes on top stays, whatever the income
            if programme.amount.plus is not None and value is not None:
                heads = min(heads, max(people, 1))
                extra = max(0, month - round((line - value) * heads)) if line > value else month
            top = 0.0 if step["low"] is None else step["low"]
            bottom = line if step["high"] is None else step["high"]
            least, most = max(0, round((line - bottom) * heads)), round((line - top) * heads)
            return least + extra, max(month, most + extra)
    return 0, month


def _verify(row: Row, programme: Programme) -> tuple[str, ...]:
    """The conditions to verify first: unknown, then near the line, then those that need consent."""
    steps = row.get("trace") or [
        {"condition": each.id, "outcome": "verify"} for each in programme.conditions if each.stage == "B"
    ]
    ordered = ("unknown", "near", "verify")
    ranked = [step["condition"] for sort in ordered for step in steps if step["outcome"] == sort]
    return tuple(dict.fromkeys(ranked))[:TO_VERIFY]


def deadline_of(programme: Programme, day: date, calendar: WorkCalendar, otherwise_days: int) -> Deadline:
    """When the decision on a programme is due, applied for on a day: by its limit for the whole, or its steps'."""
    limits = {each.step: each for each in programme.time_limits}
    taken = [limits["decision"]] if "decision" in limits else [limits[name] for name in IN_TURN if name in limits]
    if not taken:
        return Deadline(calendar.after(day, otherwise_days), ((otherwise_days, "working"),), "")
    on = day
    for limit in taken:
        on = after(on, limit, calendar)
    articles = dict.fromkeys(cited(limit.basis, day) for limit in taken)
    steps = tuple((limit.days, limit.kind) for limit in taken)
    return Deadline(on, steps, "; ".join(each for each in articles if each))


def after(day: date, limit: TimeLimit, calendar: WorkCalendar) -> date:
    """The last day of a time limit that begins on a day (the day itself does not count)."""
    return calendar.after(day, limit.days) if limit.kind == "working" else day + timedelta(days=limit.days)


def _apart(parts: Sequence[Part], given: Given) -> list[Part]:
    """A household's amount without the shares of those who would have a programme of their own that excludes it."""
    own, heads = [part for part in parts if part.person_id], max(1, len(given.people))

    def without_them(part: Part) -> Part:
        leave = {each.person_id for each in own if _names(given.programmes, each.programme, part.programme)}
        stay = heads - len(leave & set(given.people))
        return replace(part, month=(part.month or 0) * stay // heads, low=(part.low or 0) * stay // heads)

    return [without_them(part) if _fills_a_gap(part, given) and not part.person_id else part for part in parts]


def _fills_a_gap(part: Part, given: Given) -> bool:
    return part.month is not None and given.programmes[part.programme].amount.gap_to is not None


def _names(programmes: Mapping[str, Programme], one: str, other: str) -> bool:
    return any(
        each.programme == named
        for code, named in ((one, other), (other, one))
        for each in programmes[code].exclusions
    )


def _topped_up(parts: Sequence[Part], given: Given) -> list[Part]:
    """What insurance would pay is income: an amount that fills a gap is that much smaller, at most to nothing."""
    counted = sum(part.month or 0 for part in parts if _is_income(part, given))

    def less(part: Part) -> Part:
        return replace(part, month=max(0, (part.month or 0) - counted), low=max(0, (part.low or 0) - counted))

    return [less(part) if counted and _fills_a_gap(part, given) else part for part in parts]


def _is_income(part: Part, given: Given) -> bool:
    if part.mechanism != "insurance":
        return False
    kept_out = NOT_INCOME.get(given.programmes[part.programme].amount.parameter or "")
    return kept_out is None or not given.rules.settings[kept_out].urban


def _alternative(claim: Claim, row: Row, lost: Loser, day: date) -> Alternative:
    instead, why, found = lost
    article = cited(found.basis, day) if isinstance(found, Exclusion) else ""
    month = row["unmet_month"] if row["verdict"] in KNOWN else None
    return Alternative(claim[0], claim[1] or None, row["verdict"], month, instead, why, article)


def _cost(parts: Sequence[Part]) -> Cost:
    priced = [part for part in parts if part.month is not None]
    return Cost(
        sum(part.month or 0 for part in priced),
        sum(part.low or 0 for part in priced),
        sum(part.high or 0 for part in priced),
        sum(part.month or 0 for part in priced if part.mechanism == "insurance"),
        len(parts) - len(priced),
    )
