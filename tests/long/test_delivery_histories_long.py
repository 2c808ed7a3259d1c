"""5,000 histories (``make histories``), 500 of each seed; ``XUNFANG_SEEDS=100-119`` for those of others."""

import os

import pytest
from histories import gone_through

FIRST, LAST = map(int, os.environ.get("XUNFANG_SEEDS", "2-11").split("-"))


@pytest.mark.parametrize("of_seed", range(FIRST, LAST + 1))
def test_the_store_knows_what_an_orderly_history_would_tell_and_past_nights_stand(of_seed: int) -> None:
    happened = gone_through(500, of_seed)
    assert happened["checked"] >= 500
    assert min(happened.values()) > 0
