"""What the lists miss, estimated from the visits by lot of twelve months: as JSON, as sentences, as one page."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col

from engine.db import reading
from engine.errors import IntegrityError
from engine.files import write_bytes
from engine.html import page
from engine.nightfolder import RETIRED, as_now, read_manifest, version_of
from engine.nights import GONE_OUT
from engine.population import Progress, silent
from engine.report import shown
from engine.tables import Night, OutreachItem, OutreachList, Visit
from engine.visits import counts
from engine.workplace import Workplace
from models.selective import Rolled, add_night, yield_of
from models.selective_estimate import INSUFFICIENT
from outreach.candidates import silent_minority
from outreach.wording import Text, day
from outreach.wording_selective import GROUPINGS, LABELS, NOTES, named, sentences, stratum

MONTHS: Final = 12
"""Nights are pooled over so many months."""
SENT: Final = ("released", "closed")
ITEMS: Final = pl.Schema({"night": pl.Date, "household_id": pl.String, "lane": pl.String, "state": pl.String})
VISITS: Final = pl.Schema(
    {
        "visit_id": pl.Int64,
        "item_id": pl.Int64,
        "household_id": pl.String,
        "visited_on": pl.Date,
        "outcome": pl.String,
    }
)


def figures(place: Workplace, as_of: date | None = None, progress: Progress = silent) -> dict[str, Any]:
    """The estimate of a day (default: of the last night or visit), as ``models.selective.yield_of`` tells it.

    Also: ``as_of``; ``visits``, how many are on record in the period; ``skipped``: nights of the period whose files
    were past their time. A night counts in the lottery where its lists went out; of a held night only the urgent
    visits that did.
    """
    with reading(place.database) as session:
        on = as_of or _last(session)
        first, last = (date.max, date.min) if on is None else (_year_before(on), on)
        nights = _nights(session, first, last)
        items, visits = _items(session, first, last), _visits(session, first, last)
    rolled, skipped, groups = Rolled(), 0, None
    for done, (night, sent) in enumerate(nights):
        progress("nights read", done, len(nights))
        told = read_manifest(place, night)
        if RETIRED in told:
            skipped += 1
            continue
        areas = _frame(place, night, told, "columns", "area")
        chances = _chances(place, night, told) if sent else _nobody()
        out = items.filter((pl.col("night") == night) & (pl.col("state").is_in(GONE_OUT) | pl.lit(sent)))
        rolled = add_night(
            rolled, night, chances.join(areas, on="household_id"), out.join(areas, on="household_id")
        )
        groups = _frame(place, night, told, "groups")
    progress("nights read", len(nights), len(nights))
    strata, groupings = _strata(groups), _groupings(rolled, groups)
    return {
        "as_of": None if on is None else on.isoformat(),
        "visits": visits.height,
        "skipped": skipped,
        **yield_of(rolled, visits, strata, groupings),
    }


def _last(session: Session) -> date | None:
    """The day of the last night or visit."""
    newest_visit = sa.select(sa.func.max(col(Visit.visited_on))).where(counts())
    asked = (sa.select(sa.func.max(col(Night.business_date))), newest_visit)
    days = [session.execute(each).scalar_one() for each in asked]
    return max((each for each in days if each is not None), default=None)


def _year_before(on: date) -> date:
    """The day after the same day a year ago: the first of twelve months that end on a day."""
    first = pl.select(pl.lit(on).dt.offset_by(f"-{MONTHS}mo").dt.offset_by("1d")).item()
    assert isinstance(first, date)
    return first


def _nights(session: Session, first: date, last: date) -> list[tuple[date, bool]]:
    """The nights of the period in their order, and whether their lists went out."""
    sent = sa.func.max(sa.case((col(OutreachList.state).in_(SENT), 1), else_=0))
    statement = (
        sa.select(col(Night.business_date), sent)
        .join(OutreachList, col(OutreachList.night_id) == col(Night.id), isouter=True)
        .where(col(Night.business_date) >= first, col(Night.business_date) <= last)
        .group_by(col(Night.business_date))
        .order_by(col(Night.business_date))
    )
    return [(night, bool(went)) for night, went in session.execute(statement)]


def _items(session: Session, first: date, last: date) -> pl.DataFrame:
    statement = sa.select(
        col(OutreachItem.business_date),
        col(OutreachItem.household_id),
        col(OutreachItem.lane),
        col(OutreachItem.state),
    ).where(
        col(OutreachItem.business_date) >= first,
        col(OutreachItem.business_date) <= last,
        col(OutreachItem.state).not_in(("drafted", "superseded")),
    )
    return pl.DataFrame(session.execute(statement).all(), schema=ITEMS, orient="row").sort("night", "household_id")


def _visits(session: Session, first: date, last: date) -> pl.DataFrame:
    statement = sa.select(
        col(Visit.id), col(Visit.item_id), col(Visit.household_id), col(Visit.visited_on), col(Visit.outcome)
    ).where(col(Visit.visited_on) >= first, col(Visit.visited_on) <= last, counts())
    return pl.DataFrame(session.execute(statement).all(), schema=VISITS, orient="row").sort("visit_id")


def _frame(place: Workplace, night: date, told: Mapping[str, Any], name: str, *columns: str) -> pl.DataFrame:
    """A frame of everybody of a night, with the numbers of now; IntegrityError where it is lost or damaged."""
    path = place.home.nights / night.isoformat() / f"{name}.parquet"
    try:
        frame = pl.read_parquet(path, columns=["household_id", *columns] if columns else None, glob=False)
    except (OSError, pl.exceptions.PolarsError):
        raise IntegrityError(
            f"{path}: this file of the night is missing or damaged", "Put the folder back from a backup."
        ) from None
    return as_now(place, frame, version_of(told))


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={"household_id": pl.String, "inclusion_probability": pl.Float64})


def _chances(place: Workplace, night: date, told: Mapping[str, Any]) -> pl.DataFrame:
    """Everybody who took part in the lottery of a night, drawn or not, with the chance that was recorded."""
    parts = [_frame(place, night, told, name, "inclusion_probability") for name in ("left_out", "items")]
    return pl.concat(parts).filter(pl.col("inclusion_probability").is_not_null())


def _strata(groups: pl.DataFrame | None) -> pl.DataFrame:
    """``household_id, stratum``: town or country, silent or not, and how little is known, in thirds."""
    if groups is None:
        return pl.DataFrame(schema={"household_id": pl.String, "stratum": pl.String})
    third = (pl.col("blank_share").fill_null(1.0) * 3).floor().clip(upper_bound=2).cast(pl.Int64)
    return groups.select(
        "household_id",
        stratum=pl.concat_str(
            pl.col("area_kind").fill_null("unknown"),
            pl.when(silent_minority()).then(pl.lit("silent")).otherwise(pl.lit("not_silent")),
            third.replace_strict({0: "well_known", 1: "half_known", 2: "little_known"}, return_dtype=pl.String),
            separator=" ",
        ),
    )


def _groupings(rolled: Rolled, groups: pl.DataFrame | None) -> dict[str, pl.DataFrame]:
    if groups is None:
        return {}
    found = {"area": rolled.households.select("household_id", group="area")}
    for name in GROUPINGS:
        if name in groups.columns:
            is_flag = groups.schema[name] == pl.Boolean
            flag = (
                pl.when(name).then(pl.lit("yes")).when(pl.col(name).not_()).then(pl.lit("no")) if is_flag else None
            )
            found[name] = groups.select(
                "household_id", group=pl.col(name).cast(pl.String) if flag is None else flag
            )
    return found


def write_page(told: Mapping[str, Any], path: Path) -> None:
    """The same as one self-contained page in Chinese and English."""
    write_bytes(path, yield_page(told))


def yield_page(told: Mapping[str, Any]) -> bytes:
    """The estimate for people: sentences, then a row for each stratum and group."""
    on = told["as_of"]
    groups = [
        (
            name,
            [_cells(row, named(grouping, row["group"])) for row in told["groups"] if row["grouping"] == grouping],
        )
        for grouping, name in GROUPINGS.items()
    ]
    return page(
        "yield.html.j2",
        title=LABELS["title"],
        when=LABELS["never"] if on is None else day(date.fromisoformat(on)),
        label=LABELS,
        said=sentences(told, shown),
        strata=[_cells(row, stratum(row["part"], row["stratum"])) for row in told["by_stratum"]],
        groups=[(name, rows) for name, rows in groups if rows],
        notes=NOTES,
    )


def _cells(row: Mapping[str, Any], name: Text) -> tuple[Text, tuple[str, ...], str, str]:
    """A row's name, its counts, its share in need and the interval of it."""
    counts = tuple(
        shown(round(row[key])) for key in ("households", "visited" if "part" in row else "drawn", "answered")
    )
    if row["evidence"] == INSUFFICIENT:
        return name, counts, "", ""
    need = row["need"]
    return name, counts, f"{need['value']:.1%}", f"{need['low']:.1%}–{need['high']:.1%}"
