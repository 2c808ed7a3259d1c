"""What every test may ask for."""

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure() -> None:
    """The many processes that tests start compile our modules once, and two workers leave no core to share."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public microdata; its absence skips a test on a laptop and fails it in CI."""
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("the public microdata (../shared/data) must be there in CI")
        pytest.skip("the public microdata (../shared/data) is not on this machine")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the home of whoever runs it."""
    monkeypatch.delenv("XUNFANG_HOME", raising=False)
