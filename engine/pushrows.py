"""The rows of the outbox beside the folder: a message that a list is there, to one channel."""

from datetime import datetime
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlmodel import Field

from engine.rows import Row, UtcDateTime, one_of

MESSAGE_STATES: Final = ("waiting", "claimed", "delivered", "dead")


class PushMessage(Row, table=True):
    """A message about a list (or a whole night) to one channel: counts, and nobody's name or number.

    ``message_id`` is the key by which a receiver knows it again, and stays the same however often it is sent.
    """

    __tablename__ = "push_message"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("message_id"),
        sa.Index("ix_push_message_state_due_at", "state", "due_at"),
        one_of("state", MESSAGE_STATES),
        sa.CheckConstraint("(state = 'claimed') = (claim IS NOT NULL)", name="claim"),
        sa.CheckConstraint("(state IN ('delivered', 'dead')) = (settled_at IS NOT NULL)", name="settled"),
        sa.CheckConstraint("lists >= 1 AND households >= 0 AND urgent >= 0 AND attempts >= 0", name="counts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    message_id: str
    night_id: int = Field(foreign_key="night.id", index=True)
    list_id: int | None = Field(
        default=None, foreign_key="outreach_list.id", index=True, description="Null = about the whole night"
    )
    channel: str = Field(description="Its name in home.toml")
    opened: int = Field(description="How many visits had ever been opened when it was made")
    lists: int
    households: int
    urgent: int
    made_at: datetime = Field(sa_type=UtcDateTime)
    state: str = "waiting"
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime, description="Not sent before")
    claim: str | None = Field(default=None, description="Who is sending it")
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="Delivered, or given up")
    answer: str | None = Field(default=None, description="The receiver's last answer, as a code")
    problem: str | None = Field(default=None, description="Why it has not been delivered")
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    read_by: str | None = None
