"""One household's relief chain: records, nights, visits, aid, each with its date and source, as of any day.

What was not known on that day is not in it: records by their day of knowledge, nights by their date, outcomes and
wishes by when they were recorded or taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.db import reading
from engine.errors import NotAllowedError, UsageError
from engine.explain.household import plain
from engine.explain.records import of_household
from engine.nightfolder import RETIRED, as_now, read_manifest, version_of
from engine.packages import package_of_night, package_told
from engine.reliefrecords import Entry, entries_of, people_in
from engine.send import currency_of
from engine.tables import (
    CaseRow,
    CaseStep,
    Consent,
    FactDispute,
    Night,
    Objection,
    OptOut,
    OutreachItem,
    OutreachList,
    Referral,
    Visit,
    VisitUndone,
)
from engine.visits import note_of
from engine.workplace import Workplace
from features.sources import Known
from outreach import wording_casework as casework
from outreach import wording_outcomes as outcomes
from outreach.bands import RISKS, band
from outreach.disputed import SUBJECTS
from outreach.permissions import Purpose, Role, in_area, may
from outreach.wording import NOTHING, Text, same
from outreach.wording_case import STATES
from outreach.wording_chain import SOURCES, both
from outreach.wording_layers import one_line
from outreach.wording_month import group_name

SKIPPED: Final = ("drafted", "superseded")


def chain_of(
    place: Workplace, household: str, *, as_of: date, role: Role, areas: Sequence[str], purpose: Purpose
) -> dict[str, Any]:
    """The chain of a household as JSON values; who asked is noted first.

    Keys: ``household, as_of, entry`` (of the audit log), ``persons`` (relation and age), ``retired`` (whether files
    of a night were past their time), ``package`` (what to apply for together, by the newest night up to that day;
    null: none), ``chain``: ``on, known_on, kind, source, said, person``, oldest first. What was done under
    an earlier number is in it: all of it of a household that moved, of one that was split what was done before.
    Raises UsageError where nobody knows the household or the day is to come, NotAllowedError where the role may not
    see it.
    """
    household = place.current(household)
    if as_of > place.log.today:
        raise UsageError(f"--as-of {as_of}: is a day to come", "Name today or a day before.")
    store = place.store()
    there = store.homes.households.filter(pl.col("household_id") == household)
    if not there.height:
        raise UsageError("HOUSEHOLD: there is no such household in the records", "Copy it from a list.")
    decision = may(role, "reveal", "private", in_area(there["region"][0], areas), purpose)
    told = {"purpose": purpose, "as_of": as_of.isoformat(), "households": [household]}
    if not decision.allowed or decision.form != "plain":
        place.log.note("household refused", "household", told)
        raise NotAllowedError(
            f"xunfang household: {decision.reason.en} / {decision.reason.zh}",
            "docs/operator.md says which role may do what.",
        )
    entry = place.log.note("household shown", "household", told)
    known = of_household(store, household).known_by(as_of)
    persons = people_in(known, household)
    chain = entries_of(known, household, currency_of(place))
    done, retired = _done(place, household, as_of)
    chain += done
    for earlier, how in _earlier(place, household, as_of):
        before, gone = _done(place, earlier, as_of)
        began = min((each.on for each in chain if each.kind == "household"), default=as_of)
        chain += [_under(earlier, each) for each in before if how == "moved" or each.on <= began]
        retired = retired or gone
    chain.sort(key=lambda each: (each.on, each.known_on, each.kind, each.said.en))
    return {
        "household": household,
        "as_of": as_of.isoformat(),
        "entry": entry,
        "retired": retired,
        "persons": plain(list(persons.values())),
        "package": plain(_package(place, known, household, as_of, persons)),
        "chain": [
            {
                "on": each.on.isoformat(),
                "known_on": each.known_on.isoformat(),
                "kind": each.kind,
                "source": plain(each.source),
                "said": plain(each.said),
                "person": plain(persons.get(each.person_id or "", NOTHING)),
            }
            for each in chain
        ],
    }


def _earlier(place: Workplace, household: str, as_of: date) -> list[tuple[str, str]]:
    """The numbers under which it was known before, and how it came by the new one: ``moved`` or ``split``."""
    followed = place.population().successions(as_of).filter(successor=household)
    return list(followed.select("household_id", "how").iter_rows())


def _done(place: Workplace, household: str, as_of: date) -> tuple[list[Entry], bool]:
    """What was done about a number: nights, visits, wishes; whether files of a night were past their time."""
    nights, retired = _nights(place, household, as_of)
    with reading(place.database) as session:
        of_people = _visits(place, session, household, as_of) + _cases(session, household, as_of)
        of_people += _disputes(session, household, as_of)
        return nights + of_people + _rights(session, household, as_of), retired


def _under(earlier: str, entry: Entry) -> Entry:
    said = both("{}（原户号 {}）", "{} (under the earlier number {})", entry.said, same(earlier))
    return replace(entry, said=said)


def _package(
    place: Workplace, known: Known, household: str, as_of: date, persons: Mapping[str, Text]
) -> dict[str, Any] | None:
    """What to apply for together, by the newest night up to the day; null where it has judged nothing."""
    with reading(place.database) as session:
        newest = sa.select(sa.func.max(col(Night.business_date))).where(col(Night.business_date) <= as_of)
        night = session.execute(newest).scalar()
    if night is None or place.programmes is None:
        return None
    here = pl.col("household_id") == household
    living = pl.col("valid_to").is_null() & pl.col("death_date").is_null()
    people = known.frame("member").filter(here & living).select("person_id").unique().sort("person_id").collect()
    found = package_of_night(place, household, night, night, people["person_id"].to_list())
    return package_told(found, place.programmes.on(night), persons, currency_of(place))


def _nights(place: Workplace, household: str, as_of: date) -> tuple[list[Entry], bool]:
    """What each night said of it, where that differs from the night before; whether files of a night are gone."""
    with reading(place.database) as session:
        dates = session.execute(
            sa.select(col(Night.business_date))
            .where(col(Night.business_date) <= as_of)
            .order_by(col(Night.business_date))
        ).scalars()
        days = list(dates)
        listed = _listed(session, household, as_of)
    entries, retired, before = [], False, ""
    for night in days:
        manifest = read_manifest(place, night)
        said = [listed[night]] if night in listed else []
        if RETIRED in manifest:
            retired = True
        else:
            said += _of_night(place, household, night, manifest, on_list=night in listed)
        whole = Text("；", "; ").join(said)
        if whole.en and (whole.en != before or night in listed):
            entries.append(Entry(night, night, "night", SOURCES["night"], whole))
        before = whole.en
    return entries, retired


def _listed(session: Session, household: str, as_of: date) -> dict[date, Text]:
    """By night, on whose list the household was, in which lane and place."""
    statement = (
        select(OutreachItem, OutreachList.caseworker_id)
        .join(OutreachList, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(
            OutreachItem.household_id == household,
            OutreachItem.business_date <= as_of,
            col(OutreachItem.state).not_in(SKIPPED),
        )
    )
    return {
        item.business_date: both(
            "列入 {} 的名单第 {} 位：{}",
            "on the list of {} at place {}: {}",
            same(worker),
            same(str(item.position)),
            casework.LANES_OF_THE_REPORT[item.lane],
        )
        for item, worker in session.execute(statement)
    }


def _of_night(
    place: Workplace, household: str, night: date, manifest: dict[str, Any], *, on_list: bool
) -> list[Text]:
    """Why it was on no list, the band of each risk, what was found, layer and needs, from the night's files."""

    def rows(name: str) -> list[dict[str, Any]]:
        if f"{name}.parquet" not in manifest["files"]:
            return []
        lazy = pl.scan_parquet(place.home.nights / night.isoformat() / f"{name}.parquet", glob=False)
        if version_of(manifest) == len(place.keys.pseudonyms):
            return lazy.filter(pl.col("household_id") == household).collect().to_dicts()
        return (
            as_now(place, lazy.collect(), version_of(manifest))
            .filter(pl.col("household_id") == household)
            .to_dicts()
        )

    said = [] if on_list else [casework.left_out(row["reason"]) for row in rows("left_out")]
    for risk, name in RISKS.items():
        for row in rows(f"scores_{risk}"):
            found = band(row["probability"], risk)
            said.append(both("{}：{}（{}）", "{}: {} ({})", name, found.word, found.of_hundred))
    codes = sorted({row["code"] for row in rows("findings")})
    return said + [group_name("reason", code) for code in codes] + [one_line(row) for row in rows("layers")]


def _visits(place: Workplace, session: Session, household: str, as_of: date) -> list[Entry]:
    """Outcomes as they stood at the end of the day, with their remarks, and what they handed on."""
    entries = []
    for visit in session.exec(select(Visit).where(Visit.household_id == household)):
        recorded = _day(visit.recorded_at)
        if recorded > as_of:
            continue
        undone = session.get(VisitUndone, visit.id)
        back = undone is not None and _day(undone.undone_at) <= as_of
        parts = [both("{} {}", "{} {}", same(visit.outcome), casework.OUTCOMES[visit.outcome])]
        parts.append(outcomes.CONTACTS[visit.contact])
        parts += [outcomes.HINDRANCES[visit.hindrance]] if visit.hindrance else []
        parts += [outcomes.ABOUT[visit.about]] if visit.about else []
        note = note_of(place.keys.vault, visit)
        parts += [same(note)] if note else []
        parts += [Text("（已撤回）", "(taken back)")] if back else []
        said = Text("，", ", ").join(parts)
        by = both("走访（{}）", "a visit ({})", same(visit.visited_by))
        entries.append(Entry(visit.visited_on, recorded, "visit", by, said))
    for each in session.exec(select(Referral).where(Referral.household_id == household)):
        if each.opened_on <= as_of:
            entries += _referral(each, as_of)
    return entries


def _cases(session: Session, household: str, as_of: date) -> list[Entry]:
    """The steps of the household's cases that were recorded by the end of the day, and the parts of its package."""
    entries = []
    for case in session.exec(select(CaseRow).where(CaseRow.household_id == household)):
        of_case = select(CaseStep).where(CaseStep.case_id == case.id).order_by(col(CaseStep.id))
        for step in session.exec(of_case):
            recorded = _day(step.recorded_at)
            if recorded <= as_of:
                parts = [both("个案 {}：{}", "case {}: {}", same(str(case.id)), STATES[step.to_state])]
                parts += [same(step.reason)] if step.reason else []
                said = Text("，", ", ").join(parts)
                entries.append(Entry(step.on_day, recorded, "case", SOURCES["case"], said))
    return entries


def _disputes(session: Session, household: str, as_of: date) -> list[Entry]:
    """What was contested by the day, and how that ended."""
    entries = []
    for each in session.exec(select(FactDispute).where(FactDispute.household_id == household)):
        about = SUBJECTS[each.subject].said
        if each.since <= as_of:
            said = Text(f"对“{about.zh}”提出异议：{each.reason}", f"contests {about.en} on record: {each.reason}")
            entries.append(Entry(each.since, each.since, "dispute", SOURCES["dispute"], said))
        if each.ended_on is not None and each.ended_on <= as_of:
            how = Text("更正", "put right") if each.state == "corrected" else Text("异议不成立", "rejected")
            said = Text(f"“{about.zh}”的异议办结：{how.zh}", f"the dispute about {about.en} has ended: {how.en}")
            entries.append(Entry(each.ended_on, each.ended_on, "dispute", SOURCES["dispute"], said))
    return entries


def _referral(each: Referral, as_of: date) -> list[Entry]:
    kind = outcomes.REFERRALS[each.kind]
    about = [outcomes.ABOUT[each.about]] if each.about else []
    due = both("{} 负责，{} 前", "{} has it, due {}", same(each.owner), same(each.due_on.isoformat()))
    opened = Text("，", ", ").join([kind, *about, due])
    entries = [Entry(each.opened_on, each.opened_on, "referral", SOURCES["referral"], opened)]
    closed = None if each.closed_at is None else _day(each.closed_at)
    if closed is not None and closed <= as_of:
        state = outcomes.REFERRAL_STATES[each.state]
        said = Text("，", ", ").join([kind, state, *([same(each.result)] if each.result else [])])
        entries.append(Entry(closed, closed, "referral", SOURCES["referral"], said))
    return entries


def _rights(session: Session, household: str, as_of: date) -> list[Entry]:
    """Opt-outs, objections and consents of up to the day."""
    entries = []
    for out in session.exec(select(OptOut).where(OptOut.household_id == household, OptOut.since <= as_of)):
        said = Text("要求不再联系", "asks not to be contacted")
        entries.append(Entry(out.since, out.since, "rights", SOURCES["rights"], said))
    for objection in session.exec(
        select(Objection).where(Objection.household_id == household, Objection.since <= as_of)
    ):
        said = Text("对自动排序提出异议", "objects to being ranked by a model")
        entries.append(Entry(objection.since, objection.since, "rights", SOURCES["rights"], said))
    for consent in session.exec(select(Consent).where(Consent.household_id == household)):
        recorded = _day(consent.recorded_at)
        if recorded <= as_of:
            until = same(consent.until.isoformat())
            said = both("授权核对，至 {}", "consents to a check, until {}", until)
            entries.append(Entry(consent.since, recorded, "consent", SOURCES["consent"], said))
    return entries


def _day(moment: datetime) -> date:
    return moment.astimezone().date()
