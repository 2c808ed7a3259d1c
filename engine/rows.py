"""What all rows share: moments in UTC, closed sets of words, one metadata object, constraints named by rule."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import SQLModel


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: aware going in, UTC in the database, aware UTC coming out (SQLite alone would lose the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To UTC; a moment without a zone is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Aware, in UTC, on every database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def one_of(column: str, words: Iterable[str]) -> sa.CheckConstraint:
    """A CHECK constraint: the column holds one of these words (a new word needs a revision)."""
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


class Row(SQLModel):
    """The base of all rows: one metadata object, every constraint named by one convention."""

    metadata: ClassVar[sa.MetaData] = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
