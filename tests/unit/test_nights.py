"""A night is saved once, whole, and keeps the households of its open work off the next lists."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from sqlmodel import Session, select

from engine import audit, lease
from engine.db import migrate, open_db, writing
from engine.lease import StaleHolderError
from engine.nights import (
    Facts,
    Inputs,
    Saved,
    find_night,
    lengths_before,
    mark_sent,
    open_work,
    planned_this_week,
    save_night,
    six_numbers,
    told_again,
    unsent,
)
from engine.tables import Delivery, Night, OptOut, OutreachItem, OutreachList, Row, Visit
from outreach.candidates import OPEN_WORK_COLUMNS, STATES

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 2, 40, tzinfo=UTC)
TONIGHT = date(2026, 11, 21)
DAY = timedelta(days=1)
FACTS = Facts(
    inputs=Inputs(input_sha256="i1", policy_sha256="p1", relative_poverty_model="m1", emergency_model=None),
    code_version="0.1.0",
    manifest_path="nights/2026-11-21/manifest.json",
    manifest_sha256="f1",
    records_read=100,
    records_quarantined=3,
    households_scored=40,
    started_at=NOW,
    finished_at=NOW,
)


@pytest.fixture
def engine(any_engine: sa.Engine) -> sa.Engine:  # noqa: F811
    return any_engine


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with writing(engine) as opened:
        yield opened


def drafted(*rows: tuple[str, str, int, str]) -> pl.DataFrame:
    """Household, caseworker, position, lane."""
    names = ["household_id", "caseworker_id", "position", "lane"]
    return pl.DataFrame(list(rows), schema=names, orient="row").with_columns(
        due_on=pl.lit(TONIGHT + DAY),
        inclusion_probability=pl.when(pl.col("lane") == "random").then(0.05),
        priority=pl.lit(0.5),
    )


ITEMS = drafted(
    ("h1", "ana", 1, "urgent"), ("h2", "ana", 2, "risk"), ("h3", "ben", 1, "random"), ("h4", "ben", 2, "gap")
)


def save(session: Session, items: pl.DataFrame = ITEMS, on: date = TONIGHT, facts: Facts = FACTS, **more) -> Saved:
    return save_night(session, "night", on, items, facts, audit_key=KEY, **more)


def dump(session: Session) -> dict[str, list[object]]:
    """Everything that stands in the database."""
    return {
        name: [tuple(row) for row in session.execute(sa.select(table).order_by(*table.primary_key))]
        for name, table in Row.metadata.tables.items()
    }


def test_a_night_is_saved_with_its_lists_its_items_and_its_outbox(session):
    saved = save(session)
    assert saved == Saved(1, TONIGHT, already=False, changed=(), lists=2, items=4)
    assert saved.sentence == "The night of 2026-11-21 is saved: 4 households on 2 lists."
    lists = session.exec(select(OutreachList).order_by(OutreachList.id)).all()
    assert [(row.caseworker_id, row.week, row.state) for row in lists] == [
        ("ana", date(2026, 11, 16), "released"),
        ("ben", date(2026, 11, 16), "released"),
    ]
    items = session.exec(select(OutreachItem).order_by(OutreachItem.id)).all()
    assert [(item.household_id, item.list_id, item.position, item.state) for item in items] == [
        ("h1", 1, 1, "open"),
        ("h2", 1, 2, "open"),
        ("h3", 2, 1, "open"),
        ("h4", 2, 2, "open"),
    ]
    assert [item.inclusion_probability for item in items] == [None, None, 0.05, None]
    assert [(row.list_id, row.channel, row.sent_at) for row in session.exec(select(Delivery))] == [
        (1, "folder", None),
        (2, "folder", None),
    ]
    night = find_night(session, TONIGHT)
    assert night is not None
    assert (night.state, night.households_listed, night.actor) == ("finished", 4, "night")


def test_saving_a_night_twice_changes_nothing_and_says_so(session):
    save(session)
    before = dump(session)
    again = save(session, drafted(("h9", "ana", 1, "risk")))
    assert again == Saved(1, TONIGHT, already=True, changed=(), lists=2, items=4)
    assert again.sentence == "The night of 2026-11-21 is finished already; nothing was changed."
    assert dump(session) == before


def test_a_finished_night_whose_inputs_have_changed_is_left_alone_and_says_so(session):
    save(session)
    before = dump(session)
    again = save(
        session,
        facts=replace(
            FACTS, code_version="9", inputs=replace(FACTS.inputs, input_sha256="i2", emergency_model="m9")
        ),
    )
    assert again.changed == ("input_sha256", "emergency_model")
    assert "its inputs have changed since (input_sha256, emergency_model)" in again.sentence
    assert dump(session) == before


def test_what_has_changed_can_be_asked_before_the_night_is_run(session):
    save(session)
    night = find_night(session, TONIGHT)
    assert night is not None
    assert told_again(session, night, replace(FACTS.inputs, policy_sha256="p2")).changed == ("policy_sha256",)
    assert find_night(session, TONIGHT + DAY) is None


def test_the_order_of_the_drafted_rows_does_not_matter(tmp_path):
    dumps = []
    for number, items in enumerate((ITEMS, ITEMS.reverse())):
        engine = open_db(tmp_path / f"{number}.db")
        migrate(engine)
        with writing(engine) as session:
            save(session, items)
            dumps.append(dump(session))
        engine.dispose()
    assert dumps[0] == dumps[1]


def test_the_content_hash_of_a_list_tells_every_difference_and_no_other(session):
    hashes = []
    changes = [pl.lit(None).alias("x"), pl.lit(0.6).alias("priority"), pl.lit(TONIGHT).alias("due_on")]
    for day, change in enumerate([pl.lit(1).alias("x"), *changes]):
        save(session, ITEMS.with_columns(change), TONIGHT + day * DAY)
        night = find_night(session, TONIGHT + day * DAY)
        assert night is not None
        of_ana = (OutreachList.night_id == night.id, OutreachList.caseworker_id == "ana")
        hashes.append(session.exec(select(OutreachList.content_sha256).where(*of_ana)).one())
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_a_household_twice_on_one_date_undoes_the_whole_night(engine):
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as session:
        save(session, drafted(("h1", "ana", 1, "risk"), ("h1", "ben", 1, "gap")))
    with writing(engine) as session:
        assert all(rows == [] for rows in dump(session).values())


def test_lists_that_wait_for_a_reviewer_are_not_in_the_outbox(session):
    save(session, release=False)
    assert {row.state for row in session.exec(select(OutreachList))} == {"drafted"}
    assert {row.state for row in session.exec(select(OutreachItem))} == {"drafted"}
    assert session.exec(select(Delivery)).all() == []


def test_a_held_night_releases_its_urgent_lane_only(session):
    saved = save(session, held_reason="half the usual number of records")
    assert {row.state for row in session.exec(select(OutreachList))} == {"held"}
    opened = session.exec(select(OutreachItem.household_id).where(OutreachItem.state == "open")).all()
    assert opened == ["h1"]
    assert [row.caseworker_id for row in unsent(session, saved.night_id, "folder")] == ["ana"]


def test_a_policy_may_hold_the_urgent_lane_too(session):
    saved = save(session, held_reason="half the usual number of records", urgent_while_held=False)
    assert unsent(session, saved.night_id, "folder") == []
    assert {row.state for row in session.exec(select(OutreachItem))} == {"drafted"}


def test_a_list_that_nobody_released_gives_way_to_that_of_a_later_night(session):
    save(session, release=False)
    save(session, on=TONIGHT + DAY, held_reason="half the usual number of records")
    save(session, on=TONIGHT + 2 * DAY, release=False)
    assert states(session, OutreachList) == ["superseded"] * 4 + ["drafted"] * 2
    assert states(session, OutreachItem)[:4] == ["superseded"] * 4
    assert states(session, OutreachItem)[4:8] == ["open", "superseded", "superseded", "superseded"]
    assert open_work(session, TONIGHT + 3 * DAY)["household_id"].to_list() == ["h1"]


def test_a_night_that_is_caught_up_late_leaves_later_lists_alone_and_gives_way_to_them(session):
    save(session, on=TONIGHT + DAY, release=False)
    save(session, on=TONIGHT, release=False)
    assert states(session, OutreachList) == ["drafted", "drafted", "superseded", "superseded"]
    assert states(session, OutreachItem) == ["drafted"] * 4 + ["superseded"] * 4


def states(session: Session, table: type[OutreachList] | type[OutreachItem]) -> list[str]:
    return list(session.exec(select(table.state).order_by(table.id)).all())


def test_a_night_without_a_single_household_is_a_night_too(session):
    saved = save(session, ITEMS.clear())
    assert (saved.lists, saved.items, saved.already) == (0, 0, False)
    assert save(session).already


def test_a_stale_holder_saves_no_night(session):
    old = lease.take(session, "night", "ana", NOW, 60)
    assert old is not None
    lease.take(session, "night", "ben", NOW + DAY, 60)
    with pytest.raises(StaleHolderError):
        save(session, claim=old)
    assert session.exec(select(Night)).all() == []


def test_the_night_stands_in_the_audit_log_once(session):
    save(session)
    save(session)
    found = audit.verify(session, KEY)
    assert (found.entries, found.intact) == (1, True)


def test_a_list_is_sent_once(session):
    night_id = save(session).night_id
    assert [row.caseworker_id for row in unsent(session, night_id, "folder")] == ["ana", "ben"]
    assert mark_sent(session, 1, "folder", NOW)
    assert not mark_sent(session, 1, "folder", NOW + DAY)
    assert [row.caseworker_id for row in unsent(session, night_id, "folder")] == ["ben"]
    assert session.exec(select(Delivery.sent_at).where(Delivery.list_id == 1)).one() == NOW


def test_the_six_numbers_count_what_was_sent_and_answered_since(session):
    night_id = save(session).night_id
    night = session.get(Night, night_id)
    assert night is not None
    assert vars(six_numbers(session, night)) == {
        "read": 100,
        "quarantined": 3,
        "scored": 40,
        "listed": 4,
        "sent": 0,
        "answered": 0,
    }
    mark_sent(session, 1, "folder", NOW)
    visit(session, 1, "h1", "V40", TONIGHT)
    visit(session, 1, "h1", "V10", TONIGHT)
    after = six_numbers(session, night)
    assert (after.sent, after.answered) == (1, 1)


# Open work


def visit(session: Session, item: int, household: str, outcome: str, on: date) -> None:
    session.add(
        Visit(
            item_id=item, household_id=household, outcome=outcome, visited_on=on, visited_by="ana", recorded_at=NOW
        )
    )
    session.flush()


def done(session: Session) -> None:
    session.execute(sa.update(OutreachItem).values(state="done"))


def test_items_that_wait_on_lists_of_other_dates_are_open_and_those_of_the_same_date_are_not(session):
    save(session, drafted(("h1", "ana", 1, "risk")))
    save(session, drafted(("h2", "ana", 1, "risk"), ("h1", "ana", 2, "urgent")), TONIGHT + DAY)
    first, second = ("h1", "open_item", TONIGHT, None), ("h2", "open_item", TONIGHT + DAY, None)
    assert open_work(session, TONIGHT + DAY).rows() == [first]
    assert open_work(session, TONIGHT + 2 * DAY).rows() == [first, second]
    late = open_work(session, TONIGHT)
    assert late.rows() == [("h1", "open_item", TONIGHT + DAY, None), second]


def test_of_the_visits_the_newest_counts_with_its_outcome(session):
    save(session)
    done(session)
    assert open_work(session, TONIGHT + DAY).rows() == []
    for outcome, on in (("V30", TONIGHT + 3 * DAY), ("V10", TONIGHT + DAY)):
        visit(session, 1, "h1", outcome, on)
    assert open_work(session, TONIGHT + 9 * DAY).rows() == [("h1", "visited", TONIGHT + 3 * DAY, "V30")]
    visit(session, 1, "h1", "V60", TONIGHT + 3 * DAY)
    assert open_work(session, TONIGHT + 9 * DAY).rows() == [("h1", "visited", TONIGHT + 3 * DAY, "V60")]


def test_drafting_takes_the_open_work_as_it_is(session):
    save(session)
    visit(session, 1, "h1", "V10", TONIGHT)
    session.add(OptOut(household_id="h2", since=TONIGHT, recorded_by="ana"))
    session.flush()
    work = open_work(session, TONIGHT + DAY)
    assert tuple(work.columns) == OPEN_WORK_COLUMNS
    assert set(work["state"]) < set(STATES)


def test_what_went_out_this_week_is_planned_whether_visited_or_not(session):
    save(session, drafted(("h1", "ana", 1, "risk")), date(2026, 11, 15))
    monday, tuesday, wednesday = (date(2026, 11, day) for day in (16, 17, 18))
    save(session, drafted(("h2", "ana", 1, "risk"), ("h3", "ben", 1, "risk")), monday)
    done(session)
    save(session, drafted(("h4", "ana", 1, "risk")), tuesday)
    save(session, drafted(("h5", "cleo", 1, "risk")), wednesday, release=False)
    assert planned_this_week(session, wednesday).rows() == [("ana", 2), ("ben", 1)]
    assert planned_this_week(session, tuesday).rows() == [("ana", 1), ("ben", 1)]
    assert planned_this_week(session, date(2026, 11, 23)).rows() == []


def test_how_many_earlier_nights_listed_held_ones_too(session):
    for day, count in enumerate((4, 3, 2, 1)):
        save(session, ITEMS.head(count), TONIGHT + day * DAY, held_reason="guard" if count == 2 else None)
    assert lengths_before(session, TONIGHT + 4 * DAY) == [4, 3, 2, 1]
    assert lengths_before(session, TONIGHT + DAY) == [4]


def test_an_opt_out_holds_to_its_last_day(session):
    session.add(OptOut(household_id="h1", since=TONIGHT, until=TONIGHT + DAY, recorded_by="ana"))
    session.add(OptOut(household_id="h2", since=TONIGHT, recorded_by="ana"))
    session.flush()
    both = [("h1", "opted_out", TONIGHT, None), ("h2", "opted_out", TONIGHT, None)]
    assert open_work(session, TONIGHT + DAY).rows() == both
    assert open_work(session, TONIGHT + 2 * DAY).rows() == both[1:]


def test_no_open_work_is_an_empty_frame_with_its_columns(session):
    assert open_work(session, TONIGHT).schema == {
        "household_id": pl.String,
        "state": pl.String,
        "since": pl.Date,
        "outcome": pl.String,
    }
