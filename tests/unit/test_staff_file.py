"""caseworkers.toml: capacity by terrain, duty, and a clear answer for every mistake."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w

from engine.errors import HomeError
from engine.settings import Home
from engine.staff import Bureau, read_bureau

TOWN = {"region": "990101001", "name_zh": "甲镇", "name_en": "Town", "terrain": "town"}
HILLS = {"region": "990101002", "name_zh": "乙乡", "name_en": "Hills", "terrain": "mountain"}
PLANNED = pl.DataFrame(schema={"caseworker_id": pl.String, "planned_this_week": pl.Int64})


def worker(name: str = "w0001", **more: Any) -> dict[str, Any]:
    return {"id": name, "name_zh": "示例", "name_en": "Example", "areas": ["990101001"], **more}


def bureau(folder: Path, *workers: dict[str, Any], **more: Any) -> Bureau:
    told = {"area": [TOWN, HILLS], "caseworker": list(workers), **more}
    (folder / "caseworkers.toml").write_text(tomli_w.dumps(told), "utf-8")
    return read_bureau(Home(folder))


@pytest.mark.parametrize(
    ("areas", "capacity"),
    [(["990101001"], 15), (["990101002"], 8), (["990101"], 8), (["990101002003"], 8), (["880"], 15)],
)
def test_without_a_capacity_the_terrain_decides(tmp_path: Path, areas: list[str], capacity: int) -> None:
    found = bureau(tmp_path, worker(areas=areas))
    assert found.staff(PLANNED).caseworkers["capacity_week"].to_list() == [capacity]
    assert found.weekly_capacity == found.caseworkers()[0].capacity_week == capacity


def test_duty_is_for_the_areas_named_or_for_one_s_own(tmp_path: Path) -> None:
    days = {"from": date(2026, 2, 15), "to": date(2026, 2, 23)}
    duty = [{"caseworker": "w0001", **days}, {"caseworker": "w0001", **days, "areas": ["9901"]}]
    rows = bureau(tmp_path, worker(capacity_week=9), duty=duty).staff(PLANNED).duty
    assert rows["region"].to_list() == ["990101001", "9901"]
    assert rows["last"].unique().to_list() == [date(2026, 2, 23)]


@pytest.mark.parametrize(
    ("workers", "more", "said"),
    [
        ([worker(areas=[])], {}, "caseworker.0: .*w0001 serves no area"),
        ([worker(capacity_week=0)], {}, "caseworker.0: .*w0001 has a capacity of 0: take"),
        ([worker(), worker()], {}, "two caseworkers have the same id"),
        (
            [worker()],
            {"duty": [{"caseworker": "w9", "from": date(2026, 1, 1), "to": date(2026, 1, 2)}]},
            "duty names",
        ),
        (
            [worker()],
            {"duty": [{"caseworker": "w0001", "from": date(2026, 1, 2), "to": date(2026, 1, 1)}]},
            "ends before",
        ),
        ([], {}, "caseworker"),
    ],
    ids=["no area", "capacity zero", "an id twice", "duty of nobody", "duty that ends before it begins", "nobody"],
)
def test_a_mistake_is_refused_with_the_entry_named(
    tmp_path: Path, workers: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(HomeError, match=said) as refused:
        bureau(tmp_path, *workers, **more)
    assert "caseworkers.toml" in str(refused.value)
