"""The closed words that programme packs may use: facts with their dimension, units, marks, verdicts."""

from dataclasses import dataclass
from typing import Final, Literal

Dimension = Literal["money/month", "money", "years", "months", "days", "ratio", "flag", "level", "count"]

MARKS: Final = ("found", "recalled", "proposed", "derived")
"""Where a value comes from: found in a source, recalled and not verified, proposed by us, derived by arithmetic."""

VERDICTS: Final = ("eligible_likely", "eligible_possible", "not_eligible", "in_payment", "insufficient_data")
LEVELS: Final = ("national", "province", "prefecture", "county")
MECHANISMS: Final = ("rescue", "insurance", "welfare")
AUTHORITIES: Final = ("MZ", "YB", "JY", "ZJ", "RS", "YJ", "WJ", "NY", "CL", "SW", "GA")
PLAIN_UNITS: Final[dict[str, Dimension]] = {
    "years": "years",
    "months": "months",
    "days": "days",
    "ratio": "ratio",
    "flag": "flag",
    "level": "level",
    "count": "count",
}


@dataclass(frozen=True)
class Fact:
    """A fact that a condition may name.

    ``unit`` is H for a household's fact (a person's condition may use it too), P for a person's. A fact with a
    spread has the columns ``<name>_low`` and ``<name>_high``: how far the records let it reach. ``source`` is the
    kind of record it is read from; the date of that source is the column ``date_<source>``.
    """

    unit: Literal["H", "P"]
    dimension: Dimension
    source: str
    zh: str
    en: str
    spread: bool = False


FACTS: Final[dict[str, Fact]] = {
    "pc_income": Fact(
        "H", "money/month", "income", "家庭月人均收入", "monthly household income per counted member", spread=True
    ),
    "members_counted": Fact("H", "count", "member", "共同生活的家庭成员数", "counted co-living family members"),
    "age": Fact("P", "years", "member", "周岁年龄", "age in completed years", spread=True),
    "hukou_here": Fact("P", "flag", "member", "户籍在本县", "household registration in this county"),
    "has_certificate": Fact("P", "flag", "disability", "持有效残疾人证", "holds a disability certificate in force"),
    "disability_level": Fact("P", "level", "disability", "残疾等级", "disability level (1 most severe)"),
    "disability_mental": Fact("P", "flag", "disability", "智力或精神残疾", "intellectual or mental disability"),
    "serious_illness": Fact(
        "P", "flag", "medical", "患大病（近十二个月）", "treated for a listed serious disease in the last 12 months"
    ),
}
