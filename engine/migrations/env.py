"""What Alembic runs to reach the database: always on the connection handed over, never on one of its own."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from engine.tables import Row, UtcDateTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write column types into a revision as plain SQLAlchemy, so that a revision never changes with the program."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.types.TypeDecorator) and isinstance(item.impl, sa.String):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
