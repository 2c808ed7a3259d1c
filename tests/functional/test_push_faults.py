"""Whatever a receiver does, and whenever a sender dies, each list is told of exactly once."""

import time
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL

import pytest
from outboxes import Clock, filled, rows, sender, settings, states, webhook
from push_faults import FAULTS, TIMED, told_in_spite_of
from push_sender import PATIENCE, started
from receivers import Receiver, receiving

from engine.db import migrate, open_db

LISTS = 20


@pytest.mark.parametrize("fault", FAULTS)
def test_no_list_is_lost_and_none_told_of_twice(fault: str, tmp_path: Path) -> None:
    outcome = told_in_spite_of(fault, LISTS, tmp_path, senders=6 if fault in TIMED else 1)
    assert outcome.exactly_once, outcome
    assert outcome.lists == LISTS
    assert outcome.calls >= LISTS


def test_several_senders_at_once_send_each_message_once(tmp_path: Path) -> None:
    engine = open_db(tmp_path / "x.db")
    migrate(engine)
    with receiving(lambda *_: time.sleep(0.05) or "") as receiver:
        push = settings(hook=webhook(receiver.url))
        filled(engine, push, LISTS)
        child = started(tmp_path / "x.db", receiver.url)
        _until_it_calls(receiver)
        own = sender(engine, push, Clock(), tmp_path).send_due(seconds=PATIENCE)
        assert child.wait(PATIENCE) == 0
        assert 0 < own.delivered < LISTS
        assert receiver.effects.total() == receiver.calls.total() == LISTS
    assert states(engine) == {"delivered": LISTS}
    engine.dispose()


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_a_sender_that_is_killed_between_claim_and_answer_loses_nothing_and_doubles_nothing(
    fault: str, tmp_path: Path
) -> None:
    engine, clock = open_db(tmp_path / "x.db"), Clock()
    migrate(engine)
    with receiving(lambda _message, nth: fault if nth == 1 else "") as receiver:
        receiver.patience = PATIENCE
        push = settings(hook=webhook(receiver.url))
        filled(engine, push, 1)
        killed = started(tmp_path / "x.db", receiver.url)
        _until_it_calls(receiver)
        killed.send_signal(SIGKILL)
        assert killed.wait(PATIENCE) == -SIGKILL
        (row,) = rows(engine)
        assert (row.state, row.attempts) == ("claimed", 1)
        after = sender(engine, push, clock, tmp_path)
        assert after.send_due(seconds=60).delivered == 0  # the claim still stands
        assert row.claimed_until is not None
        clock.now = row.claimed_until + timedelta(seconds=1)
        assert after.send_due(seconds=60).delivered == 1
        assert receiver.calls.total() == 2
        assert list(receiver.effects.values()) == [1]
        assert len(receiver.bodies) == 1
    engine.dispose()


def _until_it_calls(receiver: Receiver) -> None:
    until = time.monotonic() + PATIENCE
    while not receiver.calls and time.monotonic() < until:
        time.sleep(0.01)
