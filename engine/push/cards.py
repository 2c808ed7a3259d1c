"""What a caseworker reads, assembled once: the same cards become the page and the spreadsheet.

Pure assembly from frames. A card shows no lane of the lottery, no priority and no probability: routine visits carry
neither reasons nor chances, so that nobody can tell why they were chosen.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from engine.push.why import Suggestion, Why, changes, suggestions_of, whys
from outreach import contact as contacting
from outreach import wording_casework as casework
from outreach.bands import RISKS, band
from outreach.outcomes import ticket
from outreach.people import PEOPLE_SCHEMA
from outreach.wording import NOTHING, UNKNOWN, YUAN, Currency, Text, day, same
from outreach.wording_layers import one_line

SOON: Final = ("urgent", "event")
DIALLED: Final = re.compile(r"\+?[0-9]{5,15}")
SPACING: Final = str.maketrans("", "", " -()")


@dataclass(frozen=True)
class Run:
    """What stands behind every list of a night. A model's id is null where none is promoted.

    ``absent`` holds the kinds of source that the bureau does not deliver, each with its reason (may be empty);
    ``assumed`` the kinds whose dates of knowledge a first load assumed; ``rank_hidden``: no visitor is shown a
    rank.
    """

    run_id: str
    business_date: date
    policy_id: str
    code_version: str
    relative_poverty_model: str | None = None
    emergency_model: str | None = None
    absent: tuple[tuple[str, str], ...] = ()
    assumed: tuple[str, ...] = ()
    currency: Currency = YUAN
    objections: Text = casework.WHOM_TO_OBJECT
    rank_hidden: bool = False

    @property
    def has_model(self) -> bool:
        """Whether any model stands behind the lists."""
        return self.relative_poverty_model is not None or self.emergency_model is not None


@dataclass(frozen=True)
class Caseworker:
    """Who works a list. ``capacity_week``: visits that a week holds; ``persons``: how many go together."""

    caseworker_id: str
    name: Text
    areas: tuple[str, ...]
    capacity_week: int
    persons: int = 2


@dataclass(frozen=True)
class Area:
    """An area by the prefix of its region code, with its terrain and a language spoken there beside Chinese."""

    region: str
    name: Text
    terrain: str = "town"
    language: Text = NOTHING


def _none(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame(schema=columns)


@dataclass(frozen=True)
class Frames:
    """The frames of a night for the households on its lists; one that is not known yet may stay empty.

    ``items`` (as saved, with their number ``item_id``), ``reasons``, ``findings``, ``verdicts``: as the draft, the
    models and the programmes give them (reasons of several risks one under the other). ``regions``: household_id,
    region. ``people``: ``people_of``. ``contacts``: household_id, name, phone, address from the vault. ``chances``:
    household_id, risk, probability, perhaps top_decile. ``visits``: the last: household_id, visited_on, outcome,
    and perhaps declined and not_safe (of any before). ``consents``: household_id, status.
    ``layers``: ``outreach.layers.LAYERS_SCHEMA``. ``previous``:
    the last list that held the household: household_id, listed_on, position, codes (of its findings); None where
    there has been no list yet. ``taken_off``: caseworker_id, households (taken off the list after it went out).
    """

    items: pl.DataFrame
    regions: pl.DataFrame
    contacts: pl.DataFrame
    people: pl.DataFrame = field(default_factory=lambda: _none(**PEOPLE_SCHEMA))
    reasons: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    findings: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    verdicts: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    chances: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    visits: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    consents: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    layers: pl.DataFrame = field(default_factory=lambda: _none(household_id=pl.String))
    taken_off: pl.DataFrame = field(default_factory=lambda: _none(caseworker_id=pl.String, households=pl.Int64))
    previous: pl.DataFrame | None = None


@dataclass(frozen=True)
class Card:
    """One household as a visitor reads it."""

    rank: int
    soon: bool
    lane: Text
    due: Text
    name: Text
    household_no: str
    address: Text
    group: Text
    phone: str
    why: tuple[Why, ...]
    changed: Text
    chances: tuple[Text, ...]
    last_contact: Text
    contact: Text
    owner: Text
    suggestions: tuple[Suggestion, ...]
    composition: Text
    needs: tuple[Text, ...]
    consent: Text
    item_no: str = ""
    layer: Text = NOTHING

    @property
    def tel(self) -> str:
        """The digits to dial; empty where the phone on record is none that can be dialled."""
        kept = self.phone.translate(SPACING)
        return kept if DIALLED.fullmatch(kept) else ""


@dataclass(frozen=True)
class VisitList:
    """One caseworker's list: who, where, for which week, from which run, with what missing; and the cards."""

    run: Run
    caseworker: Caseworker
    areas: tuple[Text, ...]
    week: date
    cards: tuple[Card, ...]
    taken_off: int = 0

    @property
    def notices(self) -> tuple[Text, ...]:
        """What every reader must know: no model, absent sources, assumed dates, households taken off since."""
        gone = (casework.taken_off(self.taken_off),) if self.taken_off else ()
        return (*gone, *notices(self.run))


def notices(run: Run) -> tuple[Text, ...]:
    """No promoted model, absent sources with their reasons, sources whose dates are assumed."""
    said = [] if run.has_model else [casework.NO_MODEL]
    if run.rank_hidden:
        said.append(casework.BY_ROUTE)
    for kind, why in run.absent:
        name = RISKS.get(kind, casework.source_name(kind))
        because = Text(f"（{why}）", f" ({why})") if why else NOTHING
        if kind in RISKS:
            said.append(Text(f"不估计“{name.zh}”{because.zh}。", f"Not estimated: {name.en.lower()}{because.en}."))
            continue
        said.append(
            Text(
                f"没有“{name.zh}”数据{because.zh}：这方面的困难看不到，不等于没有。",
                f"No data on {name.en}{because.en}: hardship of this kind stays unseen; that does not mean none.",
            )
        )
    if run.assumed:
        names = [casework.source_name(kind) for kind in run.assumed]
        zh, en = Text("、", ", ").join(names).zh, Text("、", ", ").join(names).en
        said.append(
            Text(f"首次导入，知悉日期为推定：{zh}。", f"First load; the dates of knowledge are assumed: {en}.")
        )
    return tuple(said)


def visit_lists(
    run: Run, frames: Frames, caseworkers: Sequence[Caseworker], areas: Sequence[Area]
) -> tuple[VisitList, ...]:
    """One list per caseworker of whom the items speak, sorted by id; each household once, in the order of its rank.

    A list of which everybody was taken off has no cards, and says so.

    Raises ValueError where an item names a caseworker whom ``caseworkers`` does not hold.
    """
    known = {worker.caseworker_id: worker for worker in caseworkers}
    off = dict(frames.taken_off.select("caseworker_id", "households").iter_rows())
    missing = sorted((set(frames.items["caseworker_id"]) | set(off)) - set(known))
    if missing:
        raise ValueError(f"items name caseworkers that are not in the list of caseworkers: {', '.join(missing)}")
    ordered = frames.items.sort("caseworker_id", "position")
    look = _Lookup(run, frames, areas)
    monday = run.business_date - timedelta(days=run.business_date.weekday())
    made = []
    by_worker = ordered.partition_by("caseworker_id", as_dict=True, maintain_order=True)
    for caseworker_id in sorted({str(name) for (name,) in by_worker} | set(off)):
        worker, items = known[caseworker_id], by_worker.get((caseworker_id,), ordered.clear())
        groups = _groups(look.region.get(household) for household in items["household_id"])
        cards = tuple(_card(look, item, worker, groups) for item in items.iter_rows(named=True))
        areas_named, gone = look.area_names(worker.areas), off.get(caseworker_id, 0)
        made.append(VisitList(run, worker, areas_named, monday, cards, gone))
    return tuple(made)


class _Lookup:
    """The frames by household, and the areas by their prefixes."""

    def __init__(self, run: Run, frames: Frames, areas: Sequence[Area]) -> None:
        self.run = run
        self.areas = sorted(areas, key=lambda area: (-len(area.region), area.region))
        self.region: dict[str, str] = dict(frames.regions.select("household_id", "region").iter_rows())
        self.contacts, self.people = _one(frames.contacts), _one(frames.people)
        self.visits, self.consents = _one(frames.visits), _one(frames.consents)
        self.layers = _one(frames.layers)
        self.previous = None if frames.previous is None else _one(frames.previous)
        self.reasons, self.findings = _many(frames.reasons), _many(frames.findings)
        self.verdicts, self.chances = _many(frames.verdicts), _many(frames.chances)

    def area_of(self, region: str) -> Area | None:
        return next((area for area in self.areas if region.startswith(area.region)), None)

    def area_names(self, prefixes: Iterable[str]) -> tuple[Text, ...]:
        names = {area.region: area.name for area in self.areas}
        return tuple(names.get(prefix, same(prefix)) for prefix in prefixes)


Row = Mapping[str, Any]


def _one(frame: pl.DataFrame) -> dict[str, Row]:
    return {row["household_id"]: row for row in frame.iter_rows(named=True)}


def _many(frame: pl.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["household_id"], []).append(row)
    return found


def _card(look: _Lookup, item: Row, worker: Caseworker, groups: Mapping[str, str]) -> Card:
    household, lane = item["household_id"], item["lane"]
    routine = lane in casework.ROUTINE_LANES
    contact = look.contacts.get(household, {})
    people = look.people.get(household, {})
    persons = {member["person_id"]: _member(member) for member in people.get("members") or ()}
    findings = look.findings.get(household, [])
    verdicts = look.verdicts.get(household, [])
    needs = tuple(people.get("needs") or ())
    why = (
        (Why(casework.WHY_ROUTINE, NOTHING),)
        if routine
        else whys(findings, look.reasons.get(household, []), verdicts, persons, look.run.currency)
    )
    phone = contact.get("phone") or ""
    visit = look.visits.get(household)
    blind = look.run.rank_hidden
    chances = [] if routine or blind else look.chances.get(household, [])
    top = lane == "risk" if blind else any(row.get("top_decile") for row in chances)
    door = _at_the_door(needs, [] if routine else findings, visit, phone, top=top)
    area = look.area_of(look.region.get(household, ""))
    return Card(
        rank=item["position"],
        soon=lane in SOON,
        lane=casework.LANES[lane],
        due=day(item["due_on"]),
        name=same(contact["name"]) if contact.get("name") else Text("（姓名未登记）", "(name not on record)"),
        household_no=household,
        address=same(contact["address"]) if contact.get("address") else UNKNOWN,
        group=_group(look, look.region.get(household, ""), groups),
        phone=phone,
        why=why,
        changed=NOTHING if routine else changes(look.previous, household, findings, placed=not blind),
        chances=_chances(chances),
        last_contact=_last_contact(visit),
        contact=contacting.contact_words(door, has_phone=bool(phone)),
        owner=worker.name,
        suggestions=suggestions_of(verdicts, findings, persons, look.run.currency),
        composition=_composition(people),
        needs=_to_mind(needs, visit, worker, area),
        consent=casework.CONSENT[look.consents.get(household, {}).get("status") or "none"],
        item_no="" if item.get("item_id") is None else ticket(item["item_id"], look.run.business_date),
        layer=NOTHING if routine or household not in look.layers else one_line(look.layers[household]),
    )


def _at_the_door(
    needs: Sequence[str], findings: Sequence[Row], visit: Row | None, phone: str, *, top: bool
) -> tuple[str, ...]:
    """The rules of ``contact.DOOR`` that hold; of a routine visit no finding and no score may speak.

    Where the rank is hidden the lane stands for the top decile, so that a call first tells nobody's place.
    """
    return contacting.at_the_door(
        needs,
        [(row["code"], row["weight"]) for row in findings if row["code"].startswith("EV-")],
        urgent=any(row["urgent"] for row in findings),
        has_phone=bool(phone),
        declined=bool((visit or {}).get("declined")),
        top=top,
    )


def _to_mind(needs: Sequence[str], visit: Row | None, worker: Caseworker, area: Area | None) -> tuple[Text, ...]:
    """What a visitor minds: whether two people go, what the people there need, the language of the place."""
    two = contacting.two_go(needs, not_safe=bool((visit or {}).get("not_safe")))
    first = (contacting.company_words(two, alone=worker.persons < 2),) if two else ()
    spoken = (contacting.spoken_here(area.language),) if area is not None and area.language != NOTHING else ()
    return (*first, *(casework.NEEDS[code] for code in needs), *spoken)


def _member(member: Row) -> Text:
    relation = casework.RELATIONS.get(member["relation"], Text("成员", "member"))
    if member["age"] is None:
        return relation
    return Text(f"{relation.zh}（{member['age']}岁）", f"{relation.en} ({member['age']})")


def _composition(people: Row) -> Text:
    if not people:
        return UNKNOWN
    listed = Text("、", ", ").join(_member(member) for member in people["members"])
    count = people["persons"]
    return Text(f"{count} 人：{listed.zh}", f"{count} {'person' if count == 1 else 'people'}: {listed.en}")


def _last_contact(visit: Row | None) -> Text:
    if visit is None:
        return Text("没有走访记录", "no visit on record")
    when, what = day(visit["visited_on"]), casework.OUTCOMES[visit["outcome"]]
    return Text(f"{when.zh}：{what.zh}（{visit['outcome']}）", f"{when.en}: {what.en} ({visit['outcome']})")


def _chances(rows: Sequence[Row]) -> tuple[Text, ...]:
    """The band of each risk in the order of ``RISKS``: a word and how many of a hundred such households."""
    found = {row["risk"]: band(row["probability"], row["risk"]) for row in rows}
    shown = [(RISKS[risk], found[risk]) for risk in RISKS if risk in found]
    return tuple(
        Text(f"{name.zh}：{b.word.zh}（{b.of_hundred.zh}）", f"{name.en}: {b.word.en} ({b.of_hundred.en})")
        for name, b in shown
    )


def _groups(regions: Iterable[str | None]) -> dict[str, str]:
    """A letter per village or neighbourhood committee, in the order in which the list first meets it."""
    met = dict.fromkeys(region[:12] for region in regions if region)
    return {region: letters(number) for number, region in enumerate(met)}


def letters(number: int) -> str:
    """A, B … Z, AA …, as spreadsheets name their columns."""
    first, last = divmod(number, 26)
    return (letters(first - 1) if first else "") + chr(ord("A") + last)


def _group(look: _Lookup, region: str, groups: Mapping[str, str]) -> Text:
    if not region:
        return UNKNOWN
    letter, village = groups[region[:12]], region[9:12]
    area = look.area_of(region)
    name = area.name if area else same(region[:9])
    far = area is not None and area.terrain == "mountain"
    zh, en = f"{letter} 组 · {name.zh}", f"Group {letter} · {name.en}"
    if village:
        zh, en = f"{zh} {village} 村（社区）", f"{en}, village {village}"
    return Text(f"{zh} · 山区", f"{en} · mountain") if far else Text(zh, en)
