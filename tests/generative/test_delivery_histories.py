"""Whatever becomes of deliveries, the store knows what an orderly history would tell it, and past nights stand.

150 histories of 300: two files, so that two processes share the work. ``make histories`` draws new ones.
"""

from histories import Histories
from hypothesis import HealthCheck, seed, settings


@seed(1)
class HistoriesOfSeed1(Histories):
    """The same histories in every run."""


TestHistories = HistoriesOfSeed1.TestCase
TestHistories.settings = settings(
    max_examples=150, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
