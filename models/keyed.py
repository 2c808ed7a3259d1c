"""Keyed hashes: an order that nobody can foresee without the key, and that no row order can change."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl


def key_of(seed: int) -> bytes:
    """A key from a seed (any whole number)."""
    return str(seed).encode()


def keyed_hash(values: pl.Series, key: bytes) -> npt.NDArray[np.uint64]:
    """A 64-bit number per text, the same on every machine; equal texts have equal numbers."""
    digests = b"".join(blake2b(text.encode(), key=key, digest_size=8).digest() for text in values.to_list())
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)
