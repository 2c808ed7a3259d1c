"""What is wrong with a pack: every problem in one pass, each saying where it is and what to write instead."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from outreach.catalogue import (
    Citation,
    Condition,
    Dated,
    PackFile,
    Parameter,
    Programme,
    Programmes,
    dimension_of,
    units,
)
from outreach.conditions import Compare, Holds, leaves, parse_test
from outreach.pack_problem import Problem, Wrong
from outreach.pack_reach import rings, unreachable
from outreach.trigger_table import TRIGGERS
from outreach.vocabulary import FACTS, PAID, PLAIN_UNITS, Dimension, fact_of

NEEDED = {
    "db_std": "money/month",
    "exclude_basic_pension": "flag",
    "basic_pension": "money/month",
    "income_months": "months",
    "spread_registered": "ratio",
    "spread_unregistered": "ratio",
    "margin_sigmas": "ratio",
    "unseen_adult_income": "money/month",
    "trigger_floor": "ratio",
    "urgent_weight": "ratio",
    "urgent_known_days": "days",
    "urgent_happened_days": "days",
    "local_pc_income": "money/month",
    "gx_counts_basic_living": "flag",
}
"""Parameters that the reading of facts and findings itself uses, with their dimension."""


def check(programmes: Programmes) -> list[Problem]:
    """Every problem of a pack and its ancestors, in reading order; an empty list where it is sound."""
    known = units(programmes.chain)
    benefits = {benefit.code for file in programmes.chain for benefit in file.benefit}
    benefits |= {programme.code for file in programmes.chain for programme in file.programme}
    here = f"pack {programmes.pack.id}"
    problems = [
        Problem(here, f"parameter {name} is missing", f"give it in {dimension}; the national pack has it")
        for name, dimension in NEEDED.items()
        if name not in known
    ]
    problems += [
        Problem(here, f"parameter {name} must be in a unit of {dimension}, not in {known[name]}", "mend its unit")
        for name, dimension in NEEDED.items()
        if known.get(name) and dimension_of(known[name]) != dimension
    ]
    for file in reversed(programmes.chain):
        where = f"pack {file.pack.id}"
        problems += [Problem(where, *wrong) for wrong in _parameters(file, known, programmes.chain)]
        for programme in file.programme:
            place = f"{where}: programme {programme.code} from {programme.from_}"
            problems += [Problem(place, *wrong) for wrong in _programme(programme, known, benefits)]
        problems += [Problem(where, *wrong) for wrong in _triggers(file, known)]
        problems += [
            Problem(where, *wrong)
            for wrong in _overlaps([(f"programme {p.code}", p) for p in file.programme])
            + _overlaps([(f"trigger {t.code}", t) for t in file.trigger])
        ]
    problems += [Problem(here, *wrong) for wrong in rings(programmes)]
    return problems + [Problem(here, *wrong) for wrong in unreachable(programmes)]


def _overlaps(entries: Sequence[tuple[str, Dated]]) -> list[Wrong]:
    found = [
        (f"{name} ends before it begins", "exchange 'from' and 'to'")
        for name, entry in entries
        if entry.to < entry.from_
    ]
    for (name, one), (other_name, other) in combinations(entries, 2):
        if name == other_name and one.overlaps(other):
            day = max(one.from_, other.from_)
            found.append((f"{name} has two versions on {day}", "end the older one the day before the newer begins"))
    return found


def _parameters(file: PackFile, known: dict[str, str], chain: Sequence[PackFile]) -> Iterator[Wrong]:
    twice = [name for name, count in Counter(p.name for p in file.parameter).items() if count > 1]
    yield from ((f"parameter {name} stands twice", "put its values in one entry") for name in twice)
    for parameter in file.parameter:
        name = f"parameter {parameter.name}"
        unit = known[parameter.name]
        if not unit:
            yield f"{name} has no unit", "say it where the name first appears, or mend the name"
            continue
        if parameter.unit is not None and parameter.unit != unit:
            yield f"{name} is in {unit}, and a child pack cannot change the unit", f"write the values in {unit}"
        if not _is_unit(unit, file.pack.currency):
            yield f"{name}: unit {unit} is none of {', '.join(_unit_names(file.pack.currency))}", "use one of these"
        yield from _overlaps([(name, value) for value in parameter.values])
        yield from _values(parameter, unit, _bounds(parameter.name, chain))


def _values(parameter: Parameter, unit: str, bounds: tuple[float | None, float | None]) -> Iterator[Wrong]:
    low, high = bounds
    for value in parameter.values:
        place = f"parameter {parameter.name} from {value.from_}"
        split = (value.urban is not None, value.rural is not None)
        if split not in ((True, True), (False, False)) or (value.value is None) == (split == (False, False)):
            yield f"{place}: gives not exactly one", "give either 'value' or both 'urban' and 'rural'"
            continue
        if isinstance(value.value, bool) != (unit == "flag"):
            yield (
                f"{place}: true or false belongs to the unit flag, a number to the others",
                "mend the value or the unit",
            )
        numbers = [float(number) for number in (value.value, value.urban, value.rural) if number is not None]
        outside = [n for n in numbers if (low is not None and n < low) or (high is not None and n > high)]
        if outside:
            yield (
                f"{place}: out of its bounds {low} to {high}",
                "mend the value; where it is right, the bounds are wrong",
            )


def _bounds(name: str, chain: Sequence[PackFile]) -> tuple[float | None, float | None]:
    found = [p for file in reversed(chain) for p in file.parameter if p.name == name and p.unit is not None]
    return (found[0].low, found[0].high) if found else (None, None)


def _unit_names(currency: str) -> list[str]:
    return [currency, f"{currency}/month", f"{currency}/year", *PLAIN_UNITS]


def _is_unit(unit: str, currency: str) -> bool:
    return unit in _unit_names(currency)


def _programme(programme: Programme, known: dict[str, str], benefits: set[str]) -> Iterator[Wrong]:
    yield from _basis("the programme", programme.basis, programme)
    lower = () if programme.next_lower is None else (programme.next_lower,)
    named = (*programme.paid_as, *programme.yields_to, *lower)
    for code in (*named, *(e.programme for e in programme.exclusions)):
        yield from _code(code, benefits)
    twice = [name for name, count in Counter(c.id for c in programme.conditions).items() if count > 1]
    yield from ((f"condition {name} stands twice", "give each an id of its own") for name in twice)
    for condition in programme.conditions:
        for what, way_out in _condition(condition, programme, known, benefits):
            yield f"condition {condition.id}: {what}", way_out
    if programme.received is not None:
        for what, way_out in _test(programme.received, programme, known, benefits):
            yield f"received: {what}", way_out
    judged = any(condition.test is not None for condition in programme.conditions)
    if programme.interface == judged:
        yield (
            "an interface has no test, any other programme has one",
            "add a condition of stage A, or set 'interface'",
        )
    for exclusion in programme.exclusions:
        yield from _basis(f"exclusion {exclusion.programme}", exclusion.basis, programme)
    for limit in programme.time_limits:
        yield from _basis(f"time limit {limit.step}", limit.basis, programme)
    yield from _amount(programme, known)


def _code(code: str, benefits: set[str]) -> Iterator[Wrong]:
    if code not in benefits:
        yield f"no programme or benefit has the code {code}", "mend the code, or list it under 'benefit'"


def _basis(what: str, basis: Iterable[Citation], period: Dated) -> Iterator[Wrong]:
    if not any(citation.overlaps(period) for citation in basis):
        yield f"{what} cites nothing that holds in its own period", "cite the article in force, or mend the dates"


def _condition(
    condition: Condition, programme: Programme, known: dict[str, str], benefits: set[str]
) -> Iterator[Wrong]:
    yield from _basis("it", condition.basis, programme)
    if (condition.test is None) != (condition.stage == "B"):
        yield "stage A needs a test, stage B (verified after consent) has none", "add the test, or set stage = 'B'"
    elif condition.test is not None:
        yield from _test(condition.test, programme, known, benefits)


def _test(raw: object, programme: Programme, known: dict[str, str], benefits: set[str]) -> Iterator[Wrong]:
    try:
        test = parse_test(raw)
    except ValueError as error:
        yield str(error), "docs/programmes.md shows the form"
        return
    for leaf in leaves(test):
        yield from _leaf(leaf, programme, known, benefits)


def _leaf(
    leaf: Compare | Holds, programme: Programme, known: dict[str, str], benefits: set[str]
) -> Iterator[Wrong]:
    if isinstance(leaf, Holds):
        if known.get(leaf.setting) != "flag":
            yield f"unknown parameter {leaf.setting}, or one that is no flag", "name a parameter whose unit is flag"
        return
    fact = fact_of(leaf.value)
    if fact is None:
        yield f"unknown fact {leaf.value}", f"the facts are: {', '.join(FACTS)}, {PAID}CODE"
        return
    if leaf.value.startswith(PAID):
        yield from _code(leaf.value.removeprefix(PAID), benefits)
    if fact.unit == "P" and programme.unit != "P":
        yield f"{leaf.value} is a person's fact; a household programme cannot ask for it", "set unit = 'P'"
    if fact.dimension == "flag" and (leaf.parameter is not None or leaf.number not in (0.0, 1.0)):
        yield f"{leaf.value} is a flag", f"write {{value='{leaf.value}', is=true}}"
    if leaf.times is not None and known.get(leaf.times) != "ratio":
        yield f"'times' takes a parameter that is a ratio, not {leaf.times}", "name one whose unit is ratio"
    yield from _same_dimension(leaf, fact.dimension, known)


def _same_dimension(leaf: Compare, dimension: Dimension, known: dict[str, str]) -> Iterator[Wrong]:
    if leaf.parameter is None:
        if dimension in ("money/month", "money"):
            yield f"{leaf.value} is money", "compare it with a parameter, which has a source"
    elif leaf.parameter not in known:
        yield f"unknown parameter {leaf.parameter}", "mend the name, or add the parameter"
    elif dimension_of(known[leaf.parameter]) != dimension:
        what = f"{leaf.value} is in {dimension}, parameter {leaf.parameter} in {known[leaf.parameter]}"
        yield what, f"compare it with a parameter in {dimension}"


def _amount(programme: Programme, known: dict[str, str]) -> Iterator[Wrong]:
    amount = programme.amount
    given = [part for part in (amount.gap_to, amount.parameter, *(tier.parameter for tier in amount.tiers)) if part]
    if sum([amount.gap_to is not None, amount.parameter is not None, bool(amount.tiers)]) > 1:
        yield "the amount is said twice", "say one of 'gap_to', 'parameter', 'tiers'"
    plus = FACTS.get(amount.plus or "")
    if amount.plus is not None and (amount.gap_to is None or plus is None or plus.unit != "H"):
        yield f"plus = {amount.plus} needs gap_to, and a fact of the household in money per month", "mend it"
    if amount.tiers and programme.unit != "P":
        yield "an amount by age is a person's; a household programme cannot have it", "set unit = 'P'"
    for name in given:
        if name not in known:
            yield f"the amount names an unknown parameter {name}", "mend the name, or add the parameter"
        elif dimension_of(known[name]) != "money/month":
            yield (
                f"the amount is money per month; parameter {name} is in {known[name]}",
                "name one in money per month",
            )
    if any(later.age <= earlier.age for earlier, later in pairwise(amount.tiers)):
        yield "the tiers of the amount do not go up in age", "write the youngest first"


def _triggers(file: PackFile, known: dict[str, str]) -> Iterator[Wrong]:
    for trigger in file.trigger:
        place = f"trigger {trigger.code}"
        rule = TRIGGERS.get(trigger.code)
        if rule is None:
            yield f"{place}: nothing computes it", f"the triggers are: {', '.join(sorted(TRIGGERS))}"
            continue
        yield from ((f"{place}: {what}", way_out) for what, way_out in _basis("it", trigger.basis, trigger))
        if set(trigger.thresholds) != set(rule.thresholds):
            wanted = ", ".join(rule.thresholds) or "none"
            yield f"{place}: its thresholds are {wanted}", "name a parameter for each of them and for no other"
            continue
        for name, dimension in rule.thresholds.items():
            parameter = trigger.thresholds[name]
            if parameter not in known:
                yield f"{place}: unknown parameter {parameter}", "mend the name, or add the parameter"
            elif dimension_of(known[parameter]) != dimension:
                what = f"{place}: {name} is in {dimension}, parameter {parameter} in {known[parameter]}"
                yield what, f"name a parameter in {dimension}"
