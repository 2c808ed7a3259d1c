"""Bytes that only the holder of a key can read, bound to the one place where they belong.

Sealed with AES-GCM-SIV (RFC 8452); the associated data name the place, so that what was moved to another row,
column or file does not open. The nonce is derived from the place: the same text sealed twice gives the same bytes,
which is all that this mode lets a reader of the database learn.
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from engine.errors import IntegrityError

NONCE: Final = 12


def seal(key: bytes, place: str, data: bytes) -> bytes:
    """Encrypt bytes that belong to one place (its name is bound to them); the nonce stands in front."""
    about = place.encode("utf-8")
    nonce = hashlib.sha256(about).digest()[:NONCE]
    return nonce + AESGCMSIV(key).encrypt(nonce, data, about)


def unseal(key: bytes, place: str, sealed: bytes) -> bytes:
    """The bytes that ``seal`` was given; raises IntegrityError where they are not whole or of another place."""
    try:
        return AESGCMSIV(key).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode("utf-8"))
    except (InvalidTag, ValueError):
        raise IntegrityError(
            f"{place.split('|', maxsplit=2)[0]}: sealed data do not open with this home's vault key",
            "Put back the vault key that belongs to this home, or the data from a backup.",
        ) from None
