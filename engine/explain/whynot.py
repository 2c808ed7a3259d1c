"""Why a household was not listed: lane by lane on one night, and night by night in the register."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl
import polars.selectors as cs
from sqlmodel import col, select

from engine.db import reading
from engine.explain.stored import StoredNight
from engine.nightfolder import GIVEN, MANIFEST, RETIRED, as_now, read_manifest, read_standing, version_of
from engine.pipeline import DRAFTED_FROM, candidates_of, tested_of
from engine.registry import kept_model
from engine.tables import Night
from engine.workplace import Workplace
from outreach.drafting import people_of_night
from outreach.planning import ALARMS, SHARED
from outreach.policy import Policy
from outreach.queues import in_order, team_name
from outreach.wording import Text
from outreach.wording_casework import LANES_OF_THE_REPORT, left_out
from outreach.wording_whynot import Place, by_lot, why_not

RANKED: Final = (*ALARMS, *SHARED)
NO_FILES: Final = Text("当晚的文件已过保存期", "the files of this night were past their time")
UNKNOWN: Final = Text("当晚不在册", "the night did not know the household")


def lanes(
    stored: StoredNight, item: Mapping[str, Any] | None, out: Mapping[str, Any] | None, *, blind: bool = False
) -> list[dict[str, Any]]:
    """For each lane of a night, whether the household was listed in it, and why not.

    Made again from what the night has stored, by its own policy. Of a household that may not be visited there are
    no lanes: the reason stands for all; none either of a night that has not kept what it was given. ``item`` and
    ``out``: its rows among the listed and the left out. ``blind``: its place among the others is not said.
    """
    if not stored.has(f"{GIVEN}/work"):
        return []
    place, manifest = stored.place, stored.manifest
    policy, standing = Policy.from_toml(manifest["policy"]), read_standing(stored.folder)
    models = {risk: (name, kept_model(place.home, risk, name)) for risk, name in manifest["models"].items()}
    candidates = candidates_of(
        stored.frame("columns").select(cs.by_name(*DRAFTED_FROM, require_all=False)).collect(),
        stored.frame("groups").collect(),
        {risk: stored.frame(f"scores_{risk}").collect() for risk in models},
        tested_of(place, models),
        policy.floors.by,
    )
    people = people_of_night(
        candidates,
        stored.frame("findings").collect(),
        standing.work,
        standing.staff,
        policy,
        business_date=stored.day,
        key=place.keys.tie_break,
        history=standing.history,
        calendar=place.calendar,
    )
    row = people.row(by_predicate=pl.col("household_id") == stored.number, named=True)
    if row["reason"] is not None:
        return []
    listed = stored.frame("items").select("household_id", pl.col("lane").cast(pl.String)).collect()
    team = " ".join(row["team"])
    mates = people.filter(pl.col("reason").is_null() & (team_name() == team))
    mine = None if item is None else str(item["lane"])
    told = []
    for lane in RANKED:
        said = (
            Text("列入", "listed")
            if lane == mine
            else why_not(lane, row, _place(stored.number, lane, mates, listed), blind=blind)
        )
        told.append({"lane": lane, "name": LANES_OF_THE_REPORT[lane], "listed": lane == mine, "why": said})
    chance = (item or out or {}).get("inclusion_probability")
    drawn = by_lot(chance, drawn=mine == "random")
    name = LANES_OF_THE_REPORT["random"]
    return [*told, {"lane": "random", "name": name, "listed": mine == "random", "why": drawn}]


def _place(household: str, lane: str, mates: pl.DataFrame, listed: pl.DataFrame) -> Place | None:
    ordered = in_order(mates, lane)["household_id"]
    found = ordered.index_of(household)
    if found is None:
        return None
    taken = listed.filter((pl.col("lane") == lane) & pl.col("household_id").is_in(ordered.implode())).height
    return Place(found + 1, len(ordered), taken)


def register(place: Workplace, household: str) -> list[dict[str, Any]]:
    """Every finished night, oldest first: ``business_date``, ``lane`` or ``reason``, and both in words."""
    with reading(place.database) as session:
        statement = select(col(Night.business_date)).where(Night.kind == "night").order_by(col(Night.business_date))
        days = list(session.exec(statement))
    return [_of_night(place, household, day) for day in days]


def _of_night(place: Workplace, household: str, day: date) -> dict[str, Any]:
    told: dict[str, Any] = {"business_date": day.isoformat(), "lane": None, "reason": None}
    folder = place.home.nights / day.isoformat()
    if not (folder / MANIFEST).is_file() or RETIRED in (manifest := read_manifest(place, day)):
        return told | {"words": NO_FILES}
    for name, column in (("items", "lane"), ("left_out", "reason")):
        frame = pl.scan_parquet(folder / f"{name}.parquet", glob=False).select(
            "household_id", pl.col(column).cast(pl.String)
        )
        version = version_of(manifest)
        if version == len(place.keys.pseudonyms):
            found = frame.filter(pl.col("household_id") == household).collect()
        else:
            found = as_now(place, frame.collect(), version).filter(pl.col("household_id") == household)
        if found.height:
            value = found[column][0]
            said = LANES_OF_THE_REPORT[value] if column == "lane" else left_out(value)
            return told | {column: value, "words": said}
    return told | {"words": UNKNOWN}


def in_short(nights: list[dict[str, Any]]) -> dict[str, Any]:
    """The register in a few figures: nights, nights listed and the newest of them, nights left out by reason."""
    listed = [each["business_date"] for each in nights if each["lane"] is not None]
    reasons: dict[str, int] = {}
    for each in nights:
        if each["reason"] is not None:
            reasons[each["reason"]] = reasons.get(each["reason"], 0) + 1
    return {
        "nights": len(nights),
        "listed": len(listed),
        "last_listed": listed[-1] if listed else None,
        "left_out": [
            {"reason": reason, "nights": count, "words": left_out(reason)}
            for reason, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        ],
    }
