"""The webhook: a call of another system about one list, signed as Standard Webhooks (version 1) has it.

The receiver knows a message again by ``webhook-id``, whatever happened to the call before, and checks
``webhook-signature``, an HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime
from typing import Final

from engine.channels import Webhook
from engine.errors import HomeError
from engine.push.answer import Answer
from engine.push.calling import answer_of, call
from engine.push.hand import Hand
from engine.push.message import Message

PREFIX: Final = "whsec_"
SHORTEST: Final = 24
"""Bytes of a secret, by the standard."""


def send(channel: Webhook, message: Message, hand: Hand, at: datetime) -> Answer:
    """Call the receiver. Raises NoAnswerError, HomeError where the secret cannot be used."""
    keys = secrets_in(hand.secret(channel.secret_file, channel.secret_env))
    body = json.dumps(message.told(), ensure_ascii=False, separators=(",", ":")).encode()
    reply = call(channel, channel.url, headers_of(message.message_id, at, body, keys), body, hand.root)
    return answer_of(reply, at)


def headers_of(message_id: str, at: datetime, body: bytes, keys: list[bytes]) -> dict[str, str]:
    """The headers of a call at a moment, with a signature by each key."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    marks = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    return {
        "content-type": "application/json",
        "user-agent": "xunfang",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def secrets_in(text: str) -> list[bytes]:
    """The keys in a secret, one ``whsec_…`` a line: while a key is changed, the new one and the old one.

    Raises HomeError where a line is none.
    """
    found = []
    for line in text.split():
        try:
            key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not line.startswith(PREFIX) or len(key) < SHORTEST:
            raise HomeError(
                f"the secret of the webhook is not {PREFIX} and {SHORTEST} bytes or more in base64",
                "docs/operator.md shows how one is made.",
            )
        found.append(key)
    return found
