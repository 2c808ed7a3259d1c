"""Part 5 and the half of part 7 that rests on it: the score in full, how sure it is, what would change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from engine.errors import IntegrityError
from engine.explain.stored import StoredNight
from engine.registry import kept_model
from engine.report import shown
from engine.workplace import Workplace
from features.catalog import by_name
from models.explanation import DoesNotAddUpError, Explained, explained, likely_rates
from models.peers import FEWEST, PEERS, peer_medians
from models.risk import RiskModel
from outreach.bands import RISKS, band
from outreach.wording import Currency, Text
from outreach.wording_explain import AREA_KINDS, HOUSEHOLD_TYPES, NOT_TESTED, column_value
from outreach.wording_reasons import CONCEPTS

RISK_ORDER: Final = ("relative_poverty", "emergency")


@dataclass(frozen=True)
class Score:
    """A risk of the household in full, with the model it is from."""

    model_id: str
    model: RiskModel
    found: Explained


@dataclass(frozen=True)
class Circle:
    """The comparison group: households of the same area kind and type, or wider where too few.

    ``columns`` and ``groups`` are everybody's; ``alike`` holds the ids of those who share ``shared`` with it.
    """

    columns: pl.DataFrame
    groups: pl.DataFrame
    alike: pl.DataFrame
    shared: dict[str, str]

    def of(self, table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """The row of a table of peers' medians that this household takes."""
        divided = [peer for peer in PEERS if peer in table.columns]
        mine = table.filter(
            ~pl.col("everybody"), *(pl.col(peer).eq_missing(pl.lit(self.shared.get(peer))) for peer in divided)
        )
        return (mine if mine.height else table.filter(pl.col("everybody"))).select(names)


def circle_of(stored: StoredNight, row: pl.DataFrame, names: Sequence[str]) -> Circle:
    """The comparison group of a household by the night's stored columns."""
    columns = stored.frame("columns").select("household_id", "area_kind", *names).collect()
    groups = stored.frame("groups").select("household_id", "household_type").collect()
    own = {
        "area_kind": row["area_kind"][0],
        "household_type": groups.filter(pl.col("household_id") == stored.number)["household_type"][0],
    }
    placed = columns.select("household_id", "area_kind").join(groups, on="household_id", how="left")
    alike = placed.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in own.items()))
    return Circle(columns, groups, alike.select("household_id"), own)


def scores_of(place: Workplace, stored: StoredNight, row: pl.DataFrame) -> tuple[list[Score], Circle | None]:
    """The household's scores as they were served, each made again from the stored columns and found the same.

    Raises IntegrityError where one is not: a page whose numbers do not add up is not shown.
    """
    models = {
        risk: (stored.manifest["models"][risk], kept_model(place.home, risk, stored.manifest["models"][risk]))
        for risk in RISK_ORDER
        if risk in stored.manifest["models"]
    }
    if not models:
        return [], None
    names = list(dict.fromkeys(name for _, model in models.values() for name in model.feature_names))
    circle = circle_of(stored, row, names)
    scores = []
    for risk, (model_id, model) in models.items():
        table = peer_medians(circle.columns, model.feature_names, circle.groups)
        own_groups = circle.groups.filter(pl.col("household_id") == stored.number).with_columns(
            household_id=row["household_id"]
        )
        try:
            found = explained(
                model,
                row,
                stored.rows(f"scores_{risk}"),
                medians=table,
                peers=circle.of(table, model.feature_names),
                groups=own_groups,
                threads=place.threads,
            )
        except DoesNotAddUpError as wrong:
            raise IntegrityError(
                f"the page is not made: {risk}, model {model_id}: {wrong}",
                "Run xunfang verify: it names what has changed since the night; put it back from a backup.",
            ) from None
        scores.append(Score(model_id, model, found))
    return scores, circle


def told_score(score: Score, circle: Circle, currency: Currency, tested: pl.DataFrame | None) -> dict[str, Any]:
    """A score for the page: the band, how often such estimates came true, the sum, every concept, every column."""
    found = score.found
    level = band(found.probability, found.risk)
    return {
        "risk": found.risk,
        "name": RISKS[found.risk],
        "model": score.model_id,
        "as_of": list(score.model.about.get("as_of", [])),
        "raw": found.raw,
        "base": found.base,
        "probability": found.probability,
        "priority": found.priority,
        "band": {"code": level.code, "word": level.word, "of_hundred": level.of_hundred},
        "why_priority": _why_priority(found),
        "sure": _sure(found, tested),
        "compared": _compared(circle),
        "concepts": [
            {
                "concept": each.concept,
                "name": CONCEPTS[each.concept].heading,
                "contribution": each.contribution,
                "columns": [_column(part, currency) for part in each.parts],
            }
            for each in found.concepts
        ],
    }


def _column(part: Any, currency: Currency) -> dict[str, Any]:
    feature = by_name(part.feature)
    return {
        "feature": part.feature,
        "name": Text(feature.label_zh, feature.label_en),
        "contribution": part.contribution,
        "value": column_value(feature, part.value, currency),
        "peers": column_value(feature, part.peers, currency),
        "known": part.value is not None,
    }


def _why_priority(found: Explained) -> Text:
    many = len(found.blanks)
    if found.priority > found.probability:
        return Text(
            f"有 {many} 列没有这户的记录。没有记录不算好消息：若以同类家庭的中位数代替，可能性更高，"
            "排序用的是这个较高的数。",
            f"Nothing is on record in {many} columns. A blank is never good news: with its peers' medians there "
            "the estimate is higher, and the higher one decides the place.",
        )
    if many:
        return Text(
            f"有 {many} 列没有这户的记录；以同类家庭的中位数代替也不会更高，排序用的就是这个可能性。",
            f"Nothing is on record in {many} columns; with its peers' medians there the estimate would be no "
            "higher, so it decides the place as it is.",
        )
    return Text(
        "每一列都有记录，排序用的就是这个可能性。", "Every column is known: the estimate decides the place."
    )


def _sure(found: Explained, tested: pl.DataFrame | None) -> dict[str, Any]:
    """How often it came true among past households with about the same estimate, and what the blanks may do."""
    row = None if tested is None else likely_rates(tested, np.array([found.probability])).row(0, named=True)
    if row is None or row["n"] is None:
        return {"low": None, "high": None, "n": None, "words": NOT_TESTED}
    low, high, n = f"{row['low']:.1%}", f"{row['high']:.1%}", shown(row["n"])
    least, most, rate = f"{row['least']:.1%}", f"{row['most']:.1%}", f"{row['rate']:.1%}"
    return {
        "low": row["low"],
        "high": row["high"],
        "n": n,
        "words": Text(
            f"检验时估计相近（{least} 至 {most}）的约 {n} 户，后来真有困难的占 {rate}，95% 区间 {low} 至 {high}"
            "（威尔逊区间，模型没有学过这些家庭的结果）。",
            f"Of about {n} tested households with a like estimate ({least} to {most}) it came true for {rate}; "
            f"95 % interval {low} to {high} (Wilson; outcomes that the model had not learnt from).",
        ),
    }


def _compared(circle: Circle) -> Text:
    kind = circle.shared["household_type"] or "other"
    area = AREA_KINDS.get(circle.shared["area_kind"], Text("", ""))
    type_ = HOUSEHOLD_TYPES.get(kind, Text(kind, kind))
    many = shown(circle.alike.height)
    return Text(
        f"同类：{area.zh}、{type_.zh}，约 {many} 户；已知不足 {FEWEST} 户的列取更大范围的中位数",
        f"peers: {area.en}, {type_.en}, about {many} households; a wider circle where under {FEWEST} are known",
    )
