"""Mail to a caseworker: that the list is there, how many visits, and a link. The same each time it is sent."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from engine.channels import Email
from engine.errors import HomeError
from engine.push.answer import Answer, NoAnswerError
from engine.push.calling import no_trust, trust
from engine.push.hand import Hand
from engine.push.message import Message

WRONG_LOGIN: Final = (534, 535)


def send(channel: Email, message: Message, hand: Hand, at: datetime) -> Answer:  # noqa: ARG001 - it bears its own date
    """Hand the mail to the server. Raises NoAnswerError, HomeError where no address or no password is at hand."""
    to = receivers(channel, message, hand)
    if not to:
        raise HomeError(
            f"caseworkers.toml: {message.caseworker} has no email", "Write the address, or give the channel a to."
        )
    password = hand.secret(channel.secret_file, channel.secret_env) if channel.user is not None else None
    context = None if channel.security == "none" else trust(channel, hand.root)
    try:
        with _server(channel, context) as server:
            if channel.user is not None and password is not None:
                server.login(channel.user, password)
            refused = server.send_message(mail_of(channel, message, to))
    except smtplib.SMTPRecipientsRefused as wrong:
        return _refusal(code for code, _ in wrong.recipients.values())
    except smtplib.SMTPResponseException as wrong:
        return _refusal([wrong.smtp_code])
    except smtplib.SMTPNotSupportedError:
        return Answer("again", "the server offers no STARTTLS, or no login")
    except smtplib.SMTPException as wrong:
        raise NoAnswerError(
            "the server closed the connection, or its answer is none of SMTP", silent=True
        ) from wrong
    except OSError as wrong:
        raise NoAnswerError(no_trust(wrong) or "no connection, or no answer in time", silent=True) from wrong
    return _refusal(code for code, _ in refused.values()) if refused else Answer("delivered", "SMTP 250")


def receivers(channel: Email, message: Message, hand: Hand) -> tuple[str, ...]:
    """Whom the mail goes to: the caseworker, or who is named for the channel."""
    own = hand.addresses.get(message.caseworker or "")
    return channel.to if own is None else (own,)


def mail_of(channel: Email, message: Message, to: tuple[str, ...]) -> EmailMessage:
    """The mail as such; the same message gives the same bytes."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = channel.sender, ", ".join(to), message.subject
    mail["Date"] = format_datetime(message.made_at)
    mail["Message-ID"] = f"<{message.message_id}@{channel.sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.plain, cte="base64")
    return mail


@contextmanager
def _server(channel: Email, context: Any) -> Iterator[smtplib.SMTP]:
    """A connection on which no answer takes longer than ``read_seconds``, nor all ``whole_seconds``."""
    host, port, name = channel.host, channel.port, "localhost"
    if channel.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, local_hostname=name, timeout=channel.connect_seconds, context=context
        )
    else:
        server = smtplib.SMTP(host, port, local_hostname=name, timeout=channel.connect_seconds)
    end = threading.Timer(channel.whole_seconds, _hang_up, (server,))
    end.daemon = True
    end.start()
    try:
        if server.sock is not None:
            server.sock.settimeout(channel.read_seconds)
        if channel.security == "starttls":
            server.starttls(context=context)
        yield server
        with suppress(smtplib.SMTPException, OSError):  # it has the mail already
            server.quit()
    finally:
        end.cancel()
        server.close()


def _hang_up(server: smtplib.SMTP) -> None:
    """From the watching thread: whoever waits for an answer is woken by the end of the connection."""
    held = server.sock
    if held is not None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)


def _refusal(codes: Any) -> Answer:
    """5xx is for good, but for a login that can be mended; 4xx is for now."""
    code = max(codes)
    if code >= 500 and code not in WRONG_LOGIN:
        return Answer("refused", f"SMTP {code}")
    return Answer("again", f"SMTP {code}")
