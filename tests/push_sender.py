"""A sender in a process of its own: ``push_sender.py DATABASE URL`` sends what is due, once."""

import os
import subprocess
import sys
from pathlib import Path

from outboxes import Clock, sender, settings, webhook

from engine.db import open_db

PATIENCE = 30


def started(database: Path, url: str) -> subprocess.Popen[bytes]:
    """Start one."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, __file__, str(database), url], env=environment)


def send(database: str, url: str) -> None:
    """Send what is due."""
    engine, push = open_db(database), settings(hook=webhook(url, read_seconds=PATIENCE, whole_seconds=PATIENCE))
    sender(engine, push, Clock(), Path(database).parent).send_due(seconds=PATIENCE)
    engine.dispose()


if __name__ == "__main__":
    send(*sys.argv[1:])
