"""Rules that nobody can ever meet, and programmes that wait for each other in a ring.

Two programmes that exclude one another are no ring: the law says so of many. A ring is one of programmes that give
way to each other, so that none of them is ever offered, or that each need another one in payment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf, nextafter
from typing import Final

from outreach.catalogue import Programme, Programmes, Setting
from outreach.conditions import Compare, Group, Holds, Test, leaves, parse_test
from outreach.pack_problem import Wrong
from outreach.vocabulary import PAID, fact_of

BOUNDS: Final = {"flag": (0.0, 1.0), "level": (1.0, 4.0), "years": (0.0, 130.0)}
KINDS: Final = ("urban", "rural")


def rings(programmes: Programmes) -> Iterator[Wrong]:
    """Rings of programmes that give way to each other, or need each other, on any day on which a version begins."""
    told: set[tuple[str, tuple[str, ...]]] = set()
    for day in _days(programmes):
        active = _active(programmes, day)
        relations = {
            "give way to each other": {code: each.yields_to for code, each in active.items()},
            "need each other in payment": {code: _needed(each) for code, each in active.items()},
        }
        for what, arrows in relations.items():
            for ring in _rings(arrows):
                if (what, ring) not in told:
                    told.add((what, ring))
                    said = " → ".join((*ring, ring[0]))
                    yield f"programmes {said} {what} in a ring on {day}", "let one of them stand alone"


def unreachable(programmes: Programmes) -> Iterator[Wrong]:
    """Programmes whose conditions no household can meet together, or that name a parameter without any value.

    Flags that a local pack may turn on are taken as on; what a parameter is worth counts on each day on which a
    value or a version begins.
    """
    told: set[str] = set()
    for day in _days(programmes):
        settings = {setting.name: setting for setting in programmes.settings_on(day).values()}
        for code, programme in _active(programmes, day).items():
            tests = _tests(programme)
            if tests is None or code in told or programme.interface:
                continue
            place = f"programme {code} on {day}"
            if not any(_possible(tests, _start(programme, kind), settings, kind) for kind in KINDS):
                told.add(code)
                yield (
                    f"{place}: nobody can meet all of its conditions",
                    "mend the conditions that contradict each other",
                )
    for name in _valueless(programmes):
        yield (
            f"parameter {name} has no value on any day of a rule that needs it",
            "give it a value, with its source",
        )


def _days(programmes: Programmes) -> list[date]:
    """Days on which a version of a programme or a value begins."""
    found = {p.from_ for file in programmes.chain for p in file.programme}
    found |= {v.from_ for file in programmes.chain for p in file.parameter for v in p.values}
    return sorted(found)


def _active(programmes: Programmes, day: date) -> dict[str, Programme]:
    found: dict[str, Programme] = {}
    for file in programmes.chain:
        for programme in file.programme:
            if programme.covers(day):
                found.setdefault(programme.code, programme)
    return dict(sorted(found.items()))


def _tests(programme: Programme) -> list[Test] | None:
    """The stage-A tests; None where one cannot be read (which is told elsewhere)."""
    try:
        tests = [parse_test(each.test) for each in programme.conditions if each.test is not None]
    except ValueError:
        return None
    named = [leaf.value for test in tests for leaf in leaves(test) if isinstance(leaf, Compare)]
    return tests if all(fact_of(name) is not None for name in named) else None


def _needed(programme: Programme) -> tuple[str, ...]:
    """Programmes that must be in payment, whichever way the conditions are met."""
    return tuple(sorted(set().union(*(_always(test) for test in _tests(programme) or ()))))


def _always(test: Test) -> set[str]:
    if isinstance(test, Group):
        parts = [_always(part) for part in test.tests]
        return set().union(*parts) if test.kind == "all" else set.intersection(*parts)
    paid = isinstance(test, Compare) and test.value.startswith(PAID) and test.number == 1.0
    return {test.value.removeprefix(PAID)} if paid and isinstance(test, Compare) else set()


def _rings(arrows: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """The rings of a graph, each once, beginning with its first name."""
    found: set[tuple[str, ...]] = set()

    def follow(path: tuple[str, ...]) -> None:
        for after in arrows.get(path[-1], ()):
            if after == path[0]:
                found.add(path)
            elif after > path[0] and after not in path:
                follow((*path, after))

    for name in sorted(arrows):
        follow((name,))
    return sorted(found)


@dataclass(frozen=True)
class _Box:
    """What each fact may still be, as closed intervals."""

    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)

    def narrowed(self, name: str, low: float, high: float) -> "_Box | None":
        """The box with a fact held between two values; None where nothing is left."""
        fact = fact_of(name)
        least, most = BOUNDS.get(fact.dimension if fact else "", (-inf, inf))
        low, high = max(self.low.get(name, least), low), min(self.high.get(name, most), high)
        if low > high:
            return None
        return replace(self, low={**self.low, name: low}, high={**self.high, name: high})


def _start(programme: Programme, kind: str) -> _Box:
    """What is given before any condition: the kind of area, and that what bars the programme is not in payment."""
    box = _Box().narrowed("area_rural", *((1.0, 1.0) if kind == "rural" else (0.0, 0.0)))
    barred = [each.programme for each in programme.exclusions if each.effect == "bars"]
    own = () if programme.received is not None else (programme.paid_as or (programme.code,))
    for code in (*barred, *own):
        box = None if box is None else box.narrowed(f"{PAID}{code}", 0.0, 0.0)
    return box or _Box()


def _possible(tests: Sequence[Test], box: _Box, settings: Mapping[str, Setting], kind: str) -> bool:
    """Whether some values of the facts in the box pass every test."""
    if not tests:
        return True
    first, rest = tests[0], tests[1:]
    if isinstance(first, Group):
        if first.kind == "all":
            return _possible([*first.tests, *rest], box, settings, kind)
        return any(_possible([branch, *rest], box, settings, kind) for branch in first.tests)
    if isinstance(first, Holds):
        return _possible(rest, box, settings, kind)
    line = _line(first, settings, kind)
    if line is None or first.op == "!=":
        return _possible(rest, box, settings, kind)
    low, high = {
        "<": (-inf, nextafter(line, -inf)),
        "<=": (-inf, line),
        ">": (nextafter(line, inf), inf),
        ">=": (line, inf),
        "==": (line, line),
    }[first.op]
    smaller = box.narrowed(first.value, low, high)
    return smaller is not None and _possible(rest, smaller, settings, kind)


def _line(test: Compare, settings: Mapping[str, Setting], kind: str) -> float | None:
    if test.parameter is None:
        return test.number
    line = _worth(test.parameter, settings, kind)
    factor = 1.0 if test.times is None else _worth(test.times, settings, kind)
    return None if line is None or factor is None else line * factor


def _worth(name: str, settings: Mapping[str, Setting], kind: str) -> float | None:
    setting = settings.get(name)
    return None if setting is None else (setting.urban if kind == "urban" else setting.rural)


def _valueless(programmes: Programmes) -> list[str]:
    """Parameters that some condition needs and that have no value on any day of its programme."""
    found: set[str] = set()
    for file in programmes.chain:
        for programme in file.programme:
            for leaf in (leaf for test in _tests(programme) or () for leaf in leaves(test)):
                names = (leaf.setting,) if isinstance(leaf, Holds) else (leaf.parameter, leaf.times)
                for name in names:
                    values = [v for f in programmes.chain for p in f.parameter if p.name == name for v in p.values]
                    known = any(p.name == name for f in programmes.chain for p in f.parameter)
                    if name and known and not any(value.overlaps(programme) for value in values):
                        found.add(name)
    return sorted(found)
