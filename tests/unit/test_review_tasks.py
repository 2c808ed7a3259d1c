"""Reviews: opened from the desk once, heard, concluded; never against a household that was not heard."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from sqlmodel import Session, select
from visit_office import NIGHT, NOW, a_night, office

from engine.db import migrate, open_db
from engine.feedback import Filled, record, undo
from engine.reviewing import open_from_desk, settle_referral
from engine.tables import Referral, ReviewTask
from outreach.desk import DESK_SCHEMA
from outreach.lifecycle import StepError
from outreach.reviews import CONCLUSIONS, QUIET_DAYS, NotHeardError, concluded, in_favour

DAY = date(2026, 1, 5)
HEARD = date(2026, 1, 9)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    made = open_db(tmp_path_factory.mktemp("reviews") / "x.db")
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened
        opened.rollback()


def desk(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    found = [
        {"household_id": home, "code": code, "person_id": who, "kind": code[:3], "due_on": DAY + timedelta(days=28)}
        for home, code, who in rows
    ]
    return pl.DataFrame(found, schema=DESK_SCHEMA)


def rows(session: Session) -> list[ReviewTask]:
    return list(session.exec(select(ReviewTask).order_by(sa.text("id"))))


@pytest.mark.parametrize(
    ("state", "conclusion", "owed_more", "heard", "may"),
    [
        ("open", "confirmed", False, None, False),
        ("open", "confirmed", True, None, True),
        ("open", "not_confirmed", False, None, True),
        ("open", "data_wrong", False, None, True),
        ("heard", "confirmed", False, HEARD, True),
        ("heard", "not_confirmed", False, HEARD, True),
    ],
)
def test_nothing_is_concluded_against_a_household_that_was_not_heard(
    state: str, conclusion: str, *, owed_more: bool, heard: date | None, may: bool
) -> None:
    favour = in_favour(conclusion, owed_more=owed_more)
    if may:
        told = concluded(state, conclusion, favour=favour, heard_on=heard, who="reviewer", reason="so")
        assert told == conclusion
    else:
        with pytest.raises(NotHeardError):
            concluded(state, conclusion, favour=favour, heard_on=heard, who="reviewer", reason="so")


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_a_conclusion_needs_a_reason_and_is_final(conclusion: str) -> None:
    with pytest.raises(StepError, match="needs a reason"):
        concluded("heard", conclusion, favour=True, heard_on=HEARD, who="operator", reason=" ")
    with pytest.raises(StepError):
        concluded("not_confirmed", conclusion, favour=True, heard_on=HEARD, who="operator", reason="again")


def test_each_item_of_the_desk_is_one_review_however_many_nights_find_it(
    engine: sa.Engine, session: Session
) -> None:
    log = office(engine).log
    queue = desk(("a", "MIS-03", None), ("a", "MIS-03", None), ("a", "DUP-01", "p"), ("b", "DUP-01", None))
    assert open_from_desk(session, log, queue, DAY) == 3
    assert open_from_desk(session, log, queue, DAY + timedelta(days=1)) == 0
    assert {(row.household_id, row.code, row.person_id, row.owner) for row in rows(session)} == {
        ("a", "MIS-03", None, "reviewer"),
        ("a", "DUP-01", "p", "reviewer"),
        ("b", "DUP-01", None, "reviewer"),
    }
    assert {row.due_on for row in rows(session)} == {DAY + timedelta(days=28)}


def test_what_was_concluded_is_left_in_peace_for_half_a_year(engine: sa.Engine, session: Session) -> None:
    log, queue = office(engine).log, desk(("a", "MIS-03", None))
    open_from_desk(session, log, queue, DAY)
    row = rows(session)[0]
    row.state, row.reason, row.concluded_on = "not_confirmed", "it fits", DAY
    session.flush()
    assert open_from_desk(session, log, queue, DAY + timedelta(days=QUIET_DAYS)) == 0
    assert open_from_desk(session, log, queue, DAY + timedelta(days=QUIET_DAYS + 1)) == 1


def test_what_waits_for_a_visit_is_no_review(engine: sa.Engine, session: Session) -> None:
    queue = pl.DataFrame([{"household_id": "a", "kind": "overdue", "due_on": DAY}], schema=DESK_SCHEMA)
    assert open_from_desk(session, office(engine).log, queue, DAY) == 0


def note(session: Session, place: Any, code: str) -> Any:
    item = a_night(session, ["a"])[0]
    record(session, place, item, Filled(code, NIGHT), areas=(), now=NOW)
    return item


@pytest.mark.parametrize(("outcome", "code"), [("V21", "MIS-01"), ("V22", "DUP-01")])
def test_a_visit_that_finds_it_too_concludes_nothing_and_opens_one_where_there_is_none(
    engine: sa.Engine, session: Session, outcome: str, code: str
) -> None:
    place = office(engine)
    open_from_desk(session, place.log, desk(("a", code, None), ("b", "DUP-16", None)), DAY)
    item = note(session, place, outcome)
    assert [row.code for row in rows(session) if row.visit_id is not None] == [code]
    assert {row.state for row in rows(session)} == {"open"}
    undo(session, place, item, reason="mistyped", areas=(), now=NOW)
    assert [row.visit_id for row in rows(session)] == [None, None]


def test_a_visit_alone_opens_a_review_and_taken_back_cancels_it(engine: sa.Engine, session: Session) -> None:
    place = office(engine)
    item = note(session, place, "V22")
    row = rows(session)[0]
    assert (row.code, row.state, row.owner) == ("V22", "open", "reviewer")
    assert row.due_on > row.opened_on
    undo(session, place, item, reason="mistyped", areas=(), now=NOW)
    assert rows(session)[0].state == "cancelled"


def test_the_missing_item_that_was_added_settles_a_misplacement_in_favour_and_no_duplicate(
    engine: sa.Engine, session: Session
) -> None:
    place = office(engine)
    open_from_desk(session, place.log, desk(("a", "MIS-05", None), ("a", "DUP-01", None)), DAY)
    item = note(session, place, "V20")
    found = {row.code: (row.state, row.favour) for row in rows(session)}
    assert found == {"MIS-05": ("confirmed", True), "DUP-01": ("open", False)}
    undo(session, place, item, reason="mistyped", areas=(), now=NOW)
    assert {row.state for row in rows(session)} == {"open"}


def test_the_referral_of_the_visit_is_done_with_its_review(engine: sa.Engine, session: Session) -> None:
    place = office(engine)
    note(session, place, "V21")
    row = rows(session)[0]
    row.state, row.favour, row.reason, row.concluded_on = "confirmed", True, "owed more", row.opened_on
    settle_referral(session, place.log, row)
    referral = session.exec(select(Referral)).one()
    assert (referral.state, referral.result) == ("done", f"review {row.id}: confirmed")


def test_the_database_itself_refuses_a_conclusion_without_a_hearing(session: Session) -> None:
    against = ReviewTask(household_id="a", code="DUP-01", opened_on=DAY, due_on=DAY, owner="x", state="confirmed")
    against.concluded_on = DAY
    session.add(against)
    with pytest.raises(sa.exc.IntegrityError, match="hearing"):
        session.flush()
