"""Whatever becomes of deliveries, the store knows what an orderly history would tell it, and past nights stand.

The same 100 histories in every run: more would take longer than all other tests. ``make histories`` draws new ones.
"""

from histories import Histories
from hypothesis import HealthCheck, seed, settings


@seed(1)
class HistoriesOfOneSeed(Histories):
    """The same histories in every run."""


TestHistories = HistoriesOfOneSeed.TestCase
TestHistories.settings = settings(
    max_examples=100, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
