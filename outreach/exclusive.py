"""Which programmes of one household exclude one another, and which of them together serve it best.

Two programmes exclude each other where the pack says so on either side (``exclusions``, ``yields_to``). What bars
persons bars a household's programme only where it reaches everybody who lives there: the others may still apply.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from outreach.catalogue import Exclusion, Programme

Claim = tuple[str, str]
"""A programme's code and whom it is for: a person's pseudonym, or "" for the household."""


@dataclass(frozen=True)
class Worth:
    """What a claim is worth to the household: money per month (minor units), then the weight of the programme."""

    month: int
    weight: float


def exclude(
    first: Claim, second: Claim, programmes: Mapping[str, Programme], everybody: Collection[str] = ()
) -> Exclusion | str | None:
    """What forbids having both: the exclusion of the pack, or the code that yields; null where both may be had.

    ``everybody``: the codes of programmes for persons that all who live there would have.
    """
    (one, who), (other, whom) = first, second
    if first == second or (who and whom and who != whom):
        return None
    stated = [*_stated(programmes, one, other), *_stated(programmes, other, one)]
    for owner, exclusion in stated:
        person = one if who else other
        reaches_all = owner == person and exclusion.effect == "bars"
        same_unit = bool(who) == bool(whom)
        if same_unit or exclusion.scope == "household" or reaches_all or person in everybody:
            return exclusion
    yields = (
        code
        for code, stronger in ((one, other), (other, one))
        if code in programmes and stronger in programmes[code].yields_to
    )
    return None if stated else next(yields, None)


def _stated(programmes: Mapping[str, Programme], code: str, other: str) -> list[tuple[str, Exclusion]]:
    rule = programmes.get(code)
    return [] if rule is None else [(code, each) for each in rule.exclusions if each.programme == other]


def best(claims: Mapping[Claim, Worth], against: Mapping[Claim, Collection[Claim]]) -> tuple[Claim, ...]:
    """The claims, none of which is ``against`` another, that are worth most together; sorted, ties by name.

    Most money per month, then most weight. Exact: who stands against nobody is in, and of the others the one that
    stands against most is tried in and out, part by part.
    """
    found: list[Claim] = []
    for part in _parts(sorted(claims), against):
        found += _best_of(part, claims, against)[1]
    return tuple(sorted(found))


def _best_of(
    part: Sequence[Claim], claims: Mapping[Claim, Worth], against: Mapping[Claim, Collection[Claim]]
) -> tuple[tuple[int, float], list[Claim]]:
    if not part:
        return (0, 0.0), []
    hub = max(part, key=lambda each: (len(set(part) & set(against.get(each, ()))), each))
    if not set(part) & set(against.get(hub, ())):
        return (sum(claims[each].month for each in part), sum(claims[each].weight for each in part)), list(part)
    rest = [each for each in part if each != hub]
    ways = []
    for kept, left in (([hub], [each for each in rest if each not in against[hub]]), ([], rest)):
        chosen = [claim for piece in _parts(left, against) for claim in _best_of(piece, claims, against)[1]]
        whole = sorted([*kept, *chosen])
        ways.append(
            ((sum(claims[each].month for each in whole), sum(claims[each].weight for each in whole)), whole)
        )
    return min(ways, key=lambda way: (-way[0][0], -way[0][1], way[1]))


def _parts(claims: Sequence[Claim], against: Mapping[Claim, Collection[Claim]]) -> list[list[Claim]]:
    """The claims in groups that do not stand against one another."""
    left, parts = set(claims), []
    while left:
        reached = {min(left)}
        todo = set(reached)
        while todo:
            todo = {other for each in todo for other in against.get(each, ()) if other in left} - reached
            reached |= todo
        left -= reached
        parts.append(sorted(reached))
    return parts
