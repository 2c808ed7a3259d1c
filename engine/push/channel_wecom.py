"""The robot of a WeCom group: told of a night once, in counts. Its token is the ``key`` in its address."""

from datetime import datetime
from typing import Final

from engine.channels import WeCom
from engine.push.answer import Answer
from engine.push.hand import Hand
from engine.push.message import Message
from engine.push.robot import say

TOO_MANY: Final = (45009,)
NEVER: Final = (93000,)


def send(channel: WeCom, message: Message, hand: Hand, at: datetime) -> Answer:
    """Say the message in the group. Raises NoAnswerError, HomeError where the token cannot be used."""
    query = {"key": hand.secret(channel.token_file, channel.token_env)}
    return say(channel, message, query, hand.root, at, too_many=TOO_MANY, never=NEVER)
