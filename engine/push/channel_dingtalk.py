"""The robot of a DingTalk group: told of a night once, in counts. With a secret, calls are signed."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

from engine.channels import DingTalk
from engine.push.answer import Answer
from engine.push.hand import Hand
from engine.push.message import Message
from engine.push.robot import say

TOO_MANY: Final = (130101,)
NEVER: Final = (300001, 310000)


def send(channel: DingTalk, message: Message, hand: Hand, at: datetime) -> Answer:
    """Say the message in the group. Raises NoAnswerError, HomeError where token or secret cannot be used."""
    query = {"access_token": hand.secret(channel.token_file, channel.token_env)}
    if channel.has_secret:
        query |= signed(hand.secret(channel.secret_file, channel.secret_env), at)
    return say(channel, message, query, hand.root, at, too_many=TOO_MANY, never=NEVER)


def signed(secret: str, at: datetime) -> dict[str, str]:
    """The moment in milliseconds, and the signature of it: HMAC-SHA256 over ``timestamp\\nsecret``, in base64."""
    stamp = str(int(at.timestamp() * 1000))
    mark = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": stamp, "sign": base64.b64encode(mark).decode()}
