"""What the libraries under us are told by the environment, and that they do not talk into our results."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TOLD: Final = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000",
}
"""LightGBM's threads sleep and do not spin on a busy machine. Polars' allocator keeps freed pages for five seconds,
long enough for the next bucket to use them: a tenth of the features' processor time went into asking for them anew.
"""


def tell_libraries() -> None:
    """Set what is not set already: it counts only before the libraries are first imported."""
    for name, value in TOLD.items():
        os.environ.setdefault(name, value)


@contextmanager
def unheard() -> Iterator[None]:
    """What a library prints meanwhile, below Python, goes nowhere: stdout is for results.

    HiGHS prints a line about itself now and then, whatever it is told. C keeps what is printed for later, so that
    it is emptied on both ends.
    """
    sys.stdout.flush()
    every = ctypes.CDLL(None).fflush
    every(None)
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        every(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
