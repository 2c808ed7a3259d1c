"""Visits by lot: whom nothing else lists may still be visited, with a probability that is known and recorded.

Systematic sampling with unequal probabilities, stratified by order: the households of a team stand in a row by
area, by how little is known of them and by keyed hash; their probabilities are laid end to end, and every whole
step from a keyed start draws one. Each household's chance is exactly its probability, and the number drawn is the
whole number below or above their sum. Probabilities are whole billionths, so that sums are exact and none is zero.
"""

from collections.abc import Mapping

import polars as pl

from models.keyed import keyed_hash
from outreach.policy import Policy
from outreach.sharing import Desk, Given

BILLION = 1_000_000_000


def draw(
    pool: pl.DataFrame, desks: Mapping[str, Desk], policy: Policy, key: bytes, seed: str
) -> tuple[pl.DataFrame, list[Given]]:
    """Give every household of the pool its probability and draw.

    ``pool``: household_id, area, team (list), blank_share (null: nothing is known), silent (Bool); nobody in it is
    listed otherwise. ``seed`` names the draw (the business date). Returns ``household_id, inclusion_probability``
    (null where the team has no place at all tonight) and who was drawn. A desk may get one visit more than its
    share where teams overlap or the floor asks for a part of a visit.
    """
    placed = _with_probabilities(pool, desks, policy)
    start = keyed_hash(
        placed["team_name"].unique().sort().map_elements(lambda t: f"start {seed} {t}", pl.String), key
    )
    starts = pl.DataFrame({"team_name": placed["team_name"].unique().sort(), "start": (start % BILLION)}).cast(
        {"start": pl.Int64}
    )
    lots = keyed_hash(placed.select(pl.concat_str(pl.lit(f"lot {seed} "), "household_id"))["literal"], key)
    row = (
        placed.with_columns(pl.Series("lot", lots))
        .join(starts, on="team_name", how="left")
        .sort("team_name", "area", "little_known", "silent", "lot", "household_id")
        .with_columns(end=pl.col("billionths").cum_sum().over("team_name") + pl.col("start"))
    )
    steps = pl.col("end") // BILLION > (pl.col("end") - pl.col("billionths")) // BILLION
    drawn = row.filter(steps).sort("lot", "household_id")
    given = _hand_out(desks, drawn)
    probabilities = row.select(
        "household_id",
        pl.when(pl.col("billionths") > 0).then(pl.col("billionths") / BILLION).alias("inclusion_probability"),
    )
    return probabilities.sort("household_id"), given


def _with_probabilities(pool: pl.DataFrame, desks: Mapping[str, Desk], policy: Policy) -> pl.DataFrame:
    blank = pl.col("blank_share").fill_null(1.0)
    more = (policy.lottery.unknown_weight - 1) * blank
    silent = pl.col("silent").fill_null(True)
    tickets = (1000 * (1 + more) * pl.when(silent).then(policy.lottery.silent_weight).otherwise(1.0)).round(0)
    weighted = pool.with_columns(
        team_name=pl.col("team").list.join(" "),
        little_known=(blank * 3).floor().cast(pl.Int64),
        silent=silent,
        tickets=tickets.cast(pl.Int64),
    )
    sums = weighted.group_by("team_name").agg(pl.col("team").first(), pl.col("tickets").sum(), households=pl.len())
    places = _places(sums.sort("team_name"), desks, policy)
    exact = pl.col("places") * BILLION * pl.col("tickets") / pl.col("all_tickets")
    return (
        weighted.join(places, on="team_name", how="left")
        .with_columns(billionths=exact.floor().cast(pl.Int64).clip(upper_bound=BILLION))
        .with_columns(
            billionths=pl.when(pl.col("places") > 0).then(pl.col("billionths").clip(lower_bound=1)).otherwise(0)
        )
    )


def _places(sums: pl.DataFrame, desks: Mapping[str, Desk], policy: Policy) -> pl.DataFrame:
    """``team_name, places, all_tickets``: each desk's places by lot, shared over its teams by their tickets."""
    served: dict[str, int] = {}
    for team, tickets in sums.select("team", "tickets").iter_rows():
        for worker in team:
            served[worker] = served.get(worker, 0) + tickets
    rows = []
    for name, team, tickets in sums.select("team_name", "team", "tickets").iter_rows():
        expected = 0.0
        for worker in team:
            desk = desks[worker]
            wanted = max(float(desk.quota["random"]), policy.lottery.floor * desk.free)
            expected += wanted * tickets / served[worker]
        rows.append((name, expected, tickets))
    return pl.DataFrame(
        rows, schema={"team_name": pl.String, "places": pl.Float64, "all_tickets": pl.Int64}, orient="row"
    )


def _hand_out(desks: Mapping[str, Desk], drawn: pl.DataFrame) -> list[Given]:
    given = []
    for household, team in drawn.select("household_id", "team").iter_rows():
        worker = min(team, key=lambda name: (-desks[name].quota["random"], desks[name].load, name))
        desks[worker].quota["random"] -= 1
        desks[worker].shared += 1
        given.append(Given(household, worker, "random", over_capacity=False))
    return given
