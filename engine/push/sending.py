"""Send what is due: claim a message, hand it to its channel, write down what came of it, until nothing is due."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.audit import AuditLog
from engine.channels import PushSettings
from engine.db import reading, writing
from engine.errors import HomeError
from engine.push import channel_dingtalk, channel_email, channel_webhook, channel_wecom
from engine.push.answer import Answer, NoAnswerError, wait_before
from engine.push.delivery import Claimed, claim_next, put_back, settle, unknown_channels
from engine.push.hand import Hand
from engine.push.message import Message
from outreach.policy import Push

CHANNELS: Final[Mapping[str, Callable[[Any, Message, Hand, datetime], Answer]]] = {
    "email": channel_email.send,
    "webhook": channel_webhook.send,
    "wecom": channel_wecom.send,
    "dingtalk": channel_dingtalk.send,
}
PATIENCE: Final = 3
"""So many times in a row a channel may be silent before it is left alone until the next look."""


@dataclass(frozen=True)
class Sent:
    """What a look at the outbox came to. ``problems``: by channel, why it cannot be sent to at all."""

    delivered: int = 0
    again: int = 0
    dead: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, later: "Sent") -> "Sent":
        """Both looks together."""
        return Sent(
            self.delivered + later.delivered,
            self.again + later.again,
            self.dead + later.dead,
            {**self.problems, **later.problems},
        )


@dataclass(frozen=True)
class Sender:
    """Who sends. The clock and the seed are given, so that a test may hurry both; ``log`` is the audit log."""

    log: AuditLog
    settings: PushSettings
    policy: Push
    hand: Hand
    clock: Callable[[], datetime]
    seed: int = 0
    patience: int = PATIENCE

    def send_due(self, *, seconds: float, keep_going: Callable[[], bool] = lambda: True) -> Sent:
        """Send what is due now, the urgent first, for at most so many seconds (and the message in hand).

        Whatever a receiver does stops no other channel. Raises DiskFullError or DatabaseError where the outbox
        cannot be written: what was sent by then is sent again under the same key.
        """
        end = time.monotonic() + seconds
        count: Counter[str] = Counter()
        silent: Counter[str] = Counter()
        problems = self._unknown()
        while keep_going() and time.monotonic() < end:
            resting = {name for name, times in silent.items() if times >= self.patience} | set(problems)
            claimed = self._claim(set(self.settings.channel) - resting)
            if claimed is None:
                break
            name = claimed.row.channel
            try:
                answer = self._attempt(claimed)
            except HomeError as wrong:
                problems[name] = str(wrong)
                self._put_back(claimed, wrong.message)
                continue
            silent[name] = silent[name] + 1 if answer.silent else 0
            count[self._settle(claimed, answer) or "lost"] += 1
        return Sent(count["delivered"], count["waiting"], count["dead"], problems)

    def _unknown(self) -> dict[str, str]:
        with reading(self.log.database) as session:
            names = unknown_channels(session, self.settings.channel)
        return {name: f"home.toml has no channel {name}, and messages wait for it" for name in names}

    def _claim(self, names: set[str]) -> Claimed | None:
        if not names:
            return None
        now = self.clock()
        quiet = {name for name in names if self.settings.channel[name].quiet} if self._is_quiet(now) else set()
        longest = max(self.settings.channel[name].whole_seconds for name in names)
        with writing(self.log.database) as session:
            return claim_next(
                session,
                now,
                uuid.uuid4().hex,
                2 * longest + 30,
                channels=names - quiet,
                urgent_only=quiet if self.policy.urgent_passes else (),
            )

    def _is_quiet(self, now: datetime) -> bool:
        return self.policy.is_quiet(now.astimezone(ZoneInfo(self.settings.zone)).strftime("%H:%M"))

    def _attempt(self, claimed: Claimed) -> Answer:
        channel = self.settings.channel[claimed.row.channel]
        try:
            return CHANNELS[channel.kind](channel, self._message(claimed), self.hand, self.clock())
        except NoAnswerError as none:
            return Answer("again", str(none), silent=none.silent)
        except HomeError:
            raise
        except Exception as bug:  # one message that cannot be sent must not keep all others back
            return Answer("again", f"a mistake of this program ({type(bug).__name__})")

    def _message(self, claimed: Claimed) -> Message:
        row = claimed.row
        return Message(
            message_id=row.message_id,
            business_date=claimed.night.business_date,
            caseworker=claimed.caseworker,
            lists=row.lists,
            households=row.households,
            urgent=row.urgent,
            link=f"{self.settings.link}?m={row.message_id}",
            made_at=row.made_at,
        )

    def _settle(self, claimed: Claimed, answer: Answer) -> str | None:
        row, policy = claimed.row, self.policy
        wait = self._wait(row.attempts, row.message_id)
        with writing(self.log.database) as session:
            state = settle(session, claimed, answer, self.clock(), wait=wait, attempts=policy.attempts)
            if state in ("delivered", "dead"):
                told = {
                    "message": row.message_id,
                    "channel": row.channel,
                    "business_date": claimed.night.business_date.isoformat(),
                    "caseworker": claimed.caseworker,
                    "attempts": row.attempts,
                    "answer": answer.said,
                }
                self.log.note(f"message {state}", "list", told, session)
        return state

    def _put_back(self, claimed: Claimed, problem: str) -> None:
        with writing(self.log.database) as session:
            put_back(session, claimed, problem, self.clock(), wait=self._wait(1, claimed.row.message_id))

    def _wait(self, attempt: int, message_id: str) -> float:
        policy = self.policy
        return wait_before(
            attempt,
            message_id,
            first=policy.first_wait_seconds,
            longest=policy.longest_wait_seconds,
            seed=self.seed,
        )
