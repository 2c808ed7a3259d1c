"""Which code made a night: the version and a hash of every source file, so that no release need be remembered."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOMS: Final = ("features", "models", "outreach", "engine")
SUFFIXES: Final = (".py", ".toml", ".j2", ".html")


@cache
def code_version() -> str:
    """``0.1.0+`` and twelve digits of the hash of the rooms' files, the same in a checkout and an installation."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    paths = (path for room in ROOMS for path in (root / room).rglob("*") if path.suffix in SUFFIXES)
    for path in sorted(paths):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{version('xunfang')}+{digest.hexdigest()[:12]}"
