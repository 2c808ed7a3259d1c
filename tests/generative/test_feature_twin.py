"""A second, slow answer in plain Python for some columns, which must agree with the fast one."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from statistics import pstdev
from typing import Any

import pytest
from generative.feature_worlds import AS_OF, LINE, Rows, fixed_context, sources_of, worlds
from hypothesis import HealthCheck, given, settings

from features.build import build_features
from features.events import HALF_LIVES
from features.records import KEYS

WINDOW = [date(2024, 1, 1)] + [date(2023, month, 1) for month in range(12, 1, -1)]
"""The twelve months up to January 2024, the last one first."""

LABOUR = ("wage", "business", "farm", "platform")


def month_before(month: date, number: int) -> date:
    count = month.year * 12 + month.month - 1 - number
    return date(count // 12, count % 12 + 1, 1)


def newest(kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row.get(name) for name in KEYS[kind])
        if row.get("known_on", AS_OF) <= AS_OF and (key not in best or row["known_on"] > best[key]["known_on"]):
            best[key] = row
    return [row for row in best.values() if not row.get("void")]


class Twin:
    """The household H1 of a world, and its columns one by one."""

    def __init__(self, world: Rows) -> None:
        self.world = {
            kind: newest(kind, rows) for kind, rows in world.items() if kind not in ("household", "member")
        }
        here = [row for row in world["member"] if row["household_id"] == "H1"]
        self.members = [row for row in here if self.lives(row)]
        self.gone = {
            row["person_id"]: min(day for day in (row["valid_to"], row["death_date"]) if day is not None)
            for row in here
            if not self.lives(row)
        }
        self.ids = {row["person_id"] for row in self.members}
        self.line = LINE[next(row["area_kind"] for row in world["household"] if row["household_id"] == "H1")]

    @staticmethod
    def lives(row: dict[str, Any]) -> bool:
        return row["valid_to"] is None and row["death_date"] is None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [
            row for row in self.world[kind] if row.get("person_id") in self.ids or row.get("household_id") == "H1"
        ]

    def age(self, row: dict[str, Any]) -> int:
        born = row["birth_date"]
        return AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))

    def observed(self) -> list[date]:
        first = [month_before(row["month"], row["period_months"] - 1) for row in self.of("income")]
        return [month for month in WINDOW if first and month >= min(first)]

    def by_month(self, keep=lambda row: row["kind"] != "assistance") -> dict[date, Fraction]:
        spread: dict[date, Fraction] = defaultdict(Fraction)
        for row in filter(keep, self.of("income")):
            for back in range(row["period_months"]):
                spread[month_before(row["month"], back)] += Fraction(row["amount"], row["period_months"])
        return spread

    def mean(self, window: int) -> Fraction | None:
        months = [month for month in self.observed() if month in WINDOW[:window]]
        by_month = self.by_month()
        return sum((by_month[month] for month in months), Fraction()) / len(months) if months else None

    def household_size(self):
        return len(self.members)

    def children(self):
        return sum(self.age(row) < 16 for row in self.members)

    def income_per_head_12m(self):
        mean = self.mean(12)
        return None if mean is None else mean / len(self.members)

    def income_per_head_3m(self):
        mean = self.mean(3)
        return None if mean is None else mean / len(self.members)

    def income_to_line_12m(self):
        mean = self.mean(12)
        return None if mean is None else min(max(mean / len(self.members) / self.line, -1), 20)

    def income_drop_3m(self):
        months, by_month = self.observed(), self.by_month()
        if len(months) < 6:
            return None
        before = sum(by_month[month] for month in months[3:]) / (len(months) - 3)
        recent = sum(by_month[month] for month in months[:3]) / 3
        return None if before <= 0 else min(max(1 - recent / before, -1), 1)

    def income_volatility_12m(self):
        months, by_month = self.observed(), self.by_month()
        values = [float(by_month[month]) for month in months]
        if len(months) < 6 or sum(by_month[month] for month in months) <= 0:
            return None
        return min(pstdev(values) / (sum(values) / len(values)), 4)

    def months_without_income_running(self):
        months, by_month = self.observed(), self.by_month()
        positive = [by_month[month] > 0 for month in months]
        return None if not months else positive.index(True) if True in positive else len(months)

    def earners_12m(self):
        if not self.observed():
            return None
        earned = {name: Fraction() for name in self.ids}
        for name in self.ids:
            by_month = self.by_month(lambda row, name=name: row["kind"] in LABOUR and row["person_id"] == name)
            earned[name] = sum((by_month[month] for month in WINDOW), Fraction())
        return sum(value > 0 for value in earned.values())

    def claims(self):
        first, last = WINDOW[-1], date(2024, 1, 31)
        return [row for row in self.of("medical") if first <= row["event_date"] <= last]

    def known_to_medical(self):
        insured = any(row["scheme"].startswith("medical") for row in self.of("enrolment"))
        return insured or bool(self.of("medical"))

    def oop_12m(self):
        told = [row["oop"] for row in self.claims() if row["oop"] is not None]
        untold = [row for row in self.claims() if row["oop"] is None and row["kind"] != "chronic_registration"]
        return sum(told) if self.known_to_medical() and (told or not untold) else None

    def admissions_12m(self):
        return sum(row["kind"] == "inpatient" for row in self.claims()) if self.known_to_medical() else None

    def oop_to_income_12m(self):
        cost, mean = self.oop_12m(), self.mean(12)
        if cost is None or mean is None:
            return None
        return 0 if cost == 0 else 5 if mean <= 0 else min(cost / (mean * 12), 5)

    def workers(self):
        spells = self.of("employment")
        now = [row for row in spells if row["end"] is None or row["end"] >= AS_OF]
        return len({row["person_id"] for row in now if row["form"] != "unemployed"}) if spells else None

    def spells_ended_12m(self):
        spells = self.of("employment")
        ended = [row for row in spells if row["end"] is not None and date(2023, 3, 1) <= row["end"] < AS_OF]
        return sum(row["form"] != "unemployed" for row in ended) if spells else None

    def has_db(self):
        paid = [row for row in self.of("benefit") if row["programme"] == "DB" and row["status"] == "in_payment"]
        return int(any(row["month"] >= WINDOW[0] for row in paid))

    def exits_12m(self):
        last: dict[str, date] = {}
        for row in self.of("benefit"):
            if row["status"] == "in_payment":
                last[row["programme"]] = max(row["month"], last.get(row["programme"], row["month"]))
        return sum(last[name] in WINDOW[1:] for name in ("DB", "TK", "BY", "GX") if name in last)

    def health_cover_share(self):
        active = [row for row in self.of("enrolment") if row["end"] is None or row["end"] >= AS_OF]
        return Fraction(
            len({row["person_id"] for row in active if row["scheme"][:7] == "medical"}), len(self.members)
        )

    def event_score(self):
        score = 0.0
        for row in self.world["event"]:
            days = (AS_OF - row["event_date"]) // timedelta(days=1)
            gone_on = self.gone.get(row["person_id"])
            left_behind = gone_on is not None and row["event_date"] <= gone_on
            mine = row["person_id"] in self.ids or row["household_id"] == "H1" or left_behind
            if mine and days <= 365 and row["event_code"] in HALF_LIVES:
                weight, life = HALF_LIVES[row["event_code"]]
                score += weight * 2 ** (-days / life)
        return score


TWINS = [name for name in vars(Twin) if name.endswith(("_12m", "_3m", "_share", "_score", "_running", "_size"))]
TWINS += ["children", "workers", "has_db"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds())
def test_the_slow_twin_agrees(world):
    row = build_features(sources_of(world), fixed_context(), AS_OF, TWINS).row(0, named=True)
    twin = Twin(world)
    for name in TWINS:
        expected = getattr(twin, name)()
        if expected is None:
            assert row[name] is None, name
        else:
            assert row[name] == pytest.approx(float(expected), rel=1e-6, abs=1e-5), name


def test_the_twin_answers_for_at_least_ten_columns():
    assert len(TWINS) >= 10
