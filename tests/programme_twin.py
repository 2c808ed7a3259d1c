"""The programmes once more, slowly and in plain Python: exact fractions, and None for what nobody knows.

It reads a story (``programme_stories``) and the TOML of the packs, and shares no code with the rules: facts, tests,
exclusions and verdicts are computed anew, one person after the other. A test is worth True, False, None (unknown)
or ``NEAR``, where the line lies within the uncertainty of a value.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from programme_cases import TEXTS
from programme_stories import EXTENSIONS, LOCAL

NEAR = "near"
OPEN = None
Bounds = tuple[Any, Any]
SUPPORT = {
    "head": ["spouse", "child", "parent"],
    "spouse": ["head", "child", "parent_in_law"],
    "child": ["head", "spouse", "child_in_law", "grandchild"],
    "child_in_law": ["child", "grandchild"],
    "grandchild": ["child", "child_in_law"],
    "parent": ["parent", "head", "sibling"],
    "sibling": ["parent"],
}
PARENTS = {
    "head": ["parent"],
    "child": ["head", "spouse"],
    "grandchild": ["child", "child_in_law"],
    "sibling": ["parent"],
}
CHAIN = ("sw-county-2025", "cn-national")


@cache
def raw() -> tuple[dict[str, Any], ...]:
    """The texts of the county's pack and of the national one, each as one table."""
    packs = []
    for pack in CHAIN:
        whole: dict[str, Any] = {"parameter": [], "programme": []}
        for name, text in sorted(TEXTS.items()):
            if name.partition("+")[0] == pack:
                told = tomllib.loads(text)
                for kind in whole:
                    whole[kind] += told.get(kind, [])
        packs.append(whole)
    return tuple(packs)


def worth(name: str, day: date, area: str) -> Fraction | None:
    """A parameter on a day, the county's value first; a year's money as a month's, in yuan."""
    unit = next(
        p["unit"] for pack in reversed(raw()) for p in pack["parameter"] if p["name"] == name and "unit" in p
    )
    for pack in raw():
        for parameter in pack["parameter"]:
            for value in parameter["values"] if parameter["name"] == name else ():
                if value.get("from", date.min) <= day <= value.get("to", date.max):
                    number = Fraction(str(value[area] if "urban" in value else float(value["value"])))
                    return number / 12 if unit.endswith("/year") else number
    return None


def verdicts(
    story: Mapping[str, Any], day: date, without: tuple[str, ...], *, extended: bool = False
) -> Iterator[tuple[str, int | None, str]]:
    """``code, person (from 1; None of a household), verdict`` of whoever is among the people of a programme."""
    home = Home(story, day, without, extended=extended)
    for programme in raw()[1]["programme"]:
        if not programme.get("from", date.min) <= day <= programme.get("to", date.max) or programme.get(
            "interface"
        ):
            continue
        people = [p for p in home.people if not p.dead] if programme["unit"] == "P" else [None]
        for person in people:
            said = judged(programme, home, person)
            if said is not None:
                yield programme["code"], None if person is None else person.number, said


class Person:
    """One person of a story."""

    def __init__(self, number: int, told: Mapping[str, Any]) -> None:
        self.number, self.told = number, told
        self.age, self.relation = told["age"], told.get("relation", "head")
        self.dead = "dead" in told
        self.until = date.fromisoformat(told["dead"]) if self.dead else date.max
        self.counted = True
        self.away = any(event.startswith(("JAIL", "LOST")) for event in told.get("events", ()))
        kind, _, level = told.get("certificate", "").partition(" ")
        self.kind, self.level = kind or None, int(level) if level else None


class Home:
    """A household with what the registers tell of it; money in yuan a month."""

    def __init__(self, story: Mapping[str, Any], day: date, without: tuple[str, ...], *, extended: bool) -> None:
        self.story, self.day, self.without = story, day, without
        self.local = {**dict.fromkeys((*EXTENSIONS, "jg_started"), 1), **LOCAL} if extended else {}
        self.area = story.get("area", "urban")
        self.people = [Person(number, told) for number, told in enumerate(story["people"], 1)]
        self.living = [person for person in self.people if not person.dead]
        for person in self.people:
            person.away = person.away and self.known("event")
            person.counted = not person.away

    def known(self, kind: str) -> bool:
        return kind not in self.without

    def worth(self, name: str) -> Fraction | None:
        own = self.local.get(name)
        return worth(name, self.day, self.area) if own is None else Fraction(str(float(own)))

    def paid(self, code: str, person: Person | None) -> bool | None:
        if not self.known("benefit"):
            return None
        own = (person.told.get("paid", ()),) if person else (p.told.get("paid", ()) for p in self.living)
        return code in self.story.get("paid", ()) or any(code in codes for codes in own)

    def everybody_draws(self, code: str) -> bool:
        drawn = sum(code in person.told.get("paid", ()) for person in self.living)
        return code in self.story.get("paid", ()) or drawn >= len(self.living)

    # income

    def scheme(self, person: Person) -> str | None:
        return person.told.get("pension_scheme") if self.known("enrolment") else None

    def earned(self, person: Person) -> bool:
        return self.known("income") and ("income" in person.told or "pension" in person.told)

    def basic(self, person: Person) -> Fraction:
        return min(Fraction(str(person.told.get("pension", 0))), self.worth("basic_pension") or Fraction(0))

    def net(self, person: Person) -> Fraction:
        """Wages without the costs of working, and the pension."""
        wages = Fraction(str(person.told.get("income", 0)))
        return wages * (1 - (self.worth("work_cost_share") or 0)) + Fraction(str(person.told.get("pension", 0)))

    def deducted(self) -> Bounds:
        """Own payments for care that a county takes from income, a month."""
        low, high = Fraction(0), Fraction(0)
        if not self.worth("deduct_care_costs"):
            return low, high
        for person in self.living:
            if person.counted:
                burdened = any_of([severe_certificate(self, person), seriously_ill(self, person)])
                least, most = self.left(person, "own")
                low += (least or 0) if burdened else 0
                if burdened is not False:
                    high = None if high is None or most is None else high + most
        return low, high

    def pc_income(self) -> Bounds:
        """What counts for the rules: the counted income less the costs that are deducted."""
        bounds, costs = self.pc_counted(), self.deducted()
        heads = sum(person.counted for person in self.living)

        def less(income: Any, cost: Any) -> Any:
            if income is None or income <= 0:
                return income
            return None if cost is None else max(Fraction(0), income - cost / heads)

        return less(bounds[0], costs[1]), less(bounds[1], costs[0])

    def pc_counted(self) -> Bounds:
        counted = [person for person in self.living if person.counted]
        if not any(self.earned(person) for person in self.living) or not counted:
            return (None, None)
        total = sum(map(self.net, counted), Fraction(0))
        sure = sum((self.basic(p) for p in counted if self.scheme(p) == "resident"), Fraction(0))
        maybe = sum((self.basic(p) for p in counted if self.scheme(p) is None), Fraction(0))
        head = len(counted)
        each = Fraction(round((total - sure) / head * 100), 100)
        margin = abs(each) * Fraction("0.05") * Fraction("0.5")
        unseen = sum(18 <= p.age <= 59 and not self.earned(p) for p in counted)
        return each - margin - maybe / head, each + margin + Fraction(unseen * 1000, head)

    def own_income(self, person: Person) -> Bounds:
        if not self.earned(person):
            return (None, None)
        whole = sum((Fraction(str(person.told.get(k, 0))) for k in ("income", "pension")), Fraction(0))
        sure = self.basic(person) if self.scheme(person) == "resident" else Fraction(0)
        maybe = self.basic(person) if self.scheme(person) is None else Fraction(0)
        own = whole - sure
        margin = abs(own) * Fraction("0.05") * Fraction("0.5")
        return own - margin - maybe, own + margin

    # care and school

    def left(self, person: Person, key: str) -> Bounds:
        if not self.known("medical"):
            return (None, None) if key == "left" else (Fraction(0), None)
        claim = person.told.get("claim")
        if claim is None:
            return Fraction(0), Fraction(0)
        amount = Fraction(str(claim[key])) / 12 if key in claim else None
        if amount is not None:
            return amount, amount
        billed = Fraction(str(claim["left"])) / 12 if "left" in claim else None
        return Fraction(0), billed

    def schooling(self, person: Person) -> Bounds:
        if not self.known("schooling"):
            return Fraction(0), None
        if "school" not in person.told:
            return Fraction(0), Fraction(0)
        fee = person.told.get("fee", 0 if person.told["school"] in ("primary", "junior") else None)
        if fee is None:
            return Fraction(0), None
        cost = max(Fraction(0), Fraction(str(fee)) - Fraction(str(person.told.get("aid", 0)))) / 12
        return cost, cost

    def cost(self, extra: Fraction) -> Bounds:
        parts = [self.left(p, "own") for p in self.living] + [self.schooling(p) for p in self.living]
        low = sum((low or Fraction(0) for low, _ in parts), extra)
        return low, None if any(high is None for _, high in parts) else sum((high for _, high in parts), extra)

    def over_income(self, extra: Fraction) -> Bounds:
        heads = sum(person.counted for person in self.living)
        low, high = self.cost(extra * heads)
        least, most = self.pc_counted()

        def ratio(cost: Any, income: Any) -> Any:
            if cost is None or income is None:
                return None
            income *= heads
            whole = cost / income if income > 0 else Fraction(99) if cost > 0 else Fraction(0)
            return min(max(whole, Fraction(0)), Fraction(99))

        return ratio(low, most), ratio(high, least)

    # what happened

    def events(self) -> list[tuple[str, date]]:
        listed = []
        for until, told in [(date.max, self.story), *((p.until, p.told) for p in self.people)]:
            for code, when in (each.split() for each in told.get("events", ()) if self.known("event")):
                if date.fromisoformat(when) <= until:
                    listed.append((code, date.fromisoformat(when)))
        return [*listed, *(("DTH", p.until) for p in self.people if p.dead)]

    def lately(self, codes: tuple[str, ...], days: int) -> bool:
        return any(code in codes and self.day - timedelta(days) < when <= self.day for code, when in self.events())

    def sudden(self) -> bool | None:
        ill = [date.fromisoformat(p.told["serious"]) for p in self.living if "serious" in p.told]
        fresh = self.known("medical") and any(self.day - timedelta(90) < when <= self.day for when in ill)
        if fresh or self.lately(("ACC", "DSR", "HSE", "DTH", "CHD"), 90):
            return True
        return False if self.known("event") and self.known("medical") else None

    def told(self, codes: tuple[str, ...]) -> bool | None:
        return True if self.lately(codes, 365) else False if self.known("event") else None

    # family

    def severe(self, person: Person, mental: int) -> bool | None:
        if not self.known("disability"):
            return None
        return person.level is not None and (
            person.level <= 2 or (person.kind in ("intellectual", "mental") and person.level <= mental)
        )

    def able(self, person: Person) -> bool | None:
        if person.age < 18:
            return False
        income, line = self.pc_middle(), self.worth("local_pc_income")
        poor = None if income is None or line is None else income < line
        weak = both_or(person.age >= 70, self.severe(person, 3))
        exempt = [
            self.paid("TK", person),
            both_and(self.paid("DB", person), person.age >= 60),
            both_and(weak, poor),
            person.away,
        ]
        return negated(any_of(exempt))

    def pc_middle(self) -> Fraction | None:
        if self.pc_counted()[0] is None:
            return None
        counted = [person for person in self.living if person.counted]
        total = sum(map(self.net, counted), Fraction(0))
        sure = sum((self.basic(p) for p in counted if self.scheme(p) == "resident"), Fraction(0))
        return Fraction(round((total - sure) / len(counted) * 100), 100)

    def supporters(self, person: Person) -> Bounds:
        near = [p for p in self.living if p is not person and p.relation in SUPPORT.get(person.relation, ())]
        sure = sum(self.able(p) is True for p in near)
        maybe = sum(self.able(p) is None for p in near)
        kin = person.told.get("kin", 0) if self.known("kin") else 0
        beyond = (person.relation not in SUPPORT) + (not self.known("kin"))
        return Fraction(sure + kin), Fraction(sure + kin + maybe + beyond)

    def unfit(self, person: Person) -> bool | None:
        ill = "serious" in person.told and date.fromisoformat(person.told["serious"]) > self.day - timedelta(365)
        return any_of([self.severe(person, 4), ill if self.known("medical") else None, person.away])

    def parents(self, person: Person) -> dict[str, Bounds]:
        named = PARENTS.get(person.relation)
        if named is None:
            blank = (Fraction(0), OPEN)
            return {"parents_able": blank, "parents_lost": blank, "parents_dead": blank}
        here = [p for p in self.living if p.relation in named]
        count = min(2, len(here))
        dead = min(2 - count, sum(p.dead and p.relation in named for p in self.people))
        unfit = min(count, sum(self.unfit(p) is True for p in here))
        doubt = min(count - unfit, sum(self.unfit(p) is None for p in here))
        whole = count + dead == 2

        def bounds(low: int, high: int) -> Bounds:
            return Fraction(low), Fraction(high) if whole else OPEN

        return {
            "parents_dead": bounds(dead, dead),
            "parents_lost": bounds(dead + unfit, dead + unfit + doubt),
            "parents_able": bounds(count - unfit - doubt, count - unfit),
        }


def any_of(values: list[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def both_or(one: bool | None, other: bool | None) -> bool | None:
    return any_of([one, other])


def both_and(one: bool | None, other: bool | None) -> bool | None:
    return False if False in (one, other) else None if None in (one, other) else True


def negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def fact(name: str, home: Home, person: Person | None) -> Bounds:
    """The bounds of a fact; a plain one has the same value twice."""
    if name.startswith("paid:"):
        return same(home.paid(name.removeprefix("paid:"), person))
    if name in ("pc_income", "own_income"):
        return home.pc_income() if name == "pc_income" or person is None else home.own_income(person)
    if name in ("rigid_ratio", "spending_ratio"):
        return home.over_income((home.worth("db_std") or Fraction(0)) if name == "rigid_ratio" else Fraction(0))
    if name == "medical_cost":
        parts = [home.left(p, "own") for p in home.living]
        opened = any(high is None for _, high in parts)
        return sum((low for low, _ in parts), Fraction(0)), None if opened else sum(
            (h for _, h in parts), Fraction(0)
        )
    of_home = {
        "area_rural": lambda: home.area == "rural",
        "sudden_event": home.sudden,
        "hardship_event": lambda: home.told(("ACC", "DSR", "HSE", "DTH", "CHD", "JAIL", "LOST")),
        "disaster_12m": lambda: home.told(("DSR",)),
        "income_fall": lambda: 0 if any(map(home.earned, home.living)) and counted_income(home) > 0 else None,
        "severe_at_home": lambda: any_of([severe_certificate(home, p) for p in home.living]),
        "serious_at_home": lambda: any_of([seriously_ill(home, p) for p in home.living]),
        "relief_this_year": lambda: relieved(home) if home.known("benefit") else None,
        "relief_since_event": lambda: relief_since(home) if home.known("benefit") else None,
        "dwelling_area": lambda: area_each(home),
        "dwelling_unsafe": lambda: graded(home),
        "home_rented": lambda: tenure(home, ("rent", "borrowed")),
        "public_rental": lambda: tenure(home, ("public_rental",)),
    }
    if name in of_home:
        return same(of_home[name]())
    assert person is not None, name
    return of_person(name, home, person)


def same(value: Any) -> Bounds:
    number = None if value is None else Fraction(value)
    return number, number


def counted_income(home: Home) -> Fraction:
    counted = [p for p in home.living if p.counted]
    return sum((Fraction(str(p.told.get(k, 0))) for p in counted for k in ("income", "pension")), Fraction(0))


def severe_certificate(home: Home, person: Person) -> bool | None:
    return person.level is not None and person.level <= 2 if home.known("disability") else None


def seriously_ill(home: Home, person: Person) -> bool | None:
    ill = "serious" in person.told and date.fromisoformat(person.told["serious"]) > home.day - timedelta(365)
    return ill if home.known("medical") else None


def relieved(home: Home) -> bool:
    return any(home.paid(code, None) for code in ("LS", "LS-E", "LS-Z"))


def relief_since(home: Home) -> bool:
    """Stories pay in the month before the day."""
    ill = [
        date.fromisoformat(p.told["serious"]) for p in home.living if "serious" in p.told and home.known("medical")
    ]
    days = [when for code, when in home.events() if code in ("ACC", "DSR", "HSE", "DTH", "CHD")] + ill
    fresh = [when for when in days if home.day - timedelta(90) < when <= home.day]
    paid = (home.day.replace(day=1) - timedelta(1)).replace(day=1)
    return bool(fresh) and relieved(home) and paid >= max(fresh).replace(day=1)


def area_each(home: Home) -> Fraction | None:
    area = home.story.get("dwelling", {}).get("dwelling_area_m2")
    return None if area is None else Fraction(str(area)) / len(home.living)


def graded(home: Home) -> bool | None:
    grade = home.story.get("dwelling", {}).get("dwelling_safety")
    return None if grade is None else grade in ("C", "D")


def tenure(home: Home, kinds: tuple[str, ...]) -> bool | None:
    told = home.story.get("dwelling", {}).get("tenure")
    return None if told is None else told in kinds


def of_person(name: str, home: Home, person: Person) -> Bounds:
    told = person.told
    if name == "supporters_able":
        return home.supporters(person)
    if name.startswith("parents_"):
        return home.parents(person)[name]
    if name in ("eligible_cost", "cost_left"):
        low, high = home.left(person, "left" if name == "eligible_cost" else "own")
        return (low, high) if home.known("medical") else (None, None)
    register = {
        "has_certificate": ("disability", person.level is not None),
        "disability_level": ("disability", person.level),
        "disability_mental": ("disability", person.kind in ("intellectual", "mental")),
        "disability_limb": ("disability", person.kind == "limb"),
        "disability_visual": ("disability", person.kind == "visual"),
        "serious_illness": ("medical", seriously_ill(home, person)),
        "medical_aid": ("medical", aided(told)),
        "insured_medical": ("enrolment", "insured" in told),
        "insured_employee": ("enrolment", told.get("insured") == "employee"),
        "insured_before": ("enrolment", True if "insured" in told or "lapsed" in told else None),
        "pension_enrolled": ("enrolment", "pension_scheme" in told),
        "in_school": ("schooling", "school" in told),
        "student_aid": ("schooling", told["aid"] > 0 if "aid" in told else None),
        "unemployed": ("employment", jobless(told)),
        "contribution_months": ("employment", contributed(told, home.day)),
        "job_ended_days": ("employment", ended(told, home.day)),
    }
    if name in register:
        kind, value = register[name]
        return same(value if home.known(kind) else None)
    plain = {
        "age": person.age,
        "hukou_here": told.get("hukou", "990101") == "990101",
        "draws_pension": pensioned(home, person),
    }
    return same(plain[name])


def aided(told: Mapping[str, Any]) -> bool | None:
    aid = told["claim"].get("aid") if "claim" in told else 0
    return None if aid is None else aid > 0


def pensioned(home: Home, person: Person) -> bool | None:
    if home.earned(person):
        return person.told.get("pension", 0) > 0
    return False if home.known("enrolment") and "pension_scheme" not in person.told else None


def jobless(told: Mapping[str, Any]) -> bool | None:
    works = told.get("worked", "x to y").endswith("now")
    return None if works == ("registered" in told) else "registered" in told


def contributed(told: Mapping[str, Any], day: date) -> int:
    if "worked" not in told:
        return 0
    start, end = told["worked"].split(" to ")
    first = date.fromisoformat(start)
    last = day.replace(day=1) - timedelta(1) if end == "now" else date.fromisoformat(end)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def ended(told: Mapping[str, Any], day: date) -> int:
    end = told.get("worked", "x to now").split(" to ")[1]
    return 36_500 if end == "now" else (day - date.fromisoformat(end)).days


def tested(test: Mapping[str, Any], home: Home, person: Person | None) -> Any:
    """True, False, None or NEAR."""
    if "any" in test or "all" in test:
        kind = "any" if "any" in test else "all"
        ranks = [rank(tested(part, home, person)) for part in test[kind]]
        return unranked(max(ranks) if kind == "any" else min(ranks))
    if "setting" in test:
        flag = home.worth(test["setting"])
        return None if flag is None else flag != 0
    low, high = fact(test["value"], home, person)
    if "is" in test:
        line, op = Fraction(test["is"]), "=="
    else:
        op = test["op"]
        line = home.worth(test["parameter"]) if "parameter" in test else Fraction(str(test["number"]))
        if "times" in test and line is not None:
            factor = home.worth(test["times"])
            line = None if factor is None else line * factor
    return compared(low, high, op, line)


def compared(low: Any, high: Any, op: str, line: Any) -> Any:
    if line is None:
        return None
    if op in (">", ">="):  # mirrored
        low, high = (None if high is None else -high), (None if low is None else -low)
        op, line = {">": "<", ">=": "<="}[op], -line
    if op == "==":
        if (low is not None and low > line) or (high is not None and high < line):
            return False
        return None if low is None or high is None else True if low == high == line else NEAR
    below = (lambda value: value < line) if op == "<" else (lambda value: value <= line)
    if high is not None and below(high):
        return True
    if low is not None and not below(low):
        return False
    return None if low is None or high is None else NEAR


ORDER = (False, None, NEAR, True)


def rank(value: Any) -> int:
    return next(at for at, each in enumerate(ORDER) if each is value or (each == value and value == NEAR))


def unranked(level: int) -> Any:
    return ORDER[level]


def judged(programme: Mapping[str, Any], home: Home, person: Person | None) -> str | None:
    """The verdict, or None where the programme is not for them."""
    codes = programme.get("paid_as", [programme["code"]])
    own = {"any": [{"value": f"paid:{code}", "is": True} for code in codes]}
    had = tested(programme.get("received", own), home, person)
    levels = []
    outside = False
    for condition in programme["conditions"]:
        if "test" not in condition:
            continue
        said = tested(condition["test"], home, person)
        if said is None and condition.get("unknown_is_possible"):
            said = NEAR
        outside = outside or (said is False and condition.get("population", False))
        levels.append(rank(said))
    if outside and not (had is True and "received" not in programme and programme["code"] in codes):
        return None
    if had is True:
        return "in_payment"
    for exclusion in programme.get("exclusions", ()):
        levels.append(rank(barred(exclusion, programme["unit"], home, person)))
    levels.append(rank(NEAR if had is None else True))
    return ("not_eligible", "insufficient_data", "eligible_possible", "eligible_likely")[min(levels)]


def barred(exclusion: Mapping[str, Any], unit: str, home: Home, person: Person | None) -> Any:
    paid = home.paid(exclusion["programme"], person)
    if paid is None:
        return NEAR
    if not paid:
        return True
    if unit != "P" and exclusion["scope"] == "person" and not home.everybody_draws(exclusion["programme"]):
        return NEAR
    return NEAR if exclusion.get("effect") == "choose_higher" else False
