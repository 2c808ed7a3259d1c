"""What was promised to a household holds when it goes on under another number: wishes, visits, work that waits."""

import polars as pl


def carried(open_work: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The open work (``household_id, state, since, outcome``) with that of each successor; sorted.

    ``lines``: ``household_id, successor, how``. A household that moved hands on everything, and may not be listed
    under its old number any more (state ``moved``); the halves of a divided one have its visits, opt-outs and
    objections, but nobody's open visit: that one is made where it was promised.
    """
    if not lines.height:
        return open_work
    handed = open_work.join(lines, on="household_id").filter(
        (pl.col("how") == "moved") | (pl.col("state") != "open_item")
    )
    on = handed.select(pl.col("successor").alias("household_id"), "state", "since", "outcome")
    old = lines.filter(pl.col("how") == "moved").select(
        "household_id",
        state=pl.lit("moved"),
        since=pl.lit(None, pl.Date),
        outcome=pl.lit(None, pl.String),
    )
    together = pl.concat([open_work, on, old]).unique()
    return together.sort("household_id", "state", "since", "outcome", nulls_last=True)
