"""The arithmetic of the audit chain: what an entry's hash is made of, and how a chain is followed. No database.

An entry's hash is HMAC-SHA256 over its own columns and the hash of the entry before it. What was done in detail
is kept sealed beside the chain, and its SHA-256 stands in the entry. A checkpoint is a signed note of how far the
chain had come; kept elsewhere, it finds a cut tail and an old copy that was put back.

When the key is changed, the last entry under the old one commits to the new one, and the chain goes on under that:
whoever has the old key alone can change nothing before the seam, because the entry behind it holds its hash.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring as quoted
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from engine.sealing import NONCE

START: Final = "0" * 64
"""The hash before the first entry."""
CHANGED: Final = "audit key changed"
"""The action of the last entry under a key."""
NEXT: Final = "next_key"
"""In its details: the commitment to the key of the entries behind it."""


class Link(NamedTuple):
    """An entry as it is stored, with its sealed details (null: there are none). ``at`` in ISO 8601, UTC, µs."""

    seq: int
    at: str
    actor: str
    action: str
    subject_kind: str
    payload_sha256: str
    previous_hash: str
    hash: str
    sealed: bytes | None


@dataclass(frozen=True)
class Checkpoint:
    """How far the chain had come on a business date; ``signature`` is made with the audit key."""

    business_date: str
    at: str
    seq: int
    hash: str
    signature: str = ""


@dataclass(frozen=True)
class ChainCheck:
    """What following a chain found: the entries that hold, the hash of the last, the first that does not and why.

    The last two are null where the whole chain holds.
    """

    entries: int
    last_hash: str
    broken_at: int | None
    what: str | None = None

    @property
    def intact(self) -> bool:
        """Whether every entry holds."""
        return self.broken_at is None


def moment(at: datetime) -> str:
    """A moment as it is hashed: ISO 8601 in UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of(key: bytes, link: Link) -> str:
    """The hash that an entry must have: over all its other columns, as JSON with sorted names and no blanks.

    That the entry has details is hashed with it, so that they cannot be taken away; entries of the first version of
    this program have none.
    """
    detailed = "" if link.sealed is None else '"detailed":true,'
    text = (
        f'{{"action":{quoted(link.action)},"actor":{quoted(link.actor)},"at":{quoted(link.at)},'
        f'{detailed}"payload_sha256":{quoted(link.payload_sha256)},"previous_hash":{quoted(link.previous_hash)},'
        f'"seq":{link.seq},"subject_kind":{quoted(link.subject_kind)}}}'
    )
    return hmac.digest(key, text.encode(), "sha256").hex()


def canonical(details: Any) -> bytes:
    """Details as they are hashed and sealed."""
    return json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def sha256(payload: bytes) -> str:
    """The hash of details that stands in their entry."""
    return hashlib.sha256(payload).hexdigest()


def details_key(key: bytes) -> bytes:
    """The key under which details are sealed; it follows from the audit key."""
    return hmac.digest(key, b"audit details:v1", "sha256")


def details_place(seq: int) -> str:
    """The place to which the details of an entry are bound."""
    return f"audit_detail|sealed|{seq}"


def commitment(key: bytes) -> str:
    """What the last entry under the old key tells of the new one: no other key has it, and it tells nothing."""
    return hmac.digest(key, b"audit key commitment:v1", "sha256").hex()


def follow(
    links: Iterable[Link], key: bytes, checkpoints: Iterable[Checkpoint] = (), earlier: Sequence[bytes] = ()
) -> ChainCheck:
    """Follow a chain from its start: no gap, each entry linked to the last, each hash and each detail right.

    ``key`` is the one in force, with which the chain must end; ``earlier`` are those before it, in any order. Every
    checkpoint must be met on the way, signed with the key of the entry that it names.
    """
    ring, marks = (key, *earlier), dict[int, list[Checkpoint]]()
    for mark in checkpoints:
        marks.setdefault(mark.seq, []).append(mark)
        same = marks[mark.seq][0].hash == mark.hash
        if not same or not any(_is_signed(each, mark) for each in ring):
            return ChainCheck(0, START, mark.seq, f"the checkpoint of {mark.business_date} was changed")
    walk = _Walk(ring)
    for link in links:
        what = walk.fault(link) or walk.fault_of_marks(link, marks.get(link.seq, ()))
        if what is not None:
            return ChainCheck(walk.count, walk.last_hash, walk.count + 1, what)
        walk.take(link)
    what = "the log ends before a checkpoint" if max(marks, default=0) > walk.count else None
    if what is None and walk.count and (walk.key != key or walk.at_seam):
        what = "the log ends before its key was changed to this one"
    return ChainCheck(walk.count, walk.last_hash, None if what is None else walk.count + 1, what)


def signed(key: bytes, mark: Checkpoint) -> Checkpoint:
    """The checkpoint with its signature."""
    return Checkpoint(mark.business_date, mark.at, mark.seq, mark.hash, signature_of(key, mark))


def signature_of(key: bytes, mark: Checkpoint) -> str:
    """HMAC-SHA256 over all that a checkpoint says."""
    said = {"business_date": mark.business_date, "at": mark.at, "seq": mark.seq, "hash": mark.hash}
    return hmac.digest(key, b"audit checkpoint:v1:" + canonical(said), "sha256").hex()


def opened(key: bytes, seq: int, sealed: bytes) -> Mapping[str, Any]:
    """The details of an entry; raises InvalidTag where they are not whole or of another entry."""
    found: dict[str, Any] = json.loads(_open(AESGCMSIV(details_key(key)), seq, sealed))
    return found


class _Walk:
    """Where the following of a chain stands; ``key`` is null where the chain goes on under one that nobody gave."""

    def __init__(self, ring: Sequence[bytes]) -> None:
        self.count, self.last_hash, self.at_seam = 0, START, False
        self.key: bytes | None = ring[0]
        self._ring, self._payload = ring, b""
        self._cipher = AESGCMSIV(details_key(ring[0]))

    def take(self, link: Link) -> None:
        """Go on to the next entry, under the next key where this one says so."""
        self.count, self.last_hash, self.at_seam = link.seq, link.hash, link.action == CHANGED
        if self.at_seam:
            told = json.loads(self._payload).get(NEXT) if link.sealed is not None else None
            self._turn(next((each for each in self._ring if commitment(each) == told), None))

    def fault_of_marks(self, link: Link, marks: Iterable[Checkpoint]) -> str | None:
        """What the checkpoints that name this entry find, or null."""
        for mark in marks:
            if mark.hash != link.hash:
                return "differs from a checkpoint: an older state was put back, and the log went on from there"
            if self.key is None or not _is_signed(self.key, mark):
                return f"has a checkpoint (of {mark.business_date}) that was not signed with its key"
        return None

    def fault(self, link: Link) -> str | None:
        """What is wrong with the entry that should be the next one, or null."""
        if link.seq != self.count + 1:
            return "is missing"
        if link.previous_hash != self.last_hash:
            return "is not linked to the entry before it"
        if self.key is None:
            return "goes on under another key, which is not at hand"
        return self._fault(link, self.key)

    def _fault(self, link: Link, key: bytes) -> str | None:
        try:
            if not self.count and hash_of(key, link) != link.hash:
                key = next((each for each in self._ring if hash_of(each, link) == link.hash), key)
                self._turn(key)
            if not hmac.compare_digest(hash_of(key, link), link.hash):
                return "was changed, has lost its details, or was not made with this key"
            return self._fault_of_details(link)
        except (TypeError, ValueError):
            return "holds something that no entry holds"
        except InvalidTag:
            return "has details that were changed or belong to another entry"

    def _turn(self, key: bytes | None) -> None:
        self.key = key
        if key is not None:
            self._cipher = AESGCMSIV(details_key(key))

    def _fault_of_details(self, link: Link) -> str | None:
        if link.sealed is None:
            return None
        self._payload = _open(self._cipher, link.seq, link.sealed)
        if sha256(self._payload) != link.payload_sha256:
            return "has details that were changed"
        return None


def _is_signed(key: bytes, mark: Checkpoint) -> bool:
    return hmac.compare_digest(signature_of(key, mark), mark.signature)


def _open(cipher: AESGCMSIV, seq: int, sealed: bytes) -> bytes:
    return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], details_place(seq).encode())
