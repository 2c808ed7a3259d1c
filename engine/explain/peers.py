"""Part 9: what share of the households like this one was recommended that night, beside everybody's."""

from typing import Any, Final

import polars as pl

from engine.explain.stored import StoredNight
from engine.report import FEW, shown
from outreach.wording import Text
from outreach.wording_explain import AREA_KINDS, HOUSEHOLD_TYPES, SIMILAR

EVERYBODY: Final = Text("全部家庭", "everybody")
ALIKE: Final = Text("各方面都相同的家庭", "alike in all of these")
TOWNSHIP: Final = Text("同一乡镇（街道）", "the same township")


def similar(stored: StoredNight) -> list[dict[str, Any]]:
    """A row per circle of similar households: how many, how many recommended (not by lot), the share.

    Counts of 7 and under are not shown and the others are rounded to 5.
    """
    groups = stored.frame("groups").select("household_id", "area_kind", "household_type", *SIMILAR).collect()
    areas = stored.frame("columns").select("household_id", "area").collect()
    chosen = (
        stored.frame("items")
        .filter(pl.col("lane").cast(pl.String) != "random")
        .select("household_id", recommended=pl.lit(value=True))
        .collect()
    )
    table = groups.join(areas, on="household_id", how="left").join(chosen, on="household_id", how="left")
    table = table.with_columns(pl.col("recommended").fill_null(value=False))
    own = table.filter(pl.col("household_id") == stored.number).row(0, named=True)
    circles: list[tuple[Text, pl.DataFrame]] = [(EVERYBODY, table)]
    for name in ("area_kind", "household_type", *SIMILAR):
        if own[name] is not None:
            circles.append((_name(name, own[name]), table.filter(pl.col(name) == own[name])))
    circles.append((TOWNSHIP, table.filter(pl.col("area") == own["area"])))
    same = [pl.col(name).eq_missing(pl.lit(own[name])) for name in ("area_kind", "household_type", *SIMILAR)]
    circles.append((ALIKE, table.filter(*same)))
    return [_row(name, circle) for name, circle in circles]


def _row(name: Text, circle: pl.DataFrame) -> dict[str, Any]:
    many, chosen = circle.height, int(circle["recommended"].sum())
    enough = chosen > FEW and many > FEW
    return {
        "name": name,
        "households": shown(many),
        "recommended": shown(chosen),
        "share": f"{chosen / many:.1%}" if enough else "–",
    }


def _name(column: str, value: Any) -> Text:
    if column == "area_kind":
        return AREA_KINDS.get(value, Text(value, value))
    if column == "household_type":
        kind = HOUSEHOLD_TYPES.get(value, Text(value, value))
        return Text(f"家庭类型：{kind.zh}", f"kind: {kind.en}")
    yes, no = SIMILAR[column]
    return yes if value else no
