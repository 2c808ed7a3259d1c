"""The outbox beside the folder: claimed by one, settled under its claim, patient, quiet at night."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from outboxes import KEY, NOW, TONIGHT, Clock, filled, rows, sender, settings, states
from sqlmodel import Session, select

from engine.channels import PushSettings
from engine.db import migrate, open_db, writing
from engine.errors import DiskFullError
from engine.push import sending
from engine.push.answer import LONGEST_ASKED, Answer, asked_to_wait, wait_before
from engine.push.delivery import claim_next, figures, make_messages, note_read, send_again, settle
from engine.tables import OutreachItem, PushMessage
from outreach.policy import Policy, Push

HOOK = {"kind": "webhook", "url": "https://hook.example.gov/in", "secret_env": "HOOK"}
MAIL = {"kind": "email", "host": "mail.example.gov", "sender": "x@example.gov"}
CHAT = {"kind": "wecom", "url": "https://chat.example.gov/send", "token_env": "TOKEN"}
GOOD, BAD = Answer("delivered", "HTTP 204"), Answer("again", "HTTP 500")


@pytest.fixture
def engine(any_engine: sa.Engine) -> sa.Engine:  # noqa: F811
    return any_engine


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "x.db"
    made = open_db(path)
    migrate(made)
    made.dispose()
    return path


@pytest.fixture
def alone(template: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """An outbox on SQLite, for what does not hang on the database."""
    opened = open_db(shutil.copy(template, tmp_path / "x.db"))
    yield opened
    opened.dispose()


def claim(session: Session, now: datetime = NOW, token: str = "a", **more):
    return claim_next(session, now, token, 60, channels=more.pop("channels", {"hook"}), **more)


def settled(session: Session, claimed, answer: Answer, now: datetime = NOW, **more) -> str | None:
    return settle(session, claimed, answer, now, wait=more.get("wait", 10), attempts=more.get("attempts", 3))


def test_a_list_makes_a_message_per_channel_and_a_night_one_per_robot(engine):
    filled(engine, settings(hook=HOOK, mail=MAIL, chat=CHAT), 3, addresses={"w0001": "w@example.gov"}, urgent=2)
    made = [(row.channel, row.list_id, row.lists, row.households, row.urgent) for row in rows(engine)]
    assert sorted(made, key=repr) == [
        ("chat", None, 3, 3, 2),
        ("hook", 1, 1, 1, 1),
        ("hook", 2, 1, 1, 1),
        ("hook", 3, 1, 1, 0),
        ("mail", 2, 1, 1, 1),
    ]
    assert len({row.message_id for row in rows(engine)}) == 5


def test_a_list_that_is_written_anew_is_told_of_again_only_where_visits_were_opened(engine):
    push = settings(hook=HOOK, chat=CHAT)
    (first,) = filled(engine, push, 1)
    before = [row.message_id for row in rows(engine)]
    with writing(engine) as session:
        item = session.exec(select(OutreachItem)).one()
        item.state, item.state_reason = "withdrawn", "moved"
        session.flush()
        assert make_messages(session, first, push, {}, key=KEY, at=NOW) == 0
        session.add(
            OutreachItem(list_id=first, household_id="h9", business_date=TONIGHT, position=2, lane="urgent",
                         due_on=TONIGHT, state="open")
        )  # fmt: skip
        session.flush()
        assert make_messages(session, first, push, {}, key=KEY, at=NOW) == 2
    after = rows(engine)
    assert [row.message_id for row in after][:2] == before
    assert [(row.opened, row.households, row.urgent) for row in after][2:] == [(2, 1, 1), (2, 1, 1)]


def test_the_key_of_a_message_is_the_same_for_the_same_list_and_of_nobody_elses_making(alone, tmp_path):
    filled(alone, settings(hook=HOOK), 2)
    keys = [row.message_id for row in rows(alone)]
    with writing(alone) as session:
        session.execute(sa.delete(PushMessage))
        for each in (1, 2):
            make_messages(session, each, settings(hook=HOOK), {}, key=KEY, at=NOW + timedelta(days=1))
    assert [row.message_id for row in rows(alone)] == keys
    with writing(alone) as session:
        session.execute(sa.delete(PushMessage))
        make_messages(session, 1, settings(hook=HOOK), {}, key=b"another", at=NOW)
    assert rows(alone)[0].message_id not in keys


def test_a_message_is_claimed_by_one_and_settled_under_its_claim_only(engine):
    filled(engine, settings(hook=HOOK), 1)
    with writing(engine) as session:
        first = claim(session, token="a")
        assert claim(session, token="b") is None
        later = NOW + timedelta(seconds=61)
        second = claim(session, later, token="b")
        assert first is not None
        assert second is not None
        assert settled(session, first, BAD, later) is None
        assert settled(session, second, GOOD, later) == "delivered"
        assert settled(session, second, BAD, later) is None
        assert claim(session, later + timedelta(days=1)) is None
    assert rows(engine)[0].attempts == 2


def test_a_claim_made_by_a_clock_that_has_gone_back_counts_as_run_out(alone):
    filled(alone, settings(hook=HOOK), 1)
    with writing(alone) as session:
        assert claim(session, NOW + timedelta(days=3)) is not None
        assert claim(session, NOW) is not None


def test_a_failure_waits_and_after_the_last_attempt_the_message_is_dead_until_a_person_sends_it_again(engine):
    filled(engine, settings(hook=HOOK), 1)
    with writing(engine) as session:
        now = NOW
        for state in ("waiting", "waiting", "dead"):
            claimed = claim(session, now)
            assert settled(session, claimed, BAD, now) == state
            assert claim(session, now + timedelta(seconds=9)) is None
            now += timedelta(seconds=10)
        (row,) = session.exec(select(PushMessage))
        assert (row.problem, row.settled_at, row.attempts) == ("HTTP 500", NOW + timedelta(seconds=20), 3)
        send_again(session, [row], now)
        again = claim(session, now)
        assert again is not None
        assert settled(session, again, GOOD, now) == "delivered"
        assert figures(session)["hook"]["dead"] == 0


def test_what_is_refused_for_good_is_dead_at_once(alone):
    filled(alone, settings(hook=HOOK), 1)
    with writing(alone) as session:
        assert settled(session, claim(session), Answer("refused", "HTTP 410")) == "dead"


def test_a_receiver_that_asks_for_rest_gets_it_from_every_message_of_the_channel(engine):
    filled(engine, settings(hook=HOOK, other=HOOK), 2)
    with writing(engine) as session:
        settled(session, claim(session), Answer("again", "HTTP 429", wait=100))
        assert claim(session, NOW + timedelta(seconds=99)) is None
        assert claim(session, NOW + timedelta(seconds=99), channels={"other"}) is not None
        assert claim(session, NOW + timedelta(seconds=100)) is not None


def test_the_urgent_go_first_and_alone_where_it_is_quiet(alone):
    filled(alone, settings(hook=HOOK), 3, urgent=1)
    with writing(alone) as session:
        assert claim(session, channels=(), urgent_only={"hook"}).row.urgent == 1
        assert claim(session, channels=(), urgent_only={"hook"}) is None
        assert claim(session).row.urgent == 0


def test_a_receipt_counts_once_and_takes_a_dead_letter_from_the_list(engine):
    filled(engine, settings(hook=HOOK), 1)
    with writing(engine) as session:
        settled(session, claim(session), Answer("refused", "HTTP 410"))
        assert figures(session)["hook"]["dead"] == 1
        (row,) = session.exec(select(PushMessage))
        note_read(session, row.message_id, NOW, "li")
        note_read(session, row.message_id, NOW + timedelta(days=1), "wang")
        assert (row.read_at, row.read_by) == (NOW, "li")
        told = figures(session)["hook"]
        assert (told["dead"], told["told_otherwise"], told["read"]) == (0, 1, 1)
        assert note_read(session, "msg_unknown", NOW, "li") is None


def test_a_disk_that_is_full_when_an_answer_is_noted_sends_the_message_again_under_its_key(
    alone, tmp_path, monkeypatch
):
    sent = []
    monkeypatch.setitem(sending.CHANNELS, "webhook", lambda _c, message, _h, _at: sent.append(message) or GOOD)
    clock, push = Clock(), settings(hook=HOOK)
    filled(alone, push, 1)
    who = sender(alone, push, clock, tmp_path)
    with monkeypatch.context() as full:

        def no_space(*_args, **_more):
            raise DiskFullError(f"{tmp_path}: the disk is full")

        full.setattr(sending, "settle", no_space)
        with pytest.raises(DiskFullError, match="the disk is full"):
            who.send_due(seconds=60)
    assert states(alone) == {"claimed": 1}
    clock.go(minutes=10)
    assert who.send_due(seconds=60).delivered == 1
    assert len(sent) == 2
    assert sent[0] == sent[1]


QUIET = {"20:00": True, "23:59": True, "00:00": True, "07:29": True, "07:30": False, "12:00": False, "19:59": False}


def test_at_quiet_hours_only_urgent_messages_go(alone, tmp_path, monkeypatch):
    assert {clock: Push().is_quiet(clock) for clock in QUIET} == QUIET
    assert Push(quiet_from="12:00", quiet_until="14:00").is_quiet("13:59")
    assert not Push(quiet_from="12:00", quiet_until="14:00").is_quiet("14:00")
    assert not Push(quiet_from="08:00", quiet_until="08:00").is_quiet("08:00")
    monkeypatch.setitem(sending.CHANNELS, "webhook", lambda *_: GOOD)
    push = settings(hook={**HOOK, "quiet": True})
    filled(alone, push, 3, urgent=1)
    for clock, delivered in (("07:29", 1), ("07:30", 2)):
        there = datetime.fromisoformat(f"2026-11-22T{clock}+08:00").astimezone(UTC)
        assert sender(alone, push, Clock(there), tmp_path).send_due(seconds=60).delivered == delivered


def test_a_policy_may_hold_the_urgent_too_and_a_channel_need_not_be_quiet(alone, tmp_path, monkeypatch):
    monkeypatch.setitem(sending.CHANNELS, "webhook", lambda *_: GOOD)
    push = settings(hook={**HOOK, "quiet": True}, machine=HOOK)
    filled(alone, push, 2, urgent=1)
    night = Clock(datetime(2026, 11, 21, 18, 0, tzinfo=UTC))
    held = sender(alone, push, night, tmp_path, policy={"urgent_passes": False})
    assert held.send_due(seconds=60).delivered == 2
    assert {row.channel for row in rows(alone) if row.state == "waiting"} == {"hook"}


def test_a_silent_channel_is_left_alone_after_three_and_keeps_no_other_back(alone, tmp_path, monkeypatch):
    calls = []

    def call(channel, message, _hand, _at):
        calls.append(channel.url)
        return GOOD if "good" in channel.url else Answer("again", "no connection", silent=True)

    monkeypatch.setitem(sending.CHANNELS, "webhook", call)
    push = settings(bad=HOOK, good={**HOOK, "url": "https://good.example.gov/in"})
    filled(alone, push, 10)
    sent = sender(alone, push, Clock(), tmp_path).send_due(seconds=60)
    assert (sent.delivered, sent.again) == (10, 3)


def test_a_message_that_the_program_trips_over_keeps_no_other_back(alone, tmp_path, monkeypatch):
    def trip(_channel, message, _hand, _at):
        if message.caseworker == "w0000":
            raise ZeroDivisionError("a bug")
        return GOOD

    monkeypatch.setitem(sending.CHANNELS, "webhook", trip)
    filled(alone, settings(hook=HOOK), 3)
    sent = sender(alone, settings(hook=HOOK), Clock(), tmp_path).send_due(seconds=60)
    assert (sent.delivered, sent.again) == (2, 1)
    assert rows(alone)[0].problem == "a mistake of this program (ZeroDivisionError)"


def test_messages_of_a_channel_that_home_toml_no_longer_names_wait_and_are_told(alone, tmp_path):
    filled(alone, settings(old=HOOK), 2)
    sent = sender(alone, settings(hook=HOOK), Clock(), tmp_path).send_due(seconds=60)
    assert "no channel old" in sent.problems["old"]
    assert states(alone) == {"waiting": 2}


def test_waits_double_up_to_the_longest_and_are_spread_by_a_lot_that_follows_from_the_seed():
    def waits(seed: int, message: str = "m") -> list[float]:
        return [wait_before(n, message, first=60, longest=3600, seed=seed) for n in range(1, 40)]

    for number, wait in enumerate(waits(1)):
        whole = min(3600, 60 * 2**number)
        assert whole / 2 <= wait <= whole
    assert waits(1) == waits(1)
    assert waits(1) != waits(2)
    assert len({wait_before(1, f"m{n}", first=60, longest=60, seed=0) for n in range(100)}) == 100


RETRY_AFTER = [
    ("120", 120.0), (" 0 ", 0.0), ("Sat, 21 Nov 2026 02:01:30 GMT", 90.0), ("Sat, 21 Nov 2026 01:00:00 GMT", 0.0),
    ("Sat, 21 Nov 2026 02:01:30", 90.0), ("999999999999", LONGEST_ASKED), ("9" * 400, LONGEST_ASKED),
    ("Fri, 21 Nov 2036 02:00:00 GMT", LONGEST_ASKED), ("soon", None), ("-5", None), ("1.5", None), ("", None),
    ("１２", None), (None, None),
]  # fmt: skip


@pytest.mark.parametrize(("header", "seconds"), RETRY_AFTER)
def test_retry_after_is_seconds_or_a_date_and_bounded(header, seconds):
    assert asked_to_wait(header, NOW) == seconds


MISTAKES = {
    "an unknown kind": ({"fax": {"kind": "fax"}}, "fax"),
    "the folder's name": ({"folder": HOOK}, "channel names"),
    "a name of its own making": ({"My Hook": HOOK}, "channel names"),
    "http beyond this machine": ({"hook": {**HOOK, "url": "http://hook.example.gov/in"}}, "must be https"),
    "a token in the address": ({"hook": {**HOOK, "url": "https://hook.example.gov/in?key=1"}}, "no user, password"),
    "a password in the address": ({"hook": {**HOOK, "url": "https://a:b@hook.example.gov/"}}, "no user, password"),
    "no secret": ({"hook": {"kind": "webhook", "url": HOOK["url"]}}, "needs secret_file or secret_env"),
    "two secrets": ({"hook": {**HOOK, "secret_file": "a"}}, "not both"),
    "a secret outside of keys": ({"hook": {**HOOK, "secret_env": None, "secret_file": "../a"}}, "secret_file"),
    "a robot without its token": ({"chat": {"kind": "dingtalk", "url": CHAT["url"]}}, "needs token_file"),
    "a password in the clear": ({"mail": {**MAIL, "user": "x", "secret_env": "P", "security": "none"}}, "starttls"),
    "a user without a password": ({"mail": {**MAIL, "user": "x"}}, "come together"),
    "a sender with two lines": ({"mail": {**MAIL, "sender": "x@example.gov\nBcc: y@example.gov"}}, "sender"),
    "an address without a host": ({"mail": {**MAIL, "to": ["x@"]}}, "to"),
    "no time to answer": ({"hook": {**HOOK, "read_seconds": 0}}, "read_seconds"),
    "a word that nobody knows": ({"hook": {**HOOK, "verify": False}}, "verify"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_channel_is_named(name):
    channels, said = MISTAKES[name]
    with pytest.raises(ValueError, match=said):
        settings(**channels)


def test_channels_need_a_link_and_the_zone_must_exist():
    with pytest.raises(ValueError, match="link is missing"):
        PushSettings.model_validate({"channel": {"hook": HOOK}})
    with pytest.raises(ValueError, match="no such time zone"):
        PushSettings.model_validate({"zone": "Asia/Atlantis"})
    assert PushSettings().time_zone.key == "Asia/Shanghai"


def test_a_policy_from_before_there_were_messages_has_the_shipped_values():
    from engine.workplace import default_policy

    text = default_policy()
    begin = text.index("[push]")
    before = text[:begin] + text[text.index("[promotion]") :]
    assert Policy.from_toml(text).push == Policy.from_toml(before).push == Push()
