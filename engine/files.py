"""Files that are whole or absent: temp → fsync → rename → fsync of the folder, and their hashes."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from engine.errors import DiskFullError, HomeError, LockedError

UNFINISHED: Final = ".unfinished"
"""Suffix of files that are being written; they are hidden, and nobody reads them."""

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL_WORDS: Final = ("No space left", "File too large", "Disk quota exceeded", "Invalid thrift: transport error")
"""How Polars tells that it could not write; the last one where only the end of a Parquet file was too much."""

ROW_GROUP: Final = 262_144


@contextmanager
def atomically(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """A temporary path beside ``path``; what is written there appears under ``path`` at the end, whole, or never.

    Raises DiskFullError, which names the path; on any exception (Ctrl-C as well) the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.touch(mode)
            yield temporary
            with temporary.open("rb+") as file:
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_bytes(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a whole file or none."""
    with atomically(path, mode) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file or none."""
    write_bytes(path, text.encode("utf-8"))


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as a whole Parquet file (zstd) or none. Equal frames give equal bytes, whatever the threads."""
    with atomically(path) as temporary:
        frame.rechunk().write_parquet(temporary, compression="zstd", compression_level=1, row_group_size=ROW_GROUP)


def sha256_of(path: Path) -> str:
    """Hash of a file in hexadecimal digits, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_unfinished(folder: Path) -> int:
    """Remove what interrupted writers left under a folder; returns how many files. Call it under the lock only."""
    left = [path for path in folder.rglob(f".*{UNFINISHED}") if path.is_file()] if folder.is_dir() else []
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file while working; raises LockedError at once where another process holds it.

    The lock is the process's own: it ends with the process, however that ends.
    """
    with _flocked(path, what, fcntl.LOCK_EX):
        yield


@contextmanager
def shared(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file together with others who do so; raises LockedError at once where somebody has it alone."""
    with _flocked(path, what, fcntl.LOCK_SH):
        yield


@contextmanager
def _flocked(path: Path, what: str, how: int) -> Iterator[None]:
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"{path.parent}: another process is {what}", "Wait until it is done and run the command again."
            ) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, or a place that cannot be written to, into a user error that names the path."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        if _is_full(error):
            raise DiskFullError(
                f"{path}: the disk is full; the file was not written",
                "Free some space and run the same command again: it goes on where it stopped.",
            ) from None
        if isinstance(error, OSError):
            raise HomeError(
                f"{path}: cannot be written ({error.strerror})", "Check the owner and the rights of the folder."
            ) from None
        raise


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return any(words in str(error) for words in FULL_WORDS)
