"""A home tells that its lists are there: through the real command line, to real servers on this machine."""

import base64
import json
import os
import re
import resource
import shutil
import signal
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import structlog
import tomli_w
from homes import NIGHT, Run, ask, change, copy_of, demo_home, done, process, set_policy, xunfang
from outboxes import LINK, SOON
from people_search import named_in, people_of
from receivers import HOST, SECRET, Mailbox, Receiver, mail_server, receiving

from engine import scheduler, trial
from engine.db import migrate, open_db
from engine.ledger import Schedule
from engine.scheduler import run_scheduler
from engine.settings import Home
from engine.workplace import Workplace


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture
def home(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose night was saved, whose lists are not written yet, and where it is never quiet."""
    copy = copy_of(demo, tmp_path / "home")
    shutil.rmtree(copy / "lists")
    change(copy, "UPDATE delivery SET sent_at = NULL")
    for name in ("quiet_from", "quiet_until"):
        set_policy(copy, "push", name, "00:00")
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("TOKEN", "token")
    return copy


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        opened.answer = (200, {}, b'{"errcode":0}')
        yield opened


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(tomli_w.dumps(tomllib.loads(path.read_text("utf-8")) | changes), "utf-8")


def name_channels(home: Path, **channels: dict[str, Any]) -> None:
    rewrite(
        home / "home.toml", push={"link": LINK, "channel": {name: SOON | each for name, each in channels.items()}}
    )


def hook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": receiver.url, "secret_env": "HOOK"} | more


def run_night(home: Path) -> Run:
    return done(xunfang("night", "--home", home, "--date", NIGHT))


def push(home: Path, *words: object, code: int = 0) -> Any:
    run = xunfang("push", *words, "--home", home, "--json")
    assert run.code == code, run.err
    return run.json if code == 0 else run.err


def lists_of(home: Path) -> int:
    return len(list((home / "lists" / NIGHT).glob("*.html")))


def test_a_night_tells_every_channel_once_and_names_nobody(home: Path, receiver: Receiver) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        mail = {"kind": "email", "host": HOST, "port": port, "security": "none", "sender": "x@example.gov"}
        robots = {kind: {"kind": kind, "url": receiver.url, "token_env": "TOKEN"} for kind in ("wecom", "dingtalk")}
        name_channels(home, hook=hook(receiver), post=mail, **robots)
        staff = tomllib.loads((home / "caseworkers.toml").read_text("utf-8"))
        told = [
            each | {"email": f"team{n}@example.gov"} if n else each for n, each in enumerate(staff["caseworker"])
        ]
        rewrite(home / "caseworkers.toml", caseworker=told)
        (home / "nights" / NIGHT / "report.html").unlink()
        run_night(home)
        lists = lists_of(home)
        run_night(home)
    assert set(receiver.effects.values()) == {1}
    assert receiver.effects.total() == lists > 1
    assert receiver.calls.total() == lists + 2
    assert {to[0] for to, _ in mailbox.mails} <= {f"team{n}@example.gov" for n in range(1, len(told))}
    without = told[0]["id"]
    listed = {row[0] for row in ask(home, "SELECT caseworker_id FROM outreach_list")}
    assert len(mailbox.mails) == lists - (without in listed)
    standing = push(home, "status")
    assert standing["without_address"] == [without]
    assert {name: each["delivered"] for name, each in standing["figures"].items()} == {
        "hook": lists, "post": len(mailbox.mails), "wecom": 1, "dingtalk": 1,
    }  # fmt: skip
    seen = bytes(receiver.bytes + mailbox.bytes)
    seen += b"".join(base64.b64decode(part) for part in re.findall(rb"(?:[A-Za-z0-9+/=]{4,76}\r\n){2,}", seen))
    assert "走访名单".encode() in seen
    text = seen.decode("utf-8", "replace")
    secrets = people_of(home)
    assert len(secrets) > 1000
    households = {row[0] for row in ask(home, "SELECT household_id FROM outreach_item")}
    phones = pl.concat(pl.read_parquet(path) for path in sorted((home / "inbox").glob("*/identity-*.parquet")))
    assert named_in(text, secrets | households) == set()
    assert named_in(text + phones["name"].drop_nulls()[0], secrets) != set()
    assert {name for name in households if name in named_in(text + min(households), households)} == {
        min(households)
    }
    households_told = sum(
        json.loads(body)["data"]["households"] for (body,) in receiver.bodies.values() if b"data" in body
    )
    assert households_told == len(households)
    report = (home / "nights" / NIGHT / "report.html").read_text("utf-8")
    assert f"hook: {lists} delivered, 0 waiting, 0 given up" in report
    assert done(xunfang("verify", "--home", home)).code == 0


def test_dead_letters_are_shown_and_sent_again_by_a_person_under_the_same_keys(
    home: Path, receiver: Receiver
) -> None:
    receiver.answer = (410, {}, b"")
    receiver.plan = lambda _message, _nth: ""
    name_channels(home, hook=hook(receiver))
    night = done(xunfang("night", "--home", home, "--date", NIGHT, "--json")).json
    lists = lists_of(home)
    assert night["messages"] == {"delivered": 0, "again": 0, "dead": lists, "problems": {}}
    dead = push(home, "dead")["dead"]
    assert len(dead) == lists
    assert {each["problem"] for each in dead} == {"HTTP 410: the receiver wants no more messages"}
    said = done(xunfang("status", "--home", home)).out
    assert f"{lists} DEAD" in said
    shown = done(xunfang("push", "dead", "--home", home)).out
    assert [each for each in dead if f"DEAD {each['message']}  hook, night of {NIGHT}" not in shown] == []
    receiver.answer = (200, {}, b"")
    assert "--reason" in push(home, "retry", "--reason", " ", code=2)
    assert "no message is dead" in push(home, "retry", "--channel", "fax", "--reason", "x", code=2)
    assert "no message is dead" in push(home, "retry", "msg_unknown", "--reason", "x", code=2)
    one = dead[0]["message"]
    assert push(home, "receipt", one, "--actor", "li")["read_by"] == "li"
    assert "no such message" in push(home, "receipt", "msg_unknown", code=2)
    assert len(push(home, "dead")["dead"]) == lists - 1
    again = push(home, "retry", "--channel", "hook", "--reason", "mended")["sent_again"]
    assert set(again) == {each["message"] for each in dead} - {one}
    assert push(home, "send")["delivered"] == lists - 1
    assert set(receiver.calls) == {each["message"] for each in dead}
    assert all(len(bodies) == 1 for bodies in receiver.bodies.values())
    log = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json["entries"]
    actions = [each["action"] for each in log]
    assert actions.count("message dead") == lists
    assert actions.count("message delivered") == lists - 1
    assert [each["details"]["reason"] for each in log if each["action"] == "messages sent again"] == ["mended"]


def test_a_release_by_a_person_writes_the_lists_and_tells_of_them(home: Path, receiver: Receiver) -> None:
    name_channels(home, hook=hook(receiver))
    change(home, "DELETE FROM delivery")
    change(home, "UPDATE outreach_list SET state = 'drafted'")
    change(home, "UPDATE outreach_item SET state = 'drafted'")
    run_night(home)
    assert not receiver.calls
    told = push(home, "release", NIGHT, "--reason", "looked at")
    assert told["messages"] == {"delivered": lists_of(home), "again": 0, "dead": 0, "problems": {}}
    assert receiver.effects.total() == told["released_lists"] == told["written"]
    assert "no list of this night waits" in push(home, "release", NIGHT, code=2)


def test_the_scheduler_sends_what_is_due_and_stops_where_it_is_asked_to(
    home: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answer = (500, {}, b"")
    name_channels(home, hook=hook(receiver))
    run_night(home)
    waiting = push(home, "status")["waiting"]
    assert {each["problem"] for each in waiting} == {"HTTP 500"}
    receiver.answer = (200, {}, b"")
    due = max(datetime.fromisoformat(each["due_at"]) for each in waiting)
    monkeypatch.setattr(
        trial, "run_scheduler", lambda *_, between, **__: (between(lambda: False), between(lambda: True))
    )
    place, before = Workplace.open(Home(home)), receiver.calls.total()
    with structlog.testing.capture_logs() as logs:
        trial.run_schedule(place, at="01:30", zone="Asia/Shanghai", now=lambda: due)
    assert receiver.calls.total() == before + len(waiting)
    assert [each["delivered"] for each in logs] == [len(waiting)]
    rewrite(home / "home.toml", push={})
    trial.run_schedule(place, at="01:30", zone="Asia/Shanghai", now=lambda: due)
    place.database.dispose()


def test_what_fails_between_the_nights_is_logged_and_the_looks_go_on(tmp_path: Path) -> None:
    engine, looks = open_db(tmp_path / "x.db"), []
    migrate(engine)

    def between(go_on: Any) -> None:
        looks.append(go_on())
        if len(looks) == 1:
            raise RuntimeError("a bug")
        os.kill(os.getpid(), signal.SIGTERM)
        looks.append(go_on())

    start = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    with structlog.testing.capture_logs() as logs:
        run_scheduler(
            engine, lambda *_: None, Schedule(2, 30, ZoneInfo("UTC")), clock=lambda: start, look_seconds=0.05,
            between=between,
        )  # fmt: skip
    assert looks == [True, True, False]
    assert [each["error"] for each in logs if each["log_level"] == "error"] == ["RuntimeError"]
    assert scheduler.LOOK_SECONDS == 30
    engine.dispose()


def test_a_channel_that_cannot_be_used_stops_neither_the_night_nor_the_others(
    home: Path, receiver: Receiver
) -> None:
    secret = home / "keys" / "other.secret"
    name_channels(
        home, hook=hook(receiver), other={"kind": "webhook", "url": receiver.url, "secret_file": secret.name}
    )
    night = run_night(home).out
    assert f"{secret}: there is no such file" in night
    assert "CANNOT BE USED: channel other" in night
    lists = lists_of(home)
    assert receiver.effects.total() == lists
    waiting = push(home, "status")["waiting"]
    assert {(each["channel"], each["attempts"]) for each in waiting} == {("other", 0)}
    change(home, "UPDATE push_message SET due_at = '2020-01-01 00:00:00'")
    said = push(home, "send", code=7)
    assert f"{secret}: there is no such file" in said
    assert "Traceback" not in said
    secret.write_text(SECRET)
    secret.chmod(0o644)
    change(home, "UPDATE push_message SET due_at = '2020-01-01 00:00:00'")
    assert "others may read this key" in push(home, "send", code=7)
    secret.chmod(0o600)
    push(home, "retry", "--reason", "the secret is there")
    assert push(home, "send")["delivered"] == lists


def test_messages_for_a_channel_that_was_taken_out_are_told_of(home: Path, receiver: Receiver) -> None:
    receiver.answer = (500, {}, b"")
    name_channels(home, hook=hook(receiver))
    run_night(home)
    name_channels(home, other=hook(receiver))
    assert "NO SUCH CHANNEL hook" in done(xunfang("status", "--home", home)).out
    assert "no channel hook" in push(home, "send", code=7)


MISTAKES = {
    "home.toml": ({"push": {"link": LINK, "channel": {"fax": {"kind": "fax"}}}}, "push.channel.fax"),
    "caseworkers.toml": (None, "caseworker.0.email"),
}


@pytest.mark.parametrize("file", MISTAKES)
def test_a_mistake_in_the_settings_is_told_with_its_place_and_without_a_traceback(file: str, home: Path) -> None:
    changes, said = MISTAKES[file]
    if changes is None:
        staff = tomllib.loads((home / file).read_text("utf-8"))["caseworker"]
        changes = {"caseworker": [staff[0] | {"email": "team at example.gov"}, *staff[1:]]}
    rewrite(home / file, **changes)
    run = xunfang("night", "--home", home, "--date", NIGHT)
    assert run.code == 7
    error = run.err
    assert said in error
    assert "team at" not in error
    assert "Traceback" not in error


def test_an_outbox_that_says_a_list_was_written_which_is_not_there_is_found(home: Path) -> None:
    run_night(home)
    assert done(xunfang("verify", "--home", home, "--json")).json["damaged"] == []
    change(
        home,
        "INSERT INTO outreach_list (night_id, caseworker_id, week, state, content_sha256) "
        "SELECT night_id, 'nobody', week, state, 'x' FROM outreach_list LIMIT 1",
    )
    row = "INSERT INTO delivery (list_id, channel, sent_at) SELECT max(id), 'folder', {} FROM outreach_list"
    change(home, row.format("'2026-01-01 00:00:00'"))
    (damage,) = xunfang("verify", "--home", home, "--json").json["damaged"]
    assert (damage["kind"], damage["path"]) == ("outbox", f"lists/{NIGHT}/nobody.html")


def test_a_full_disk_is_told_and_nothing_is_lost(home: Path, receiver: Receiver) -> None:
    receiver.answer = (500, {}, b"")
    name_channels(home, hook=hook(receiver))
    run_night(home)
    receiver.answer = (200, {}, b"")
    change(home, "UPDATE push_message SET due_at = '2020-01-01 00:00:00'")
    before = receiver.calls.total()
    full = (1_000, 1_000)
    run = process(
        *("push", "send", "--home", home),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, full),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # Python would keep half a module
    )
    assert (run.code, "the disk is full" in run.err) == (8, True), run.err
    assert "Traceback" not in run.err
    assert receiver.calls.total() == before
    assert push(home, "send")["delivered"] == lists_of(home)
    assert set(receiver.effects.values()) == {1}
    assert receiver.effects.total() == lists_of(home)
