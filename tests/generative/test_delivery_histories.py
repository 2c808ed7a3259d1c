"""Whatever becomes of deliveries, the store knows what an orderly history would tell it, and past nights stand.

The same 500 histories in every run. ``make histories`` goes through 5,000 others.
"""

from histories import gone_through

DOZENS = 36


def test_the_store_knows_what_an_orderly_history_would_tell_and_past_nights_stand() -> None:
    happened = gone_through(500, of_seed=1)
    assert happened["checked"] >= 500
    assert {rule: count for rule, count in happened.items() if count < DOZENS} == {}
