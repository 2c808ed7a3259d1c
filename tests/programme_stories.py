"""Households told in a few words, as a table of cases tells them, and what departments would hold of them.

Amounts are yuan, and what flows is yuan a month for the last fifteen months. Everybody lives in area 990101001 and
every register has reported up to the last month, unless the story names a source among ``without``::

    people = [{ age = 70, income = 500, certificate = "limb 2" }, { age = 45, relation = "child" }]
    paid = ["DB"]                       to the household; a person's own stands with the person
    events = ["ACC 2025-05-20"]         of the household
    extended = true                     the county has turned on what the law leaves to it (``EXTENSIONS``)
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from builders import records, sources
from programme_cases import MONTHLY, TEXTS, calendar, months

from features.context import Context
from outreach.catalogue import Programmes
from outreach.eligibility import Verdicts, assess
from outreach.packs import load

Story = Mapping[str, Any]
DAY = date(2025, 6, 10)
KINDS = (*MONTHLY, "schooling", "kin")
PERSON = {
    "age", "relation", "income", "pension", "certificate", "serious", "paid", "insured", "lapsed", "pension_scheme",
    "school", "fee", "aid", "claim", "worked", "registered", "kin", "events", "dead", "counted", "hukou",
}  # fmt: skip
CASE = {"people", "paid", "area", "events", "dwelling", "day", "without", "extended"}
LOCAL = {
    "db_topup_elder": 0.1,
    "db_topup_minor": 0.2,
    "db_topup_severe": 0.3,
    "db_topup_ill": 0.25,
    "work_cost_share": 0.2,
    "deduct_care_costs": True,
}
"""What a county may set for minimum living security, in the pack with every local extension."""
EXTENSIONS = ("yl_cb_margin", "cjs_margin", "ylf_margin", "qn_offered", "qn_extended", "sy_bz_on")


def judge(
    stories: Sequence[Story], day: date = DAY, without: Sequence[str] = (), *, extended: bool = False
) -> Verdicts:
    """The verdicts of many stories at once: story 3 is household H3, and its second person P3-2."""
    kinds = tuple(kind for kind in KINDS if kind not in without)
    tables = tables_of(stories, day)
    given = sources(**{kind: records(kind, tables[kind]) for kind in ("household", "member", *kinds)})
    return assess(given, Context(calendar(day, kinds)), pack(extended), day)


@cache
def pack(extended: bool = False) -> Programmes:
    """The county's pack; ``extended``: with every local extension, and the price subsidy from May to July 2025."""
    if not extended:
        return load("sw-county-2025", TEXTS)
    head = '[pack]\nid = "here"\nlevel = "county"\nparent = "sw-county-2025"\nzh = "本县"\nen = "here"\n'
    spans = dict.fromkeys(EXTENSIONS, "") | {"jg_started": "from = 2025-05-01, to = 2025-07-31, "}
    values = [(name, span, "true") for name, span in spans.items()]
    values += [(name, "", str(value).lower()) for name, value in LOCAL.items()]
    entries = [
        f'[[parameter]]\nname = "{name}"\nvalues = [{{ {span}value = {value}, source = "x", mark = "proposed" }}]\n'
        for name, span, value in values
    ]
    return load("here", {**TEXTS, "here": f'{head}currency = "CNY"\nminor_units = 100\n{"".join(entries)}'})


def tables_of(stories: Sequence[Story], day: date) -> dict[str, list[dict[str, Any]]]:
    """The records of many stories, by kind."""
    tables: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ("household", "member", *KINDS)}
    for number, story in enumerate(stories):
        unknown = set(story) - CASE - {"given", "expect", "who", "clause"}
        assert not unknown, unknown
        _home(tables, f"H{number}", story, day)
        for place, person in enumerate(story["people"], 1):
            assert set(person) <= PERSON, set(person) - PERSON
            _person(tables, f"H{number}", f"P{number}-{place}", person, day)
    return tables


def _home(tables: dict[str, list[dict[str, Any]]], home: str, story: Story, day: date) -> None:
    tables["household"].append(
        {"household_id": home, "area_kind": story.get("area", "urban")} | dict(story.get("dwelling", {}))
    )
    for code in story.get("paid", ()):
        tables["benefit"].append({"household_id": home, "programme": code, "month": _last_month(day)})
    for number, told in enumerate(story.get("events", ())):
        _event(tables, f"{home}-{number}", told, household_id=home)


def _person(tables: dict[str, list[dict[str, Any]]], home: str, who: str, person: Story, day: date) -> None:
    end = f"{_last_month(day):%Y-%m}"
    tables["member"].append(
        {
            "person_id": who,
            "household_id": home,
            "relation": person.get("relation", "head"),
            "birth_date": date(day.year - person["age"], day.month, min(day.day, 28)),
            "valid_from": date(day.year - person["age"], day.month, 28),
            "death_date": date.fromisoformat(person["dead"]) if "dead" in person else None,
            "counted": person.get("counted"),
            "hukou_region": person.get("hukou", "990101"),
        }
    )
    for key, kind, number in (("income", "wage", "1"), ("pension", "transfer_pension", "2")):
        if key in person:
            amount = round(person[key] * 100)
            tables["income"] += months(end, 15, person_id=who, amount=amount, kind=kind, record_no=number)
    if "certificate" in person:
        kind, level = person["certificate"].split()
        tables["disability"].append({"person_id": who, "type": kind, "level": int(level)})
    for code in person.get("paid", ()):
        tables["benefit"].append({"person_id": who, "programme": code, "month": _last_month(day)})
    for number, told in enumerate(person.get("events", ())):
        _event(tables, f"{who}-{number}", told, person_id=who)
    _enrolled(tables, who, person)
    _care(tables, who, person)
    _school_and_work(tables, who, person, day)
    tables["kin"] += [{"person_id": who, "kin_id": f"K{who}-{number}"} for number in range(person.get("kin", 0))]


def _event(tables: dict[str, list[dict[str, Any]]], number: str, told: str, **owner: str) -> None:
    code, day = told.split()
    tables["event"].append({"event_id": number, "event_code": code, "event_date": date.fromisoformat(day), **owner})


def _enrolled(tables: dict[str, list[dict[str, Any]]], who: str, person: Story) -> None:
    if "insured" in person:
        tables["enrolment"].append({"person_id": who, "scheme": f"medical_{person['insured']}"})
    if "lapsed" in person:
        ended = date.fromisoformat(person["lapsed"])
        tables["enrolment"].append(
            {"person_id": who, "scheme": "medical_resident", "start": date(2015, 1, 1), "end": ended}
        )
    if "pension_scheme" in person:
        tables["enrolment"].append({"person_id": who, "scheme": f"pension_{person['pension_scheme']}"})


def _care(tables: dict[str, list[dict[str, Any]]], who: str, person: Story) -> None:
    """``claim``: ``left`` inside the catalogue after the insurances, ``own`` paid, ``aid`` paid; or blank."""
    if "claim" in person:
        claim = person["claim"]
        left, own, aid = (round(claim[key] * 100) if key in claim else None for key in ("left", "own", "aid"))
        row = {"person_id": who, "event_id": f"{who}-1", "event_date": date(2025, 3, 1), "kind": "inpatient"}
        row |= {"in_catalogue": left, "basic_paid": 0, "cii_paid": 0, "oop": own, "assistance_paid": aid}
        tables["medical"].append(row)
    if "serious" in person:
        day = date.fromisoformat(person["serious"])
        tables["medical"].append(
            {"person_id": who, "event_id": f"{who}-2", "event_date": day, "serious": True, "oop": 0, "total": 0}
            | {"in_catalogue": 0, "basic_paid": 0, "cii_paid": 0, "assistance_paid": 0}
        )


def _school_and_work(tables: dict[str, list[dict[str, Any]]], who: str, person: Story, day: date) -> None:
    if "school" in person:
        fee, aid = (round(person[key] * 100) if key in person else None for key in ("fee", "aid"))
        year = day.year if day.month >= 9 else day.year - 1
        tables["schooling"].append(
            {"person_id": who, "school_year": year, "stage": person["school"], "fee_norm": fee, "aid_amount": aid}
        )
    if "worked" in person:
        start, end = person["worked"].split(" to ")
        last = None if end == "now" else date.fromisoformat(end)
        tables["employment"].append(
            {
                "person_id": who,
                "start": date.fromisoformat(start),
                "end": last,
                "contributed_until": (last or _last_month(day)).replace(day=1),
            }
        )
    if "registered" in person:
        tables["employment"].append(
            {
                "person_id": who,
                "start": date.fromisoformat(person["registered"]),
                "form": "unemployed",
                "record_no": "2",
            }
        )


def _last_month(day: date) -> date:
    number = day.year * 12 + day.month - 2
    return date(number // 12, number % 12 + 1, 1)
