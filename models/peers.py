"""Peers: households of the same area kind, age band and type, whose medians stand in the places of blanks."""

from collections.abc import Sequence
from typing import Final

import polars as pl

PEERS: Final = ("area_kind", "age_band", "household_type")
FEWEST: Final = 20
"""A median of fewer known values than this is taken from a wider circle: the area kind, then everybody."""


def peer_medians(columns: pl.DataFrame, names: Sequence[str], groups: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per group of peers with the median of each named column, and one row of ``everybody``.

    The peer columns are taken from ``columns``, else from ``groups`` (by ``household_id``); those that neither has
    do not divide. A column that nobody knows stays null.
    """
    placed, peers = _placed(columns, groups)
    medians = [pl.col(name).median() for name in names]
    overall = placed.select([*(pl.lit(None, pl.String).alias(peer) for peer in peers), *medians])
    last = overall.with_columns(everybody=True)
    if not peers:
        return last
    enough = [pl.when(pl.col(name).count() >= FEWEST).then(pl.col(name).median()).alias(name) for name in names]
    own = placed.group_by(peers).agg(enough)
    wider = own.select(peers)
    if peers[0] == "area_kind":
        wider = wider.join(placed.group_by("area_kind").agg(enough), on="area_kind", how="left", nulls_equal=True)
    known = [name for name in names if name in wider.columns]
    own = own.join(wider.rename({name: f"{name}|wider" for name in known}), on=peers, how="left", nulls_equal=True)
    chosen = [
        pl.coalesce(
            name, *([f"{name}|wider"] if name in known else []), pl.lit(overall[name].item(), pl.Float64)
        ).alias(name)
        for name in names
    ]
    groups_first = own.select(*peers, *chosen).with_columns(everybody=False).sort(peers, nulls_last=True)
    return pl.concat([groups_first, last])


def filled(
    columns: pl.DataFrame, names: Sequence[str], medians: pl.DataFrame, groups: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The named columns with the peers' medians in the places of nulls; rows keep their order.

    A household whose group the table of medians lacks takes those of everybody.
    """
    peers = [peer for peer in PEERS if peer in medians.columns]
    placed, _ = _placed(columns, groups)
    everybody = medians.filter(pl.col("everybody"))
    table = medians.filter(~pl.col("everybody")).select(
        *peers, *(pl.col(name).alias(f"{name}|peers") for name in names)
    )
    missing = [peer for peer in peers if peer not in placed.columns]
    placed = placed.with_columns([pl.lit(None, pl.String).alias(peer) for peer in missing])
    if peers:
        placed = placed.join(table, on=peers, how="left", nulls_equal=True, maintain_order="left")
    else:
        placed = placed.with_columns([pl.lit(None, pl.Float64).alias(f"{name}|peers") for name in names])
    return placed.select(
        pl.coalesce(name, f"{name}|peers", pl.lit(everybody[name].item(), pl.Float64)).alias(name) for name in names
    )


def _placed(columns: pl.DataFrame, groups: pl.DataFrame | None) -> tuple[pl.DataFrame, list[str]]:
    """The columns with the peer columns that are to be had, as text."""
    extra = (
        [] if groups is None else [peer for peer in PEERS if peer in groups.columns and peer not in columns.columns]
    )
    if extra and groups is not None:
        columns = columns.join(
            groups.select("household_id", *extra), on="household_id", how="left", maintain_order="left"
        )
    peers: list[str] = [peer for peer in PEERS if peer in columns.columns]
    return columns.with_columns(pl.col(peer).cast(pl.String) for peer in peers), peers
