"""A delivery: a folder in the inbox with a ``manifest.json`` that says what should be in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import SourceError
from engine.files import sha256_of
from engine.intake.shape import SUFFIXES, Encoding, Shape, known_suffix, with_told
from engine.settings import problems
from features.records import KINDS, STAGE_B_KINDS

IDENTITY: Final = "identity"
"""The kind whose rows go to the vault and nowhere else."""
ACCEPTED_KINDS: Final = (*KINDS, IDENTITY)
MANIFEST: Final = "manifest.json"


Sources = Mapping[str, tuple[str, Shape]]
"""The kind and the shape of each described source."""


class FileEntry(BaseModel):
    """One file of a delivery; rows (without the header), bytes and sha256 are enforced where they are given.

    ``mends``: in a delivery that corrects another, the file there whose rows this one mends (else its namesake).
    ``source`` names the description that the file is read by, and then says of which kind it is.
    ``encoding`` (of text) and ``sheet`` (of a workbook) are found out where they are not given.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    source: str | None = None
    rows: int | None = Field(default=None, ge=0)
    bytes: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    mends: str | None = None
    encoding: Encoding | None = None
    sheet: str | None = None
    described: Shape | None = Field(default=None, exclude=True)

    @property
    def shape(self) -> Shape | None:
        """How the file is to be read, as far as the manifest and its source's description say it.

        Rows that come back mended come in files of ours, whatever the shape of the department's own.
        """
        return with_told(self.described if self.mends is None else None, encoding=self.encoding, sheet=self.sheet)

    @property
    def proves_length(self) -> bool:
        """Whether the manifest shows that the file is whole."""
        return self.bytes is not None or self.sha256 is not None or self.rows is not None


class Manifest(BaseModel):
    """What a department says about its delivery.

    ``corrects``: the delivery whose quarantined rows come back with this one.
    """

    model_config = ConfigDict(frozen=True)

    delivery_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    delivered_on: date
    files: tuple[FileEntry, ...] = Field(min_length=1)
    corrects: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A delivery whose files are there and are what the manifest says; ``sha256`` holds one hash per file."""

    folder: Path
    manifest: Manifest
    sha256: Mapping[str, str]

    @property
    def id(self) -> str:
        """The department's id of the delivery."""
        return self.manifest.delivery_id

    @property
    def kinds(self) -> set[str]:
        """The kinds of record in it."""
        return {entry.kind for entry in self.manifest.files}

    def entry(self, name: str) -> FileEntry:
        """The entry of a file that the manifest names."""
        return next(entry for entry in self.manifest.files if entry.name == name)

    def files(self, kind: str) -> list[FileEntry]:
        """The files of a kind, by name."""
        return sorted((entry for entry in self.manifest.files if entry.kind == kind), key=lambda entry: entry.name)

    @property
    def content(self) -> str:
        """One hash for what is in the files, whatever the delivery is called."""
        lines = sorted(f"{entry.kind} {self.sha256[entry.name]}\n" for entry in self.manifest.files)
        return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()


def folders(inbox: Path) -> list[Path]:
    """The delivery folders in the inbox, by name; hidden ones are left alone."""
    if not inbox.is_dir():
        return []
    return sorted(path for path in inbox.iterdir() if path.is_dir() and not path.name.startswith("."))


def read_manifest(folder: Path, sources: Sources = MappingProxyType({})) -> Manifest:
    """The manifest of a delivery folder; raises SourceError that says what is wrong in it.

    ``sources``: kind and shape of the described sources of the home, for files that name a source.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate(_with_kinds(folder, _json(path), sources))
    except ValidationError as wrong:
        raise SourceError(
            f"{folder.name}/manifest.json: {problems(wrong)}",
            'It needs "delivery_id", "delivered_on" (YYYY-MM-DD) and "files" (each with "name" and "kind").',
        ) from None
    _check_entries(folder, manifest)
    return manifest


def delivery_id_of(folder: Path) -> str | None:
    """The id of a delivery folder: its name where it has no manifest, None where the manifest tells none."""
    path = folder / MANIFEST
    told = _json(path) if path.exists() else {"delivery_id": folder.name}
    return told.get("delivery_id") if isinstance(told, dict) else None


def open_delivery(folder: Path, manifest: Manifest) -> Delivery:
    """Check the files against the manifest and hash them; raises SourceError naming the first file that differs."""
    hashes = {}
    for entry in manifest.files:
        path, where = folder / entry.name, f"{folder.name}/{entry.name}"
        if not path.is_file():
            raise SourceError(f"{where}: the manifest names this file, but it is not there", "Deliver it, too.")
        size = path.stat().st_size
        if entry.bytes is not None and entry.bytes != size:
            raise SourceError(
                f"{where}: has {size:,} bytes where the manifest says {entry.bytes:,}: it was cut or changed",
                "Ask for the delivery again.",
            )
        hashes[entry.name] = sha256_of(path)
        if entry.sha256 is not None and entry.sha256 != hashes[entry.name]:
            raise SourceError(
                f"{where}: is not the file that the manifest names (its sha256 differs)",
                "Ask for the delivery again.",
            )
    return Delivery(folder, manifest, hashes)


def _check_entries(folder: Path, manifest: Manifest) -> None:
    where = f"{folder.name}/{MANIFEST}"
    names = [entry.name for entry in manifest.files]
    for entry in manifest.files:
        if Path(entry.name).name != entry.name or known_suffix(entry.name) is None:
            raise SourceError(
                f"{where}: {entry.name!r} is no file of this folder that can be read",
                f"Name the file as it lies there; its name must end in {', '.join(SUFFIXES)}.",
            )
        if entry.kind not in (*ACCEPTED_KINDS, *STAGE_B_KINDS):  # the door judges these
            raise SourceError(
                f"{where}: {entry.name} is of the kind {entry.kind!r}, which does not exist",
                f"The kinds are: {', '.join(ACCEPTED_KINDS)}.",
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"{where}: names {', '.join(twice)} more than once", "Name every file once.")
    unnamed = sorted({path.name for path in folder.iterdir() if known_suffix(path.name)} - set(names))
    if unnamed:
        raise SourceError(
            f"{where}: does not name {', '.join(unnamed)}, which lies in the folder",
            "Name the file or take it away.",
        )


def _with_kinds(folder: Path, told: Any, sources: Sources) -> Any:
    """The manifest with kind and shape of each file that names a source instead."""
    files = told.get("files") if isinstance(told, dict) else None
    if not isinstance(files, list):
        return told
    for entry in files:
        source = entry.get("source") if isinstance(entry, dict) else None
        if not isinstance(source, str):
            continue
        if source not in sources:
            raise SourceError(
                f"{folder.name}/{MANIFEST}: names the source {source!r}, which no description describes",
                f"Write sources/{source}.toml, or name one of: {', '.join(sources) or 'none is described'}.",
            )
        kind, entry["described"] = sources[source]
        if entry.setdefault("kind", kind) != kind:
            raise SourceError(
                f"{folder.name}/{MANIFEST}: the source {source!r} is of the kind {kind}, not another",
                "Take the kind out of the manifest: the description says it.",
            )
    return told


def _json(path: Path) -> Any:
    where = f"{path.parent.name}/{path.name}"
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SourceError(
            f"{where}: the delivery has no manifest",
            'Write one: {"delivery_id": …, "delivered_on": "YYYY-MM-DD", "files": [{"name": …, "kind": …}]}.',
        ) from None
    except OSError as wrong:
        raise SourceError(f"{where}: cannot be read ({wrong.strerror})", "Mend the rights of the file.") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{where}: this is no JSON in UTF-8", "Mend the manifest.") from None
