"""What is really so in a synthetic county: told of the day, and never from the days that follow."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from engine.latent import Truth, hidden_state, on_day, oracle
from models.evaluate import auc

DAY, BEFORE, AFTER = date(2025, 3, 1), date(2025, 2, 1), date(2025, 4, 1)
MANY = 800


@pytest.fixture(scope="module")
def truth() -> Truth:
    ids = [f"H{n:04d}" for n in range(MANY)]
    wealth = np.random.default_rng(3).normal(size=MANY)
    months = [
        pl.DataFrame(
            {
                "household_id": ids,
                "month": [month] * MANY,
                "income_per_head": [amount] * MANY,
                "held_per_head": [amount] * MANY,
                "spent": [0] * MANY,
                "db_line": [60_000] * MANY,
                "below_line": [amount < 60_000] * MANY,
            }
        )
        for month, amount in ((BEFORE, 90_000), (DAY, 30_000), (AFTER, 10_000))
    ]
    return {
        "household": pl.DataFrame({"household_id": ids, "wealth": wealth, "why_not": ["assets"] * MANY}),
        "month": pl.concat(months),
        "emergency": pl.DataFrame({"household_id": ids[:2], "month": [DAY, AFTER], "component": ["spending"] * 2}),
    }


def test_the_hidden_state_knows_no_month_that_is_not_over(truth: Truth) -> None:
    state = hidden_state(truth, DAY)
    assert state["income_per_head_1"].unique().to_list() == [90_000]
    assert state["below_12"].unique().to_list() == [0.0]
    assert "why_not" not in state.columns


def test_need_and_sudden_hardship_are_those_of_the_month_that_begins_on_the_day(truth: Truth) -> None:
    told = on_day(truth, DAY).sort("household_id")
    assert told["need"].all()
    assert told["soon"].to_list() == [True] + [False] * (MANY - 1)
    assert told["true_income"].to_list() == [-0.5] * MANY


def test_the_oracle_finds_what_a_hidden_cause_decides_and_the_records_do_not_tell(truth: Truth) -> None:
    wealth = truth["household"]["wealth"]
    rows = pl.DataFrame(
        {
            "household_id": truth["household"]["household_id"],
            "as_of": [DAY] * MANY,
            "label": wealth < -1,
            "model": np.random.default_rng(5).normal(size=MANY),
        }
    )
    found = oracle(rows, truth, seed=1)
    assert auc(rows["label"].to_numpy(), found) > 0.95
    assert auc(rows["label"].to_numpy(), rows["model"].to_numpy()) < 0.6
