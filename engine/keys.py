"""The keys of a home: for pseudonyms, the vault, breaking ties, the audit chain. Files of 0600, made at first use.

A lost pseudonym key means that no later delivery can be joined to the records; a lost vault key means that the
names, phones and quarantined rows in the home can never be read again. Neither can be made anew for an old home.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.errors import HomeError, IntegrityError
from engine.files import named_errors, sync_folder
from engine.settings import Home

BYTES: Final = 32
NAMES: Final = ("pseudonym", "vault", "tie_break", "audit")
PSEUDONYM: Final = "pseudonym-v{}.key"
PSEUDONYM_FILES: Final = PSEUDONYM.format("*")
"""Pseudonym keys before the one in force, which are still needed, by the version that they made."""
OLD: Final = "old"
"""The folder of replaced keys, inside that of the keys."""


@dataclass(frozen=True)
class Keys:
    """The keys; ``made`` lists the files that were made just now, so that the user can be told to back them up.

    ``audit_before``: the audit keys before this one, in no order; the log tells theirs. ``pseudonym_before``: the
    pseudonym keys before this one, the oldest first; they are still needed for every delivery.
    """

    pseudonym: bytes = field(repr=False)
    vault: bytes = field(repr=False)
    tie_break: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    made: tuple[Path, ...] = ()
    audit_before: tuple[bytes, ...] = field(default=(), repr=False)
    pseudonym_before: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def pseudonyms(self) -> tuple[bytes, ...]:
        """All keys that pseudonyms are made with, the oldest first: how many they are is their version."""
        return (*self.pseudonym_before, self.pseudonym)

    def fingerprints(self) -> dict[str, str]:
        """Eight digits per key by which a store recognises the keys that it was made with.

        Those of the pseudonym key stand for all of ``pseudonyms`` in their order.
        """
        marks = {name: fingerprint(getattr(self, name)) for name in NAMES}
        return marks | {"pseudonym": fingerprint(*self.pseudonyms)}


def fingerprint(*keys: bytes) -> str:
    """Eight digits by which a key is known, or several used one after the other; they tell nothing of them."""
    mark = hmac.digest(keys[0], b"fingerprint:v1", hashlib.sha256)
    for key in keys[1:]:
        mark = hmac.digest(key, b"fingerprint:v1:" + mark, hashlib.sha256)
    return mark.hex()[:8]


def load_keys(home: Home) -> Keys:
    """Read the keys of a home; make those that are missing, unless the home already holds what they protect.

    Raises HomeError where a key file may be read by others or is no key, IntegrityError where a key is lost.
    """
    made = []
    for path in home.keys.glob("*.next"):
        raise IntegrityError(
            f"{path}: this key is being changed, or a change was interrupted: some of the home has the old one",
            f"Wait until it is done; if nobody is at it, run: xunfang keys rotate {path.stem}",
        )
    for name in NAMES:
        path = home.keys / f"{name}.key"
        if not path.exists():
            _refuse_a_lost_key(home, path)
            _make(path, secrets.token_hex(BYTES))
            made.append(path)
    return Keys(
        **{name: read_key(home.keys / f"{name}.key") for name in NAMES},
        made=tuple(made),
        audit_before=tuple(read_key(path) for path in earlier(home.keys, "audit")),
        pseudonym_before=tuple(read_key(path) for path in pseudonym_files(home.keys)),
    )


def pseudonym_files(folder: Path) -> list[Path]:
    """The pseudonym keys before the one in force, the oldest first; raises IntegrityError where one is missing."""
    found = [
        folder / PSEUDONYM.format(version) for version in range(1, 1 + len(list(folder.glob(PSEUDONYM_FILES))))
    ]
    for path in found:
        if not path.exists():
            raise IntegrityError(
                f"{path}: the key is missing, and pseudonyms were made with it", "Put it back from its copy."
            )
    return found


def earlier(folder: Path, name: str = "*") -> list[Path]:
    """The files of replaced keys in a folder of keys, by name."""
    return sorted((folder / OLD).glob(f"{name}-*.key"))


def make_trial_keys(home: Home, made_from: str) -> None:
    """Give a trial home keys that follow from what it is made from, so that the same trial has the same bytes.

    Whoever knows the arguments knows these keys: a trial home holds synthetic or public people only.
    """
    for name in NAMES:
        path = home.keys / f"{name}.key"
        if not path.exists():
            _refuse_a_lost_key(home, path)
            digest = hashlib.sha256(f"xunfang trial {name} {made_from}".encode())
            _make(path, digest.hexdigest())


def _refuse_a_lost_key(home: Home, path: Path) -> None:
    if (home.records / "store.json").exists():
        raise IntegrityError(
            f"{path}: the key is missing, and this home holds records that were made with it",
            "Put the key file back from its backup. A new key would not fit the old records.",
        )


def _make(path: Path, key: str) -> None:
    """Make a key file; of two processes that do so at once, the first one's key stands."""
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, f"{key}\n".encode("ascii"))
            os.fsync(handle)
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            os.close(handle)
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def read_key(path: Path) -> bytes:
    """The key in a file; raises HomeError where others may read it, or where it is none."""
    _refuse_an_open(path)
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise HomeError(f"{path}: this is no key of {BYTES} bytes", "Put the key file back from its backup.")
    return key


def read_secret(path: Path) -> str:
    """The secret of a channel in a file; raises HomeError where it is missing or empty, or others may read it."""
    if not path.is_file():
        raise HomeError(
            f"{path}: there is no such file", "Put the secret into it, for its owner alone (chmod 600)."
        )
    _refuse_an_open(path)
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise HomeError(f"{path}: there is no secret in it", "Put the secret into it, on a line of its own.")
    return secret


def _refuse_an_open(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise HomeError(f"{path}: others may read this key", f"Run: chmod 600 {path}")
