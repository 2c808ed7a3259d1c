"""One function takes what comes back from a visit: once, on any database, and takes it back whole."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from sqlmodel import Session, select
from visit_office import KEY, NIGHT, NOW, POLICY, a_night, office

from engine.db import writing
from engine.feedback import Filled, RefusedError, record, undo
from engine.month import _referrals
from engine.nights import open_work
from engine.tables import OutreachItem, Referral, Visit, VisitUndone
from engine.visits import note_of
from models.selective import NEEDED
from outreach import wording_outcomes as words
from outreach.outcomes import ABOUT, CONTACTS, HINDRANCES, REFERRAL_STATES, REFERRALS, RULES, item_of, need, ticket
from outreach.policy import OUTCOMES, Policy

ON = NIGHT + timedelta(days=2)


@pytest.fixture
def engine(any_engine: sa.Engine) -> sa.Engine:  # noqa: F811
    return any_engine


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with writing(engine) as opened:
        yield opened


@pytest.fixture
def place(engine: sa.Engine) -> Any:
    return office(engine)


def taken(session: Session, place: Any, item: OutreachItem, outcome: str = "V10", **more: Any) -> Any:
    return record(session, place, item, Filled(outcome, more.pop("on", ON), **more), areas=(), now=NOW)


def back(session: Session, place: Any, item: OutreachItem) -> dict[str, Any]:
    return undo(session, place, item, reason="a slip", areas=(), now=NOW)


def test_an_outcome_is_recorded_once_closes_its_item_and_keeps_the_household_off_the_next_lists(session, place):
    (item,) = a_night(session, ["h1"])
    first = taken(session, place, item, note=" 一句话 ", minutes=20)
    again = taken(session, place, item)
    assert (first.already, again.already, again.visit) == (False, True, first.visit)
    assert item.state == "done"
    (visit,) = session.exec(select(Visit)).all()
    assert (visit.visited_by, visit.recorded_by, note_of(KEY, visit)) == ("ana", "op", "一句话")
    work = open_work(session, NIGHT + timedelta(days=7)).to_dicts()
    assert work == [{"household_id": "h1", "state": "visited", "since": ON, "outcome": "V10"}]


def test_taken_back_it_counts_no_more_and_may_be_recorded_anew(session, place):
    (item,) = a_night(session, ["h1"])
    first = taken(session, place, item, "V22")
    told = back(session, place, item)
    assert (told["state"], told["referrals_cancelled"], item.state) == ("open", 1, "open")
    assert back(session, place, item)["already"]
    (waits,) = open_work(session, NIGHT + timedelta(days=7)).to_dicts()
    assert (waits["state"], waits["outcome"]) == ("open_item", None)
    assert taken(session, place, item, "V22").visit != first.visit
    assert [each.state for each in session.exec(select(Referral).order_by(Referral.id))] == ["cancelled", "open"]


def test_a_record_that_is_sent_again_after_it_was_taken_back_does_not_come_to_life(session, place):
    (item,) = a_night(session, ["h1"])
    first = taken(session, place, item, mark="phone-7")
    back(session, place, item)
    again = taken(session, place, item, mark="phone-7")
    assert (again.visit, again.already, again.undone, item.state) == (first.visit, True, True, "open")
    with pytest.raises(RefusedError, match="mark_used"):
        taken(session, place, item, "V31", mark="phone-7")


def test_an_outcome_taken_back_after_the_household_was_listed_again_leaves_one_open_visit(session, place):
    (item,) = a_night(session, ["h1"])
    taken(session, place, item, "V40")
    (newer,) = a_night(session, ["h1"], NIGHT + timedelta(days=6))
    assert back(session, place, item)["state"] == "superseded"
    assert (item.state, newer.state) == ("superseded", "open")
    with pytest.raises(RefusedError, match="reassigned") as refused:
        taken(session, place, item)
    assert ticket(newer.id, newer.business_date) in refused.value.text.en


def test_attempts_count_up_while_nobody_is_met_and_begin_anew_after_somebody_was(session, place):
    dates = [NIGHT - timedelta(days=days) for days in (21, 14, 7, 0)]
    found = []
    for on, outcome in zip(dates, ("V40", "V40", "V31", "V40"), strict=True):
        (item,) = a_night(session, ["h1"], on)
        found.append(taken(session, place, item, outcome, on=on + timedelta(days=1)).attempt)
    assert found == [1, 2, 3, 1]


def test_every_code_is_taken_and_what_it_opens_has_an_owner_and_a_due_date(session, place):
    items = a_night(session, [f"h{number:02d}" for number in range(len(OUTCOMES))])
    for item, outcome in zip(items, OUTCOMES, strict=True):
        told = taken(session, place, item, outcome)
        assert told.need == NEEDED.get(outcome)
        assert (told.referral is None) == (RULES[outcome].opens is None)
        assert told.quiet_until == ON + timedelta(days=dict(POLICY.cool_down_days)[outcome])
    referrals = session.exec(select(Referral)).all()
    assert {each.kind for each in referrals} == set(REFERRALS)
    assert all(each.owner and each.due_on >= each.opened_on for each in referrals)
    told = _referrals(session, date(2026, 1, 1), date(2026, 1, 31), date(2026, 12, 31))
    assert {each["kind"] for each in told} == set(REFERRALS)
    assert all(each["overdue"] is None for each in told)


def test_a_refused_outcome_writes_nothing(session, place):
    (item,) = a_night(session, ["h1"])
    for more in ({"outcome": "V99"}, {"on": NIGHT - timedelta(days=1)}, {"contact": "dream"}, {"note": "x" * 501}):
        with pytest.raises(RefusedError):
            taken(session, place, item, **more)
    assert session.exec(select(Visit)).all() == []
    assert session.exec(select(VisitUndone)).all() == []
    assert item.state == "open"


def test_a_policy_from_before_there_were_referrals_has_the_due_dates_as_shipped():
    text = POLICY.text
    start = text.index("[referrals]")
    older = Policy.from_toml(text[:start] + text[text.index("[known]") :])
    assert older.referrals == POLICY.referrals
    assert older.referral_due("safety", NIGHT) == NIGHT + timedelta(days=1)


def test_the_table_of_outcomes_is_whole_and_has_words_in_both_languages():
    assert tuple(RULES) == OUTCOMES
    assert [code for code in OUTCOMES if need(code) is True] == ["V10", "V11", "V12", "V21"]
    assert [code for code in OUTCOMES if need(code) is False] == ["V31", "V32"]
    assert all(RULES[code].met for code in NEEDED)
    for codes, said in (
        (CONTACTS, words.CONTACTS),
        (HINDRANCES, words.HINDRANCES),
        (ABOUT, words.ABOUT),
        (REFERRALS, words.REFERRALS),
        (REFERRAL_STATES, words.REFERRAL_STATES),
    ):
        assert set(said) == set(codes)
        assert all(text.zh and text.en and text.zh != text.en for text in said.values())
        assert len({text.zh for text in said.values()}) == len({text.en for text in said.values()}) == len(codes)


@pytest.mark.parametrize("spoilt", ["", "-", "x", "1.5", "-7", "१", "1234567890123", "VII"])
def test_what_is_no_item_number_is_none(spoilt):
    assert item_of(spoilt) is None


def test_an_item_number_is_read_as_people_write_it_and_a_slip_is_found_out():
    name = ticket(17, NIGHT)
    number, check = item_of(f" {name.lower()} ") or (0, "")
    assert f"{number}-{check}" == name
    others = {ticket(number, NIGHT).split("-")[1] for number in range(1, 400)}
    assert len(others) > 395
    assert ticket(17, NIGHT + timedelta(days=1)) != name
