"""The bytes behind a delivered file: unpacked where it is compressed, and never more of them than memory may hold.

What a file is compressed with is told by its first bytes, not by its name. A compressed file without its end is
refused: it proves that rows are missing, and nobody knows how many.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa

from engine.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
BOMB_TIMES: Final = 200
"""A file that unpacks to more than this many times its size, and to more than ``BOMB_BYTES``, is refused."""
BOMB_BYTES: Final = 64 * 2**20
CHUNK: Final = 2**20

UTF8_MARK: Final = codecs.BOM_UTF8
UTF16_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def compression_of(path: Path) -> str | None:
    """``gzip``, ``zstd`` or None, by the first bytes of the file."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def unpacked(path: Path) -> Iterator["Unpacked"]:
    """The bytes of a file as they were before it was compressed.

    Raises SourceError, while it is read, where the stream is cut, damaged, or a decompression bomb.
    """
    compression = compression_of(path)
    with path.open("rb", buffering=0) as file:
        yield Unpacked(file, path, compression)


@contextmanager
def text_bytes(path: Path, encoding: str) -> Iterator["Unpacked"]:
    """The bytes of a text file without its byte-order mark, in an encoding whose line ends are one byte.

    UTF-16 becomes UTF-8; what is no character becomes bytes that are no UTF-8, so that its row is set aside.
    """
    with unpacked(path) as source:
        order = encoding if encoding.startswith("utf-16") else None
        yield source if order is None else Unpacked(_Recoded(source, order), path, None, behind=source)


class Unpacked(io.BufferedReader):
    """A stream of bytes that knows how much of its file has been read."""

    def __init__(self, file: Any, path: Path, compression: str | None, behind: "Unpacked | None" = None) -> None:
        self._file = behind if behind is not None else file
        super().__init__(file if compression is None else _Inflated(file, path, compression), CHUNK)

    def consumed(self) -> int:
        """Bytes of the file itself that have been read so far."""
        return self._file.consumed() if isinstance(self._file, Unpacked) else int(self._file.tell())


class _Inflated(io.RawIOBase):
    """The content of a compressed file."""

    def __init__(self, file: BinaryIO, path: Path, compression: str) -> None:
        self._name, self._packed, self._count = path.name, path.stat().st_size, 0
        self._content = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), compression)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._content.read(len(view))
        except OSError as wrong:
            cut = "Truncated" in str(wrong)
            raise SourceError(
                f"{self._name}: the compressed file {'was cut: its end is missing' if cut else 'is damaged'}",
                "Ask for the file again.",
            ) from None
        self._count += len(data)
        refuse_bomb(self._name, self._packed, self._count)
        view[: len(data)] = data
        return len(data)


class _Recoded(io.RawIOBase):
    """UTF-16 as UTF-8; a surrogate without its pair becomes the three bytes that no UTF-8 may hold."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        self._source, self._rest = source, b""
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest and not self._ended:
            self._rest = self._next()
        data, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(data)] = data
        return len(data)

    def _next(self) -> bytes:
        data = self._source.read(CHUNK // 4)
        self._ended = not data
        try:
            return self._decoder.decode(data, not data).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # half a character at the very end: the file was cut inside it
            return b"\xff"


def refuse_bomb(name: str, packed: int, content: int) -> None:
    """Raise SourceError where so few bytes hold so many that the file can only be meant to fill the machine."""
    if content > BOMB_BYTES and content > BOMB_TIMES * packed:
        raise SourceError(
            f"{name}: unpacks to more than {BOMB_TIMES} times its {packed:,} bytes",
            "No list of records is like that. Ask what the file is, and for one that is not compressed.",
        )


def start_of(path: Path, count: int = 4_096) -> bytes:
    """The first bytes of the content (after unpacking)."""
    with unpacked(path) as source:
        return source.read(count)
