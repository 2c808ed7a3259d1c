"""The page of one household in ten parts, as plain values: who, what, why, on what evidence, and what was done.

The ten parts are those of a reviewer's explanation report; everything is generated from the night's manifest and
stored files, and from the records by that night's deliveries.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlmodel import col, select

from engine.db import reading
from engine.errors import ModelError, NotAllowedError, UsageError
from engine.explain import uncertain, whatif, whynot
from engine.explain.peers import similar
from engine.explain.records import Records, records_of
from engine.explain.rules import action, classes, finding_rows, verdict_rows
from engine.explain.score import Circle, Score, scores_of, told_score
from engine.explain.stored import StoredNight
from engine.nightfolder import LISTED
from engine.packages import package_by, package_told
from engine.push.why import suggestions_of
from engine.send import currency_of
from engine.tables import Objection, OptOut, OutreachItem, Visit
from engine.visits import counts
from engine.workplace import Workplace
from outreach import wording_casework as casework
from outreach import wording_explain as words
from outreach import wording_layers as layers
from outreach.bands import RISKS
from outreach.codelists import KINDS
from outreach.disputed import SUBJECTS
from outreach.permissions import Purpose, Role, in_area, may
from outreach.policy import hides_rank
from outreach.wording import NOTHING, Currency, Text, day, same
from outreach.wording_casework import source_name


@dataclass(frozen=True)
class Case:
    """All that the parts of the page are made from."""

    place: Workplace
    stored: StoredNight
    household: str
    row: pl.DataFrame
    records: Records
    item: dict[str, Any] | None
    left_out: dict[str, Any] | None
    findings: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    traced: bool
    people: dict[str, Any]
    scores: list[Score]
    circle: Circle | None
    currency: Currency
    blind: bool = False

    @property
    def persons(self) -> dict[str, Text]:
        """Each member by relation and age: how the page names people."""
        return {each["person_id"]: member_text(each) for each in self.people.get("members") or ()}


def explain(
    place: Workplace, household: str, *, on: date | None, role: Role, areas: Sequence[str], purpose: Purpose
) -> dict[str, Any]:
    """The page of a household for a night (None = the newest), as JSON values; the reading is noted first.

    Raises UsageError where there is no such night or household, NotAllowedError where the role may not see it,
    IntegrityError where a stored file has changed or the numbers do not add up.
    """
    household = place.current(household)
    try:
        stored = StoredNight(place, household, on)
    except UsageError as unknown:
        raise _with_nights(unknown, whynot.register(place, household)) from None
    row = stored.rows("columns")
    decision = may(role, "reveal", "private", in_area(row["region"][0], areas), purpose)
    told = {"purpose": purpose, "business_date": stored.day.isoformat(), "households": [household]}
    if not decision.allowed or decision.form != "plain":
        place.log.note("explain refused", "household", told)
        raise NotAllowedError(
            f"xunfang explain: {decision.reason.en} / {decision.reason.zh}",
            "docs/operator.md says which role may do what.",
        )
    entry = place.log.note("explained", "household", told)
    blind = role == "caseworker" and hides_rank(stored.manifest["policy"])
    case = _case(place, stored, household, row, blind=blind)
    parts: dict[str, Any] = {
        "head": _head(case),
        "notices": _notices(case),
        "who": _who(case),
        "kind": _kind(case),
        "rules": {
            "traced": case.traced,
            "verdicts": verdict_rows(case.verdicts, case.records, case.persons, case.currency),
            "findings": finding_rows(case.findings, case.verdicts, case.persons, case.currency),
        },
        "package": _package(case),
        "scores": [
            told_score(score, case.circle, case.currency, _tested(place, score))
            for score in case.scores
            if case.circle
        ],
        "evidence": _evidence(case),
        "uncertain": uncertain.told(
            case.row,
            case.scores,
            case.records,
            case.verdicts,
            currency=case.currency,
            assumed=case.stored.manifest["assumed"],
        )
        | {"changes": _changes(case)},
        "statement": _statement(case),
        "peers": similar(stored),
        "done": _done(case),
    }
    nights = whynot.register(place, household)
    parts["why_not"] = {
        "lanes": whynot.lanes(stored, case.item, case.left_out, blind=blind),
        "register": whynot.in_short(nights),
        "nights": nights,
    }
    told_plainly: dict[str, Any] = plain(parts)
    digest = hashlib.sha256(json.dumps(told_plainly, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return {
        "household": household,
        "business_date": stored.day.isoformat(),
        "sha256": digest,
        "entry": entry,
        **told_plainly,
    }


def _with_nights(unknown: UsageError, nights: list[dict[str, Any]]) -> UsageError:
    """The refusal, with the nights that did know the household, where there are any."""
    knew = [each["business_date"] for each in nights if each["lane"] or each["reason"]]
    way_out = f"{len(knew)} nights knew it, from {knew[0]} to {knew[-1]}." if knew else unknown.way_out
    return UsageError(unknown.message, way_out)


def _case(place: Workplace, stored: StoredNight, household: str, row: pl.DataFrame, *, blind: bool) -> Case:
    """``blind``: the reader visits, and the night's policy shows no visitor a score."""
    records = records_of(place, stored, household)
    item, out = stored.rows("items"), stored.rows("left_out")
    listed = bool(item.height)
    stored_verdicts = stored.rows("verdicts") if stored.has("verdicts") else pl.DataFrame()
    verdicts, traced = _verdicts(stored, records, stored_verdicts, listed=listed)
    people = stored.rows(f"{LISTED}/people") if listed else records.people()
    scores, circle = ([], None) if blind else scores_of(place, stored, row)
    return Case(
        place=place,
        stored=stored,
        household=household,
        row=row,
        records=records,
        item=item.row(0, named=True) if listed else None,
        left_out=out.row(0, named=True) if out.height else None,
        findings=list(stored.rows("findings").iter_rows(named=True)),
        verdicts=list(verdicts.iter_rows(named=True)),
        traced=traced,
        people=people.row(0, named=True) if people.height else {},
        scores=scores,
        circle=circle,
        currency=currency_of(place),
        blind=blind,
    )


def _verdicts(
    stored: StoredNight, records: Records, served: pl.DataFrame, *, listed: bool
) -> tuple[pl.DataFrame, bool]:
    """The verdicts as they were served with their traces, and whether there are any traces.

    Of a household that was not listed the night kept no trace: it is made again, and taken only where every verdict
    comes out as it was served.
    """
    if not served.height:
        return served, True
    if listed:
        return stored.rows(f"{LISTED}/verdicts"), True
    again = records.traced()
    keys = ["programme", "verdict", "unmet_month"]
    as_served = served.select(keys).with_columns(pl.col("verdict").cast(pl.String)).sort(keys)
    if again.height and again.select(keys).with_columns(pl.col("verdict").cast(pl.String)).sort(keys).equals(
        as_served
    ):
        return again, True
    return served.with_columns(trace=pl.lit(None)), False


def _head(case: Case) -> dict[str, Any]:
    night = case.stored.night
    worker = None if case.item is None else case.item["caseworker_id"]
    names = {each.caseworker_id: each.name for each in case.place.bureau.caseworkers()}
    teams = [each.name for each in case.place.bureau.caseworkers() if in_area(case.row["region"][0], each.areas)]
    return {
        "case_no": f"{case.stored.day:%Y%m%d}-{case.household}",
        "night": day(case.stored.day),
        "run_id": case.stored.run_id,
        "models": case.stored.manifest["models"],
        "programmes": case.stored.manifest["programmes"],
        "policy": night.policy_sha256[:12],
        "code": night.code_version,
        "manifest_sha256": night.manifest_sha256,
        "worker": names.get(worker, same(worker)) if worker else NOTHING,
        "area_workers": teams,
    }


def _notices(case: Case) -> list[Text]:
    """What a reader must know before the rest: held lists, an objection in force, records that are gone since."""
    said = []
    if case.stored.manifest["held_reason"] is not None:
        why = case.stored.manifest["held_reason"]
        said.append(Text(f"当晚的名单被暂缓：{why}", f"The lists of this night are held: {why}"))
    if case.blind:
        said.append(words.RANK_HIDDEN)
    if case.left_out is not None and case.left_out["reason"] == "objected":
        said.append(words.NOT_RANKED)
    for subject in case.records.frozen["subject"].to_list():
        said.append(words.disputed(SUBJECTS[subject].said))
    if case.records.lost:
        said.append(words.RECORDS_GONE)
    return said


def _who(case: Case) -> dict[str, Any]:
    region = case.row["region"][0]
    areas = sorted(case.place.bureau.areas(), key=lambda area: -len(area.region))
    area = next((each.name for each in areas if region.startswith(each.region)), same(region[:9]))
    members = case.people.get("members") or []
    return {
        "household": case.household,
        "area": area,
        "village": region[9:12],
        "area_kind": case.row["area_kind"][0],
        "persons": len(members),
        "members": [member_text(each) for each in members],
        "needs": [casework.NEEDS[code] for code in case.people.get("needs") or ()],
    }


def _kind(case: Case) -> dict[str, Any]:
    conflicts = uncertain.conflicts(case.row)
    offers = suggestions_of(case.verdicts, case.findings, case.persons, case.currency)
    lane = None if case.item is None else case.item["lane"]
    return {
        "listed": case.item is not None,
        "lane": None if lane is None else casework.LANES_OF_THE_REPORT[lane],
        "position": None if case.item is None else case.item["position"],
        "due_on": None if case.item is None else day(case.item["due_on"]),
        "by_lot": None if case.item is None else case.item["inclusion_probability"],
        "left_out": None if case.left_out is None else casework.left_out(case.left_out["reason"]),
        "left_out_code": None if case.left_out is None else case.left_out["reason"],
        "until": day(case.left_out["until"]) if case.left_out and case.left_out["until"] else None,
        "chance": None if case.left_out is None else case.left_out["inclusion_probability"],
        "classes": classes(case.findings),
        "programmes": [asdict(each) for each in offers],
        "action": action(case.item, case.findings, conflicts),
        "layer": _layer(case),
    }


def _layer(case: Case) -> dict[str, Any] | None:
    """Layer × category as the night stored it, with its reasons; None where it concerned nobody or kept none."""
    rows = case.stored.rows("layers") if case.stored.has("layers") else pl.DataFrame()
    if not rows.height:
        return None
    row = rows.row(0, named=True)
    return {
        "codes": {name: row[name] for name in ("layer", "basis", "at_least", "deeper", "grade", "grade_at_least")},
        "layer": layers.layer_of(row),
        "because": [layers.because(name) for name in row["because"]],
        "kinds": [
            {"code": code, "words": KINDS[code].said, "because": [layers.because(name) for name in names]}
            for code, names in layers.kinds_because(row)
        ],
        "open": [KINDS[code].said for code in row["kinds_open"]],
        "grade": layers.grade_of(row),
        "grade_because": [layers.because(name) for name in row["grade_because"]],
    }


def _package(case: Case) -> dict[str, Any] | None:
    """What to apply for together, if they apply on the day of the night; null where no rules were in force."""
    rules, people = case.records.rules, list(case.persons)
    found = package_by(case.place, case.verdicts, people, rules, case.stored.day)
    return package_told(found, rules, case.persons, case.currency)


def _evidence(case: Case) -> dict[str, Any]:
    rates = {each["name"]: each["match_rate"] for each in case.stored.manifest["sources"]}
    rows = []
    for each in case.records.evidence():
        known = each["known_on"]
        rows.append(
            {
                "kind": each["kind"],
                "name": source_name(each["kind"]),
                "rows": each["rows"],
                "happened_on": None if each["happened_on"] is None else day(each["happened_on"]),
                "known_on": None if known is None else day(known),
                "age_days": None if known is None else (case.stored.day - known).days,
                "match_rate": rates.get(each["kind"]),
                "corrected": each["corrected"],
                "assumed": bool(each["assumed"]),
            }
        )
    lacks = [(source_name(name), why) for name, why in sorted(case.stored.manifest["lacks"].items())]
    return {"sources": rows, "lacks": lacks, "conflicts": uncertain.conflicts(case.row)}


def _changes(case: Case) -> list[dict[str, Any]]:
    """For each risk, which changes on record would move the household out of its band."""
    if case.circle is None:
        return []
    found = whatif.tried(case.stored, case.records, case.row, case.circle)
    return [
        {"name": RISKS[score.found.risk], "risk": score.found.risk}
        | whatif.told(found, score, case.circle, case.currency, case.place.threads)
        for score in case.scores
    ]


def _statement(case: Case) -> dict[str, Any]:
    with reading(case.place.database) as session:
        objections = session.exec(
            select(Objection).where(Objection.household_id == case.household).order_by(col(Objection.id))
        )
        said = [{"since": day(each.since), "words": words.OBJECTIONS[each.state]} for each in objections]
        until = sa.or_(col(OptOut.until).is_(None), col(OptOut.until) >= case.stored.day)
        opted = session.exec(select(OptOut).where(OptOut.household_id == case.household, until)).first()
    return {"objections": said, "opted_out": opted is not None}


def _done(case: Case) -> dict[str, Any]:
    """Visits and their outcomes, when the next is due, where the case stands."""
    days = {**dict(case.place.policy.cool_down_days), **dict(case.place.policy.recheck_days)}
    with reading(case.place.database) as session:
        visits = session.exec(
            select(Visit)
            .where(Visit.household_id == case.household, counts())
            .order_by(col(Visit.visited_on), col(Visit.id))
        )
        rows = [
            {
                "visited_on": day(each.visited_on),
                "visited_by": each.visited_by,
                "outcome": each.outcome,
                "words": casework.OUTCOMES[each.outcome],
                "next": day(each.visited_on + timedelta(days=days[each.outcome])) if each.outcome in days else None,
            }
            for each in visits
        ]
        items = session.exec(
            select(OutreachItem)
            .where(OutreachItem.household_id == case.household)
            .order_by(col(OutreachItem.business_date))
        )
        lists = [
            {"business_date": day(each.business_date), "words": words.ITEM_STATES[each.state]} for each in items
        ]
    return {"visits": rows, "lists": lists}


def _tested(place: Workplace, score: Score) -> pl.DataFrame | None:
    """The rows that the model's experiment was tested on; None where none are kept."""
    try:
        return place.tested(score.found.risk, score.model_id)
    except ModelError:
        return None


def member_text(member: dict[str, Any]) -> Text:
    """A member by relation and age, never by name."""
    relation = casework.RELATIONS.get(member["relation"], Text("成员", "member"))
    if member["age"] is None:
        return relation
    return Text(f"{relation.zh}（{member['age']}岁）", f"{relation.en} ({member['age']})")


def plain(value: Any) -> Any:
    """The same as JSON values."""
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
