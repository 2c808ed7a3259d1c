"""Write the next revision from the difference between the tables and the newest revision.

python -m engine.migrations "cases and their notes"
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from engine.db import alembic_config, migrate, open_db


def main(message: str) -> None:
    """Autogenerate ``versions/v<number>_<message>.py``; read it before committing it."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_db(Path(folder) / "newest.db")
        if list((Path(__file__).parent / "versions").glob("v*.py")):
            migrate(engine)
        with engine.begin() as connection:
            config = alembic_config(connection)
            number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
