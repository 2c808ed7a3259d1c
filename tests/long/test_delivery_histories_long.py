"""5,000 histories (``make histories``); ``XUNFANG_HISTORIES`` sets another number."""

import os

from histories import Histories
from hypothesis import HealthCheck, settings

TestManyHistories = Histories.TestCase
TestManyHistories.settings = settings(
    max_examples=int(os.environ.get("XUNFANG_HISTORIES", "5000")),
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
