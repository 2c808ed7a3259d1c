"""Years of weekly lotteries for the tests of selective labels: households with a latent need, lists, lots, visits.

The years are simulated side by side, each with a desk of its own, so that one call of the lottery draws a week of
all.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from fixtures.county.county import County
from models.selective import Rolled, add_night
from outreach import lottery
from outreach.policy import Policy
from outreach.sharing import Desk

MONDAY = date(2025, 1, 6)
KEY = b"a key of the tests"
LINES = 2.0
"""A household of the county is in need where its true income of the year is below so many DB lines."""


@dataclass(frozen=True)
class Years:
    """What was rolled up and visited, and what was really so: ``household_id, year, need`` (Bool)."""

    rolled: Rolled
    visits: pl.DataFrame
    strata: pl.DataFrame
    truth: pl.DataFrame


def county_needs(persons: int = 8_000, seed: int = 5) -> pl.DataFrame:
    """Households of the synthetic county with their latent truth: ``ratio`` (true income over the line), ``need``,
    ``silent`` (would never apply), ``blank_share``."""
    part = next(County(persons, seed=seed).parts())
    months = part.truth["month"].filter(pl.col("month").dt.year() == 2025)
    ratio = months.group_by("household_id").agg(
        ratio=(pl.col("income_per_head") / pl.col("db_line")).mean(),
    )
    homes = part.truth["household"].select("household_id", silent=~pl.col("willing"))
    rng = np.random.default_rng(seed)
    frame = ratio.join(homes, on="household_id").sort("household_id")
    known = rng.random(frame.height) < np.where(frame["ratio"] < LINES, 0.5, 0.85)
    return frame.with_columns(
        need=pl.col("ratio") < LINES,
        blank_share=pl.Series(np.where(known, rng.choice([0.1, 0.4], frame.height), 0.9)),
    )


def lived(
    needs: pl.DataFrame,
    policy: Policy,
    *,
    years: int,
    households: int,
    weeks: int = 52,
    lists: int = 2,
    silent: float = 0.5,
    lots: float = 2.5,
    seed: int = 1,
    absent: bool = True,
) -> Years:
    """Years of households drawn from ``needs``; each week's places by list, for the silent and by lot are given.

    The ranking sees the true income through noise. With ``absent``, whether a visit brings an answer depends on
    silence and on how much is known: those of whom nothing is known answer half as often, and are in need more.
    """
    rng = np.random.default_rng(seed)
    chosen = needs[rng.integers(0, needs.height, years * households)]
    year = np.repeat(np.arange(years), households)
    town = pl.DataFrame(
        {
            "household_id": [f"Y{y:03d}H{h:04d}" for y in range(years) for h in range(households)],
            "year": year,
            "area": [f"Y{y:03d}" for y in year],
        }
    ).with_columns(chosen.select("ratio", "need", "silent", "blank_share"))
    town = town.with_columns(
        score=pl.Series(-np.log(chosen["ratio"].to_numpy().clip(0.05)) + rng.normal(0, 0.5, town.height)),
        team=pl.concat_list("area"),
        stratum=pl.concat_str(
            pl.when("silent").then(pl.lit("silent ")).otherwise(pl.lit("open ")),
            (pl.col("blank_share") * 3).floor(),
        ),
    )
    free = np.ones(town.height, dtype=bool)
    rolled, visits = Rolled(), []
    answers = np.where(town["silent"], 0.65, 0.9) * np.where(town["blank_share"] > 0.5, 0.7, 1.0)
    for week in range(weeks):
        night = MONDAY + timedelta(weeks=week)
        here = town.filter(pl.Series(free))
        by_list = _top(here, lists)
        quiet = here.filter(pl.col("silent")).join(by_list, on="household_id", how="anti")
        by_silence = _top(quiet, int(silent * (week + 1)) - int(silent * week))
        listed = pl.concat(
            [by_list.with_columns(lane=pl.lit("risk")), by_silence.with_columns(lane=pl.lit("silent"))]
        )
        pool = here.join(listed, on="household_id", how="anti")
        places = int(lots * (week + 1)) - int(lots * week)
        desks = {f"Y{y:03d}": _desk(places) for y in range(years)}
        chances, given = lottery.draw(pool, desks, policy, KEY, str(night))
        drawn = pl.DataFrame(
            {"household_id": [one.household_id for one in given]}, schema={"household_id": pl.String}
        )
        taken = pl.concat([listed.select("household_id", "lane"), drawn.with_columns(lane=pl.lit("random"))])
        taken = taken.join(town.select("household_id", "area"), on="household_id")
        chances = chances.join(town.select("household_id", "area"), on="household_id")
        rolled = add_night(rolled, night, chances, taken.select("household_id", "area", "lane"))
        visits.append(taken.select("household_id", visited_on=pl.lit(night + timedelta(days=3))))
        free &= ~town["household_id"].is_in(taken["household_id"].implode()).to_numpy()
    here = np.where(rng.random(town.height) < answers, True, not absent)
    outcome = (
        pl.when(~pl.Series(here))
        .then(pl.lit("V40"))
        .otherwise(pl.when("need").then(pl.lit("V10")).otherwise(pl.lit("V31")))
    )
    told = (
        pl.concat(visits)
        .join(town.select("household_id", outcome=outcome), on="household_id")
        .with_row_index("visit_id")
        .with_columns(item_id=pl.col("visit_id"))
    )
    return Years(rolled, told, town.select("household_id", "stratum"), town.select("household_id", "year", "need"))


def _desk(places: int) -> Desk:
    desk = Desk(free=places)
    desk.quota = {"random": places}
    return desk


def _top(town: pl.DataFrame, places: int) -> pl.DataFrame:
    """The first of each year by the ranking."""
    ordered = town.sort(["year", "score"], descending=[False, True])
    return ordered.filter(pl.int_range(pl.len()).over("year") < places).select("household_id")
