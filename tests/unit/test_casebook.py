"""Cases in the database: what each outcome makes of them, taken back, ended, held against two at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from sqlmodel import Session, select
from visit_office import KEY, NIGHT, NOW, a_night, office

from engine.audit import AuditLog
from engine.casebook import open_case, take
from engine.db import migrate, open_db, writing
from engine.feedback import Filled, record, undo
from engine.retraction import end_cases, follow_moves
from engine.tables import CaseRow, CaseStep, FactDispute, Referral
from engine.visits import forget_cases
from outreach.case_outcomes import MOVES
from outreach.casefile import Rules, Taken
from outreach.lifecycle import OPEN_CASE, StepError

VISITED = NIGHT + timedelta(days=2)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    made = open_db(tmp_path_factory.mktemp("casebook") / "x.db")
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A transaction that is taken back, so that the tests share one database."""
    with Session(engine) as opened:
        yield opened
        opened.rollback()


def note(session: Session, place: Any, item: Any, code: str, **more: Any) -> None:
    record(session, place, item, Filled(code, VISITED, **more), areas=(), now=NOW)


def only(session: Session) -> CaseRow:
    return session.exec(select(CaseRow)).one()


def walked(session: Session) -> list[str]:
    return [each.to_state for each in session.exec(select(CaseStep).order_by(sa.text("id")))]


@pytest.mark.parametrize("code", sorted(MOVES))
def test_the_first_outcome_opens_a_case_with_every_step_up_to_it(
    engine: sa.Engine, session: Session, code: str
) -> None:
    place = office(engine)
    note(session, place, a_night(session, ["h"])[0], code)
    case, steps = only(session), walked(session)
    assert (case.state, steps[:3]) == (MOVES[code], ["alert", "triage", "contact"])
    assert ("visit" in steps) == (code not in ("V40", "V41", "V42", "V60"))
    assert (case.state in OPEN_CASE) == (case.due_on is not None)
    assert case.owner
    referral = session.exec(select(Referral)).first()
    if code in ("V13", "V42", "V50"):
        assert referral is not None
        assert case.due_on == referral.due_on


def test_an_outcome_taken_back_leaves_the_case_waiting_for_its_visit(engine: sa.Engine, session: Session) -> None:
    place, item = office(engine), a_night(session, ["h"])[0]
    note(session, place, item, "V32")
    assert only(session).state == "closed"
    undo(session, place, item, reason="the wrong household", areas=(), now=NOW)
    case = only(session)
    assert (case.state, case.due_on) == ("visit", item.due_on)
    note(session, place, item, "V11")
    assert (case.state, len(list(session.exec(select(CaseRow))))) == ("application", 1)


def test_an_outcome_that_was_followed_by_a_step_does_not_take_the_step_back(
    engine: sa.Engine, session: Session
) -> None:
    place, item = office(engine), a_night(session, ["h"])[0]
    note(session, place, item, "V10")
    rules = Rules({}, place.calendar, place.policy)
    take(session, place, only(session), Taken("application", VISITED), who="operator", rules=rules)
    undo(session, place, item, reason="mistyped", areas=(), now=NOW)
    assert only(session).state == "application"


def test_two_attempts_and_a_meeting_are_one_case(engine: sa.Engine, session: Session) -> None:
    place = office(engine)
    first = a_night(session, ["h"])[0]
    note(session, place, first, "V40")
    second = a_night(session, ["h"], NIGHT + timedelta(days=1))[0]
    note(session, place, second, "V40")
    third = a_night(session, ["h"], VISITED)[0]
    note(session, place, third, "V10")
    assert only(session).state == "informed"
    assert walked(session) == ["alert", "triage", "contact", "contact", "visit", "informed"]


def test_a_death_ends_a_case_and_an_opt_out_only_before_the_application(
    engine: sa.Engine, session: Session
) -> None:
    place = office(engine)
    for household, code in zip(["a", "b", "c"], ["V10", "V11", "V11"], strict=True):
        note(
            session, place, a_night(session, [household], VISITED - timedelta(days="abc".index(household)))[0], code
        )
    reasons = {"a": "opted_out", "b": "opted_out", "c": "deceased"}
    assert end_cases(session, place.log, reasons, VISITED, who="operator") == 2
    found = {each.household_id: each.state for each in session.exec(select(CaseRow))}
    assert found == {"a": "withdrawn", "b": "application", "c": "died"}
    assert open_case(session, "c") is None
    forget_cases(session, sa.true())
    assert session.exec(select(CaseRow)).first() is None


def test_a_household_has_one_open_case_at_most(engine: sa.Engine, session: Session) -> None:
    place = office(engine)
    note(session, place, a_night(session, ["h"])[0], "V10")
    row = only(session)
    twin = CaseRow(household_id="h", opened_on=NIGHT, state="visit", since=NIGHT, owner="x", due_on=row.due_on)
    session.add(twin)
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_an_open_case_without_a_next_day_is_refused_by_the_database(session: Session) -> None:
    session.add(CaseRow(household_id="h", opened_on=NIGHT, state="visit", since=NIGHT, owner="x"))
    with pytest.raises(sa.exc.IntegrityError, match="due_on"):
        session.flush()


def test_what_stands_about_a_household_that_moved_goes_on_under_its_new_number(
    engine: sa.Engine, session: Session
) -> None:
    place = office(engine)
    for number, household in enumerate(["old", "other", "new"]):
        note(session, place, a_night(session, [household], NIGHT - timedelta(days=number))[0], "V10")
    for household, subject in [("old", "income"), ("old", "work"), ("new", "work")]:
        session.add(
            FactDispute(
                household_id=household,
                subject=subject,
                since=NIGHT,
                raised_by="household",
                reason="x",
                recorded_by="op",
                recorded_at=NOW,
                owner="reviewer",
                due_on=NIGHT,
            )
        )
    session.flush()
    assert follow_moves(session, place.log, {"old": "new", "other": "elsewhere"}) == 2
    cases = {each.household_id for each in session.exec(select(CaseRow))}
    assert cases == {"old", "elsewhere", "new"}
    contested = {(each.household_id, each.subject) for each in session.exec(select(FactDispute))}
    assert contested == {("new", "income"), ("old", "work"), ("new", "work")}


def test_a_death_that_a_visitor_records_ends_nothing_for_those_who_are_left(
    engine: sa.Engine, session: Session
) -> None:
    place = office(engine)
    applied, new = a_night(session, ["widow", "other"])
    note(session, place, applied, "V11")
    later = a_night(session, ["widow"], NIGHT + timedelta(days=40))[0]
    record(
        session, place, later, Filled("V60", VISITED + timedelta(days=40)), areas=(), now=NOW + timedelta(days=40)
    )
    note(session, place, new, "V60")
    states = {row.household_id: row.state for row in session.exec(select(CaseRow))}
    assert states == {"widow": "application", "other": "contact"}


def test_of_two_who_take_the_same_step_at_once_one_is_refused(any_engine: sa.Engine) -> None:  # noqa: F811
    place = office(any_engine)
    with writing(any_engine) as session:
        note(session, place, a_night(session, ["h"])[0], "V10")
    rules = Rules({}, place.calendar, place.policy)
    gate = Barrier(2)

    def hand_in() -> str:
        gate.wait()
        try:
            with writing(any_engine) as session:
                case = open_case(session, "h")
                assert case is not None
                take(session, place, case, Taken("application", VISITED), who="operator", rules=rules)
        except StepError:
            return "refused"
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        ends = [each.result() for each in [pool.submit(hand_in), pool.submit(hand_in)]]
    assert sorted(ends) == ["refused", "taken"]
    with writing(any_engine) as session:
        assert walked(session)[-1] == "application"
        assert walked(session).count("application") == 1


def test_every_step_is_in_the_audit_log(engine: sa.Engine) -> None:
    from engine.audit import entries
    from engine.db import reading

    place = office(engine)
    with writing(engine) as session:
        note(session, place, a_night(session, ["audited"], NIGHT)[0], "V30")
    with reading(engine) as session:
        told = [details for _, details in entries(session, KEY, (), {"case moved"})]
    assert [each["to"] for each in told] == ["alert", "triage", "contact", "visit", "closed"]
    assert {tuple(each["households"]) for each in told} == {("audited",)}
    assert isinstance(place.log, AuditLog)
