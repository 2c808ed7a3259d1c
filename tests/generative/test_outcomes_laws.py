"""Whatever is recorded and taken back, in whatever order: one outcome an item, one open visit a household."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select
from visit_office import NIGHT, NOW, a_night, office

from engine.db import migrate, open_db, writing
from engine.feedback import Filled, RefusedError, record, undo
from engine.nights import STANDING, open_work
from engine.tables import OutreachItem, Referral, Visit
from engine.visits import counts
from outreach.outcomes import RULES
from outreach.policy import OUTCOMES

HOUSEHOLDS = [f"h{number}" for number in range(3)]
NIGHTS = (NIGHT, NIGHT + timedelta(days=3))
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 5), st.sampled_from(OUTCOMES)),
        st.tuples(st.just("undo"), st.integers(0, 5), st.none()),
    ),
    min_size=1,
    max_size=12,
)


class EndOfExampleError(Exception):
    """Ends an example and leaves the database as it was."""


def holds(session: Session) -> None:
    """What is true after every deed."""
    standing: dict[int, list[Visit]] = {}
    for visit in session.exec(select(Visit).where(counts())):
        standing.setdefault(visit.item_id, []).append(visit)
    waiting = []
    for item in session.exec(select(OutreachItem)):
        assert len(standing.get(item.id or 0, [])) == (item.state == "done")
        waiting += [item.household_id] if item.state in STANDING else []
    assert len(waiting) == len(set(waiting))
    counted = {visit.id: visit for visits in standing.values() for visit in visits}
    for referral in session.exec(select(Referral)):
        assert (referral.state == "open") == (referral.visit_id in counted)
    opened = {each.visit_id for each in session.exec(select(Referral).where(Referral.state == "open"))}
    assert opened == {number for number, visit in counted.items() if RULES[visit.outcome].opens}
    visited = set(session.exec(select(Visit.household_id).where(counts())))
    work = open_work(session, NIGHT + timedelta(days=30))
    assert set(work.filter(work["state"] == "visited")["household_id"]) == visited


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_one_outcome_an_item_one_open_visit_a_household_and_no_referral_of_what_was_taken_back(
    tmp_path: Path, deeds: list[tuple[str, int, Any]]
) -> None:
    engine = _database(tmp_path)
    place = office(engine)
    try:
        with writing(engine) as session:
            items = [*a_night(session, HOUSEHOLDS), *_listed_again(session, place)]
            for deed, number, outcome in deeds:
                _do(session, place, items[number], deed, outcome)
                holds(session)
            raise EndOfExampleError
    except EndOfExampleError:
        pass
    finally:
        engine.dispose()


def _listed_again(session: Session, place: Any) -> list[OutreachItem]:
    """The same households on a later list, after a first visit at which nobody was met."""
    for item in session.exec(select(OutreachItem)).all():
        record(session, place, item, Filled("V40", NIGHT), areas=(), now=NOW)
    return a_night(session, HOUSEHOLDS, NIGHTS[1])


def _do(session: Session, place: Any, item: OutreachItem, deed: str, outcome: str | None) -> None:
    try:
        if deed == "undo":
            undo(session, place, item, reason="a slip", areas=(), now=NOW)
        else:
            filled = Filled(str(outcome), NIGHTS[1] + timedelta(days=1))
            again = record(session, place, item, filled, areas=(), now=NOW)
            assert record(session, place, item, filled, areas=(), now=NOW).visit == again.visit
    except RefusedError:
        pass


def _database(folder: Path) -> sa.Engine:
    path = folder / "x.db"
    engine = open_db(path)
    if not (folder / "made").exists():
        migrate(engine)
        (folder / "made").touch()
    return engine
