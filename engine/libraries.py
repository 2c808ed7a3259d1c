"""What the libraries under us are told by the environment: it counts only before they are first imported."""

import os
from typing import Final

TOLD: Final = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000",
}
"""LightGBM's threads sleep and do not spin on a busy machine. Polars' allocator keeps freed pages for five seconds,
long enough for the next bucket to use them: a tenth of the features' processor time went into asking for them anew.
"""


def tell_libraries() -> None:
    """Set what is not set already."""
    for name, value in TOLD.items():
        os.environ.setdefault(name, value)
