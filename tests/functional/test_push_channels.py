"""Each channel against a real server: what it sends, how it takes no for an answer, whom it trusts."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import logging
import re
import ssl
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from outboxes import LINK, NOW, SOON, TONIGHT
from receivers import HOST, KEY, RETRY_AFTER, SECRET, Mailbox, Receiver, mail_server, receiving, self_signed, signed

from engine.channels import PushSettings
from engine.errors import HomeError
from engine.push import calling, channel_email
from engine.push.answer import Answer, NoAnswerError
from engine.push.channel_webhook import headers_of, secrets_in
from engine.push.hand import Hand
from engine.push.message import Message
from engine.push.sending import CHANNELS

MESSAGE = Message("msg_" + "0" * 32, TONIGHT, "w0001", 1, 5, 2, f"{LINK}?m=msg_{'0' * 32}", NOW)
NIGHT = Message("msg_" + "1" * 32, TONIGHT, None, 3, 40, 1, f"{LINK}?m=msg_{'1' * 32}", NOW)
TOKEN = "token-that-nobody-may-see"
EMPTY = {"HOOK": SECRET, "TOKEN": TOKEN, "SIGN": "SECsign", "PASSWORD": "pass word"}


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    (tmp_path / "keys").mkdir()
    return Hand(tmp_path, tmp_path / "keys", EMPTY, {"w0001": "team1@example.gov"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def send(hand: Hand, message: Message = MESSAGE, **channel: Any) -> Answer:
    made = PushSettings.model_validate({"link": LINK, "channel": {"x": {**SOON, **channel}}}).channel["x"]
    return CHANNELS[made.kind](made, message, hand, NOW)


def hook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {
        "kind": "webhook",
        "url": receiver.url,
        **({} if "secret_file" in more else {"secret_env": "HOOK"}),
        **more,
    }


def robot(receiver: Receiver, kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "url": receiver.url, "token_env": "TOKEN", **more}


def mail(port: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "email",
        "host": HOST,
        "port": port,
        "security": "none",
        "sender": "xunfang@example.gov",
        **more,
    }


# The webhook


def test_a_webhook_is_signed_and_says_counts_and_a_link(receiver: Receiver, hand: Hand) -> None:
    assert send(hand, **hook(receiver)) == Answer("delivered", "HTTP 204")
    (headers,), ((body,),) = receiver.headers, receiver.bodies.values()
    assert json.loads(body) == {
        "type": "list.ready",
        "timestamp": "2026-11-21T02:00:00+00:00",
        "data": {
            "business_date": "2026-11-21", "caseworker": "w0001", "lists": 1, "households": 5, "urgent": 2,
            "link": MESSAGE.link,
        },
    }  # fmt: skip
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (MESSAGE.message_id, "1795226400")
    assert signed(headers, body, KEY)
    assert not signed(headers, body + b" ", KEY)
    assert not signed({**headers, "webhook-timestamp": "1795226401"}, body, KEY)
    assert not signed(headers, body, b"another key of thirty-two bytes.")


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    key = secrets_in("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    at = NOW.fromtimestamp(1614265330, NOW.tzinfo)
    made = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, key)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_receivers_check_in_the_operators_guide_holds(receiver: Receiver, hand: Hand) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operator.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert code is not None
    told: dict[str, Any] = {}
    exec(code[1], told)
    check = told["is_from_xunfang"]
    assert len([line for line in code[1].splitlines() if line.startswith("    ")]) <= 10
    now, body = datetime.now(UTC), b'{"type":"list.ready"}'
    headers = headers_of(MESSAGE.message_id, now, body, [b"n" * 32, KEY])
    assert check(headers, body, SECRET)
    assert not check(headers, body + b" ", SECRET)
    assert not check(headers, body, "whsec_" + base64.b64encode(b"x" * 32).decode())
    assert not check({**headers, "webhook-id": "msg_another"}, body, SECRET)
    assert not check(headers_of(MESSAGE.message_id, now - timedelta(minutes=6), body, [KEY]), body, SECRET)


def test_the_channels_in_the_operators_guide_are_sound() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operator.md").read_text("utf-8")
    block = re.search(r"```toml\n(\[push\]\n.*?)```", guide, re.DOTALL)
    assert block is not None
    push = PushSettings.model_validate(tomllib.loads(block[1])["push"])
    assert {channel.kind for channel in push.channel.values()} == {"email", "webhook", "dingtalk"}


def test_while_a_secret_is_changed_both_keys_sign(receiver: Receiver, hand: Hand) -> None:
    new = b"n" * 32
    path = hand.keys / "hook.secret"
    path.write_text(f"whsec_{base64.b64encode(new).decode()}\n{SECRET}\n")
    path.chmod(0o600)
    send(hand, **hook(receiver, secret_file="hook.secret"))
    ((body,),) = receiver.bodies.values()
    assert all(signed(receiver.headers[0], body, key) for key in (new, KEY))


STATUSES = [
    (200, {}, "delivered", "HTTP 200", None),
    (202, {}, "delivered", "HTTP 202", None),
    (301, {"location": "/elsewhere"}, "again", "a redirect", None),
    (308, {"location": "http://127.0.0.1:1/"}, "again", "a redirect", None),
    (400, {}, "again", "HTTP 400", None),
    (401, {}, "again", "HTTP 401", None),
    (410, {}, "refused", "wants no more", None),
    (429, {"retry-after": "120"}, "again", "HTTP 429", 120.0),
    (429, {"retry-after": "Sat, 21 Nov 2026 02:01:00 GMT"}, "again", "HTTP 429", 60.0),
    (429, {}, "again", "HTTP 429", None),
    (503, {"retry-after": "99999999"}, "again", "HTTP 503", 86_400.0),
    (500, {"retry-after": "5"}, "again", "HTTP 500", None),
]


def test_what_a_status_means(receiver: Receiver, hand: Hand) -> None:
    for status, headers, outcome, said, wait in STATUSES:
        receiver.answer = (status, headers, b"")
        answer = send(hand, **hook(receiver))
        assert (answer.outcome, answer.wait) == (outcome, wait), status
        assert said in answer.said
    assert receiver.elsewhere == 0
    assert RETRY_AFTER == 120


def test_an_answer_without_end_is_not_read_to_its_end(receiver: Receiver, hand: Hand) -> None:
    receiver.answer = (200, {}, b"x" * 50_000_000)
    began = time.monotonic()
    assert send(hand, **hook(receiver)).outcome == "delivered"
    assert time.monotonic() - began < 5
    channel = PushSettings.model_validate({"link": LINK, "channel": {"x": hook(receiver)}}).channel["x"]
    reply = calling.call(channel, receiver.url, {}, b"", hand.root)
    assert (len(reply.body), reply.whole) == (calling.MOST_BYTES, False)


def test_a_certificate_that_nobody_has_vouched_for_is_not_trusted_but_the_named_one_is(
    hand: Hand, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with receiving(certificate=certificate) as receiver:
        with pytest.raises(NoAnswerError, match="certificate is not trusted"):
            send(hand, **hook(receiver))
        assert send(hand, **hook(receiver, ca_file=certificate.name)).outcome == "delivered"
        assert receiver.calls.total() == 1
    late = self_signed(tmp_path, days=-1)
    with receiving(certificate=late) as receiver, pytest.raises(NoAnswerError, match="expired"):
        send(hand, **hook(receiver, ca_file=late.name))
    other = self_signed(tmp_path, "hook.example.gov")
    with receiving(certificate=other) as receiver, pytest.raises(NoAnswerError, match="not trusted"):
        send(hand, **hook(receiver, ca_file=other.name))
    for name in ("missing.pem", "keys"):
        with pytest.raises(HomeError, match="holds no certificates"):
            send(hand, **hook(receiver, ca_file=name))
    (tmp_path / "empty.pem").touch()
    with pytest.raises(HomeError, match="holds no certificates"):
        send(hand, **hook(receiver, ca_file="empty.pem"))


def test_no_connection_and_no_such_host_are_told_without_the_address(hand: Hand) -> None:
    for url in ("http://127.0.0.1:1/secret-path", "https://no-such-host.invalid/secret-path"):
        with pytest.raises(NoAnswerError, match="no connection") as caught:
            send(hand, kind="webhook", url=url, secret_env="HOOK")
        assert caught.value.silent
        assert "secret-path" not in str(caught.value)


# Secrets


SECRETS = {
    "missing": (None, 0o600, "there is no such file"),
    "open to the group": (SECRET, 0o640, "others may read this key"),
    "open to everybody": (SECRET, 0o604, "others may read this key"),
    "empty": ("  \n", 0o600, "there is no secret in it"),
    "no text": (b"\xff\xfe\x00", 0o600, "there is no secret in it"),
    "too short": ("whsec_c2hvcnQ=", 0o600, "bytes or more in base64"),
    "not base64": ("whsec_" + "%" * 40, 0o600, "bytes or more in base64"),
    "without its beginning": (base64.b64encode(KEY).decode(), 0o600, "bytes or more in base64"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_cannot_be_used_is_told_and_nothing_is_sent(
    name: str, receiver: Receiver, hand: Hand
) -> None:
    text, mode, said = SECRETS[name]
    path = hand.keys / "hook.secret"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
    with pytest.raises(HomeError, match=said) as caught:
        send(hand, **hook(receiver, secret_file="hook.secret"))
    assert str(text).strip() not in str(caught.value) or not str(text).strip()
    assert not receiver.calls


def test_a_variable_that_is_not_set_is_named(receiver: Receiver, hand: Hand) -> None:
    with pytest.raises(HomeError, match="the environment variable NOT_SET is not set"):
        send(hand, kind="webhook", url=receiver.url, secret_env="NOT_SET")


# Robots


def test_a_wecom_group_is_told_once_a_night_in_counts(receiver: Receiver, hand: Hand) -> None:
    receiver.answer = (200, {}, b'{"errcode":0,"errmsg":"ok"}')
    assert send(hand, NIGHT, **robot(receiver, "wecom")) == Answer("delivered", "errcode 0")
    ((path, (body,)),) = receiver.bodies.items()
    assert parse_qs(urlsplit(path).query) == {"key": [TOKEN]}
    said = json.loads(body)
    assert said["msgtype"] == "text"
    assert said["text"]["content"] == (
        f"寻访：2026年11月21日的走访名单已备好，3 份，共 40 户，其中紧急 1 户。打开名单：{NIGHT.link}\n\n"
        f"Xunfang: 3 visit lists of 21 November 2026: 40 households, 1 urgent. Open it here: {NIGHT.link}\n"
    )


def test_a_call_of_dingtalk_is_signed_for_its_moment(receiver: Receiver, hand: Hand) -> None:
    receiver.answer = (200, {}, b'{"errcode":0}')
    assert send(hand, NIGHT, **robot(receiver, "dingtalk", secret_env="SIGN")).outcome == "delivered"
    (path,) = receiver.bodies
    query = parse_qs(urlsplit(path).query)
    mark = hmac.digest(b"SECsign", b"1795226400000\nSECsign", hashlib.sha256)
    assert query == {
        "access_token": [TOKEN],
        "timestamp": ["1795226400000"],
        "sign": [base64.b64encode(mark).decode()],
    }
    send(hand, NIGHT, **robot(receiver, "dingtalk"))
    assert parse_qs(urlsplit(list(receiver.bodies)[-1]).query) == {"access_token": [TOKEN]}


ROBOTS = [
    ("wecom", b'{"errcode":45009}', "again", 60.0),
    ("wecom", b'{"errcode":93000}', "refused", None),
    ("wecom", b'{"errcode":-1}', "again", None),
    ("dingtalk", b'{"errcode":130101}', "again", 60.0),
    ("dingtalk", b'{"errcode":310000}', "refused", None),
    ("dingtalk", b"<html>a page of a proxy</html>", "again", None),
    ("dingtalk", b'{"errcode":"0"}', "again", None),
    ("dingtalk", b"[]", "again", None),
    ("dingtalk", b"", "again", None),
    ("wecom", b'{"errcode":0}' + b" " * 100_000, "again", None),
    ("wecom", b"[" * 60_000, "again", None),
]


def test_a_robot_that_answers_well_and_says_no_has_said_no(receiver: Receiver, hand: Hand) -> None:
    for kind, body, outcome, wait in ROBOTS:
        receiver.answer = (200, {}, body)
        answer = send(hand, NIGHT, **robot(receiver, kind))
        assert (answer.outcome, answer.wait) == (outcome, wait), body[:40]
    receiver.answer = (500, {}, b'{"errcode":0}')
    assert send(hand, NIGHT, **robot(receiver, "wecom")).outcome == "again"


def test_no_token_or_secret_is_in_any_log(receiver: Receiver, hand: Hand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(hand, NIGHT, **robot(receiver, "dingtalk", secret_env="SIGN"))
    send(hand, **hook(receiver))
    with pytest.raises(NoAnswerError):
        send(hand, NIGHT, kind="wecom", url="http://127.0.0.1:1/send", token_env="TOKEN")
    secrets = (TOKEN, "SECsign", SECRET, SECRET.removeprefix("whsec_"))
    assert [each for each in secrets if each in caplog.text] == []
    assert [each for each in secrets if each in repr(hand)] == []


# Mail


def test_a_mail_goes_to_the_caseworker_and_holds_counts_and_a_link(hand: Hand) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        assert send(hand, **mail(port)) == Answer("delivered", "SMTP 250")
        assert send(hand, **mail(port)).outcome == "delivered"
    (to, first), (_, second) = mailbox.mails
    assert to == ["team1@example.gov"]
    told = email.message_from_bytes(first, policy=email.policy.default)
    assert told["Message-ID"] == f"<{MESSAGE.message_id}@example.gov>"
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["Subject"] == "寻访：2026年11月21日走访名单 / Xunfang: visit list of 21 November 2026"
    assert told.get_content().strip().replace("\r\n", "\n") == (
        f"寻访：2026年11月21日的走访名单已备好，共 5 户，其中紧急 2 户。打开名单：{MESSAGE.link}\n\n"
        "Xunfang: the visit list of 21 November 2026 is ready: 5 households, 2 urgent. "
        f"Open it here: {MESSAGE.link}"
    )
    assert not told.is_multipart()
    assert first == second  # so that a mail server knows it again


def test_a_mail_for_a_caseworker_without_an_address_goes_to_whom_the_channel_names(hand: Hand) -> None:
    mailbox, nobody = Mailbox(), Hand(hand.root, hand.keys)
    with mail_server(mailbox) as port:
        with pytest.raises(HomeError, match="w0001 has no email"):
            send(nobody, **mail(port))
        send(nobody, **mail(port, to=["office@example.gov", "second@example.gov"]))
    assert [to for to, _ in mailbox.mails] == [["office@example.gov", "second@example.gov"]]


def test_what_a_mail_server_answers(hand: Hand) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        for code, outcome in (("451 later", "again"), ("552 too much", "refused"), ("250 taken", "delivered")):
            mailbox.codes = [] if code[0] == "2" else [code]
            assert send(hand, **mail(port)).outcome == outcome
    with pytest.raises(NoAnswerError, match="no connection") as caught:
        send(hand, **mail(port))
    assert caught.value.silent


def test_a_password_goes_only_over_an_encrypted_connection_whose_certificate_is_trusted(
    hand: Hand, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    seen: list[bytes] = []

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, given: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        seen.append(given.password)
        return AuthResult(success=given.password == b"pass word", handled=False)

    mailbox = Mailbox()
    login = {"user": "xunfang", "secret_env": "PASSWORD", "security": "starttls"}
    with mail_server(mailbox, tls_context=context, authenticator=check, auth_require_tls=True) as port:
        with pytest.raises(NoAnswerError, match="certificate is not trusted"):
            send(hand, **mail(port, **login))
        assert seen == []
        assert send(hand, **mail(port, **login, ca_file=certificate.name)).outcome == "delivered"
        wrong = {**login, "secret_env": "TOKEN"}
        assert send(hand, **mail(port, **wrong, ca_file=certificate.name)) == Answer("again", "SMTP 535")
    with mail_server(mailbox) as port:
        assert "no STARTTLS" in send(hand, **mail(port, **login, ca_file=certificate.name)).said
    assert len(mailbox.mails) == 1


def test_a_mail_server_that_drips_is_given_up_when_the_time_is_over(hand: Hand) -> None:
    class Slow(Mailbox):
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            import asyncio

            await asyncio.sleep(20)
            return "250 taken"

    began = time.monotonic()
    with mail_server(Slow()) as port, pytest.raises(NoAnswerError) as caught:
        send(hand, **mail(port, whole_seconds=0.3))
    assert time.monotonic() - began < 10
    assert caught.value.silent


def test_a_mail_has_no_line_that_could_begin_another_header() -> None:
    made = PushSettings.model_validate({"link": LINK, "channel": {"x": mail(25)}}).channel["x"]
    head = channel_email.mail_of(made, MESSAGE, ("a@example.gov",)).as_bytes().partition(b"\n\n")[0]
    assert b"bcc" not in head.lower()
    assert len([line for line in head.splitlines() if not line.startswith(b" ")]) == 9
