"""Programme packs: programmes, parameters and triggers as dated data, inherited national → province → county.

A pack is a TOML text. ``load`` parses a pack with its ancestors and checks every name, date, unit and citation;
``Programmes.on`` gives what is in force on a day, the most local value first. Money is written in the currency's
main unit in the packs (a reader knows 744 yuan) and is minor units per month, or minor units, everywhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from outreach.conditions import Compare, Group, Test, leaves, parse_test
from outreach.vocabulary import AUTHORITIES, LAYERS, MARKS, PAID, PLAIN_UNITS, Dimension

FIRST_DAY: Final = date(1, 1, 1)
LAST_DAY: Final = date(9999, 12, 31)


class PackError(ValueError):
    """A pack that cannot be used: which pack, which entry, what is wrong and how to put it right."""


class Entry(BaseModel):
    """A table of a pack; a key that nobody knows is an error, not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(Entry):
    """Something in force from a day up to and including another (open where it is not given)."""

    from_: date = Field(default=FIRST_DAY, alias="from")
    to: date = LAST_DAY

    def covers(self, day: date) -> bool:
        """Whether it is in force on this day."""
        return self.from_ <= day <= self.to

    def overlaps(self, other: "Dated") -> bool:
        """Whether both are in force on some day."""
        return self.from_ <= other.to and other.from_ <= self.to


class Citation(Dated):
    """An article of law or another source, with the days on which it is the one to cite."""

    cite: str = Field(min_length=1)
    mark: Literal[MARKS]  # type: ignore[valid-type]


class Value(Dated):
    """A value of a parameter over a period: one for all, or one for town and one for country."""

    value: float | bool | None = None
    urban: float | None = None
    rural: float | None = None
    source: str = Field(min_length=1)
    mark: Literal[MARKS]  # type: ignore[valid-type]


class Parameter(Entry):
    """A named value. The unit is said once, where the name first appears; a child pack only adds values."""

    name: str
    unit: str | None = None
    zh: str | None = None
    en: str | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[Value, ...] = ()


class Condition(Entry):
    """One clause. Stage A has a test over records; stage B says what to verify after consent and has none."""

    id: str
    stage: Literal["A", "B"] = "A"
    zh: str
    en: str
    basis: tuple[Citation, ...] = Field(min_length=1)
    test: Any = None
    population: bool = False
    unknown_is_possible: bool = False


class Exclusion(Entry):
    """Another programme in payment that bars this one, or that the person must choose against."""

    programme: str
    scope: Literal["household", "person"]
    effect: Literal["bars", "choose_higher"] = "bars"
    zh: str
    en: str
    basis: tuple[Citation, ...] = Field(min_length=1)


class TimeLimit(Entry):
    """A legal time limit of the procedure."""

    step: str
    days: int = Field(ge=0)
    kind: Literal["working", "natural"]
    basis: tuple[Citation, ...] = Field(min_length=1)


class Tier(Entry):
    """From this many completed years on, this parameter is the amount."""

    age: int
    parameter: str


class Amount(Entry):
    """What is missing per month: the gap to a line per member, a fixed parameter, or a parameter by age.

    ``plus``: a household's fact in money that comes on top of the gap.
    """

    gap_to: str | None = None
    plus: str | None = None
    parameter: str | None = None
    tiers: tuple[Tier, ...] = ()


class Programme(Dated):
    """A programme in one version of its rules.

    ``unit``: a household, a person, or an event that has struck a household. ``received``: a test that says when
    the programme has been had already, in place of the codes in benefit records. ``interface``: another body
    decides without a household's records, and no verdict is given. ``gap``: whether not having it is a finding.
    ``next_lower``: what to check for who is a little above this one's line of income.
    """

    code: str = Field(pattern=r"^[A-Z][A-Z-]{1,7}$")
    zh: str
    en: str
    layer: Literal[LAYERS]  # type: ignore[valid-type]
    unit: Literal["H", "P", "E"]
    population_zh: str
    population_en: str
    authority: tuple[Literal[AUTHORITIES], ...] = Field(min_length=1)  # type: ignore[valid-type]
    mechanism: Literal["rescue", "insurance", "welfare"]
    paid_as: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    next_lower: str | None = None
    received: Any = None
    interface: bool = False
    gap: bool = True
    near_certain: bool = False
    weight: float = Field(gt=0)
    basis: tuple[Citation, ...] = Field(min_length=1)
    message_zh: str
    message_en: str
    amount: Amount = Amount()
    time_limits: tuple[TimeLimit, ...] = ()
    conditions: tuple[Condition, ...] = Field(min_length=1)
    exclusions: tuple[Exclusion, ...] = ()


class Trigger(Dated):
    """An event trigger: what it weighs, how fast it fades, and the parameters that are its thresholds."""

    code: str = Field(pattern=r"^EV-[A-Z0-9]{3,5}$")
    zh: str
    en: str
    weight: float = Field(gt=0)
    half_life_days: int = Field(gt=0)
    thresholds: dict[str, str] = Field(default_factory=dict)
    basis: tuple[Citation, ...] = Field(min_length=1)


Coded = TypeVar("Coded", Programme, Trigger)


class Benefit(Entry):
    """A programme code that may stand in benefit records, whether or not this pack has its rules."""

    code: str
    zh: str
    en: str


class Pack(Entry):
    """The head of a pack."""

    id: str
    level: Literal["national", "province", "prefecture", "county"]
    parent: str | None = None
    zh: str
    en: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    minor_units: int = Field(gt=0)


class PackPart(Entry):
    """One text of a pack: the entries of a family of programmes."""

    benefit: tuple[Benefit, ...] = ()
    parameter: tuple[Parameter, ...] = ()
    programme: tuple[Programme, ...] = ()
    trigger: tuple[Trigger, ...] = ()


class PackFile(PackPart):
    """The whole of one pack: its head and the entries of all its texts."""

    pack: Pack


@dataclass(frozen=True)
class Setting:
    """A parameter's value on a day, in minor units where it is money; null where the pack has none."""

    name: str
    dimension: Dimension
    urban: float | None
    rural: float | None
    source: str
    mark: str


@dataclass(frozen=True)
class Rule:
    """A programme in force on a day with its tests read."""

    programme: Programme
    tests: Mapping[str, Test]
    received: Test | None = None

    @property
    def paid_as(self) -> tuple[str, ...]:
        """The codes in benefit records that mean that this programme is in payment."""
        return self.programme.paid_as or (self.programme.code,)

    @property
    def had(self) -> Test:
        """When the programme has been had: as it says itself, else where one of its codes is in payment."""
        if self.received is not None:
            return self.received
        paid = tuple(Compare(f"{PAID}{code}", "==", number=1.0) for code in self.paid_as)
        return paid[0] if len(paid) == 1 else Group("any", paid)


@dataclass(frozen=True)
class InForce:
    """What is in force on one day, the most local version of each."""

    day: date
    settings: Mapping[str, Setting]
    rules: tuple[Rule, ...]
    triggers: tuple[Trigger, ...]

    def db_line(self) -> dict[str, int] | None:
        """The monthly minimum-living line by area kind in minor units; None where the pack has none this day."""
        line = self.settings["db_std"]
        if line.urban is None or line.rural is None:
            return None
        return {"urban": round(line.urban), "rural": round(line.rural)}


@dataclass(frozen=True)
class Programmes:
    """A pack with its ancestors, the most local first, checked."""

    chain: tuple[PackFile, ...]

    @property
    def pack(self) -> Pack:
        """The most local pack."""
        return self.chain[0].pack

    def on(self, day: date) -> InForce:
        """What is in force on a day: of each name the entry of the most local pack that has one."""
        settings = self.settings_on(day)
        programmes = _most_local([[p for p in file.programme if p.covers(day)] for file in self.chain])
        triggers = _most_local([[t for t in file.trigger if t.covers(day)] for file in self.chain])
        return InForce(day, settings, tuple(map(_rule, programmes)), tuple(triggers))

    def settings_on(self, day: date) -> dict[str, Setting]:
        """The value of every parameter on a day, the most local pack's that has one."""
        return {name: self._setting(name, unit, day) for name, unit in units(self.chain).items()}

    def _setting(self, name: str, unit: str, day: date) -> Setting:
        for file in self.chain:
            for parameter in file.parameter:
                if parameter.name != name:
                    continue
                for value in parameter.values:
                    if value.covers(day):
                        return _in_minor_units(name, unit, value, file.pack)
        return Setting(name, dimension_of(unit), None, None, "", "")


def _rule(programme: Programme) -> Rule:
    tests = {each.id: parse_test(each.test) for each in programme.conditions if each.test is not None}
    return Rule(programme, tests, None if programme.received is None else parse_test(programme.received))


def units(chain: Sequence[PackFile]) -> dict[str, str]:
    """The unit of each parameter, as the most general pack that names one says."""
    found: dict[str, str] = {}
    for file in reversed(chain):
        for parameter in file.parameter:
            if parameter.unit is not None:
                found.setdefault(parameter.name, parameter.unit)
            else:
                found.setdefault(parameter.name, "")
    return found


def dimension_of(unit: str) -> Dimension:
    """The dimension of a unit: a year's money is the same dimension as a month's."""
    if unit in PLAIN_UNITS:
        return PLAIN_UNITS[unit]
    return "money" if "/" not in unit else "money/month"


def named(rule: Rule) -> set[str]:
    """The facts that the stage-A conditions and the ``received`` test of a rule name."""
    tests = [*rule.tests.values(), rule.had]
    return {leaf.value for test in tests for leaf in leaves(test) if isinstance(leaf, Compare)}


def _in_minor_units(name: str, unit: str, value: Value, pack: Pack) -> Setting:
    dimension = dimension_of(unit)
    factor = 1.0
    if dimension in ("money", "money/month"):
        factor = pack.minor_units / 12 if unit.endswith("/year") else float(pack.minor_units)

    def scaled(number: float | None) -> float | None:
        given = number if number is not None else value.value
        return None if given is None else float(given) * factor

    return Setting(name, dimension, scaled(value.urban), scaled(value.rural), value.source, value.mark)


def _most_local(levels: Sequence[Sequence[Coded]]) -> list[Coded]:
    found: dict[str, Coded] = {}
    for level in levels:
        for entry in level:
            found.setdefault(entry.code, entry)
    return [found[code] for code in sorted(found)]


def cited(basis: Sequence[Citation], day: date) -> str:
    """The citations that hold on a day."""
    return "; ".join(citation.cite for citation in basis if citation.covers(day))
