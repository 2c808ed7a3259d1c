"""Whatever becomes of deliveries, the store knows what an orderly history would tell it, and past nights stand."""

from histories import Histories
from hypothesis import HealthCheck, settings

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
