"""What the robots of group chats share: a text goes in, a number comes back, and 0 is good."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from engine.channels import Robot
from engine.push.answer import Answer
from engine.push.calling import answer_of, call
from engine.push.message import Message

A_MINUTE: Final = 60.0


def say(
    channel: Robot,
    message: Message,
    query: dict[str, str],
    root: Path,
    at: datetime,
    *,
    too_many: tuple[int, ...],
    never: tuple[int, ...],
) -> Answer:
    """Say the message in the group. ``too_many``: numbers that ask for a minute's rest; ``never``: for an end.

    Raises NoAnswerError, HomeError.
    """
    body = json.dumps({"msgtype": "text", "text": {"content": message.plain}}, ensure_ascii=False).encode()
    headers = {"content-type": "application/json; charset=utf-8"}
    reply = call(channel, f"{channel.url}?{urlencode(query)}", headers, body, root)
    answer = answer_of(reply, at)
    if answer.outcome != "delivered":
        return answer
    code = _errcode(reply.body) if reply.whole else None
    if code == 0:
        return Answer("delivered", "errcode 0")
    if code is None:
        return Answer("again", f"{answer.said}, and the answer holds no errcode")
    if code in never:
        return Answer("refused", f"errcode {code}: the address, token or signature is wrong")
    return Answer("again", f"errcode {code}", A_MINUTE if code in too_many else None)


def _errcode(body: bytes) -> int | None:
    try:
        code = json.loads(body)["errcode"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return code if isinstance(code, int) else None
