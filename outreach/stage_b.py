"""Facts of stage B: what they are called, so that the door can know them, and what a consent may open it for.

Screening uses what departments hold for their own duties (stage A). Bank, securities, insurance, vehicles,
property, tax detail and the housing fund are stage B: they are checked only after an application and with the
consent of the persons (社会救助法 Arts. 40-41; a query that has nothing to do with an application is punished, Art.
70(6)), and financial accounts are sensitive besides (PIPL Arts. 28-32). Nothing here finds a use for them: whoever
is found before asking has agreed to nothing yet.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

import polars as pl

from outreach.wording import Text

Fact = Literal["bank", "securities", "insurance", "vehicle", "property", "tax_detail", "housing_fund"]

FACTS: Final[tuple[Fact, ...]] = get_args(Fact)
ASSETS: Final[tuple[Fact, ...]] = ("bank", "securities", "insurance", "vehicle", "property")
"""What a file of the kind ``asset`` may hold: it needs a consent to all of them."""
WORDS: Final[Mapping[str, Text]] = {
    "bank": Text("银行存款和账户", "bank accounts"),
    "securities": Text("证券", "securities"),
    "insurance": Text("商业保险资产", "insurance assets"),
    "vehicle": Text("机动车", "vehicles"),
    "property": Text("不动产", "property"),
    "tax_detail": Text("个人所得税明细", "tax detail"),
    "housing_fund": Text("住房公积金", "housing fund"),
    "asset": Text("财产", "assets"),
}
COLUMNS: Final[Mapping[Fact, str]] = {
    "bank": r"银行|开户行|存款|储蓄|支付宝|微信支付|支付账户|\bbank|deposit|savings|account_?balance",
    "securities": r"证券|股票|股权|债券|理财|基金份额|基金净值|securit|\bstocks?\b|\bshares\b",
    "insurance": r"保单|现金价值|cash_?value|surrender_?value",
    "vehicle": r"机动车|车辆|车牌|号牌|车架号|行驶证|vehicle|licence_?plate|license_?plate|\bvin\b|\bcars?\b",
    "property": r"不动产|房产|房屋所有权|产权|商铺|real_?estate|\bproperty_?(?:value|unit|register|owned)",
    "tax_detail": r"个税|个人所得税|应纳税|纳税|完税|扣缴|专项附加扣除|tax_?detail|taxable|\btax\b|withh[eo]ld",
    "housing_fund": r"公积金|housing_?fund|provident",
}
"""What the header of a column says where it holds such facts; ``_`` divides words."""
DEPARTMENTS: Final[Mapping[Fact, str]] = {
    "tax_detail": r"^SW$|税务|国税|地税",
    "housing_fund": r"^GJJ$|公积金",
    "bank": r"银行",
    "securities": r"证券",
    "vehicle": r"车管|车辆管理",
    "property": r"不动产",
}
"""What the source department of an income record is called where the record is of stage B."""
NAMED: Final = (
    r"(?:^|[^0-9A-Za-z])(?:SW|GJJ)(?:[^0-9A-Za-z]|$)|税务|国税|地税|公积金|银行|证券|车管|车辆管理|不动产"
)
"""Where the text of a row names such a department, whatever column it stands in."""
WITH_CONSENT: Final = "stage_b_with_consent"
"""The rule of a row that was delivered with consent: counted, and neither stored nor used."""


def facts_in(columns: Sequence[str]) -> dict[str, Fact]:
    """The columns that hold facts of stage B by their names, and which facts."""
    names = pl.DataFrame({"name": columns}, schema={"name": pl.String})
    plain = pl.col("name").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[\s_]+", " ")
    patterns = {fact: pattern.replace("_?", " ?") for fact, pattern in COLUMNS.items()}
    found = pl.coalesce(pl.when(plain.str.contains(each)).then(pl.lit(fact)) for fact, each in patterns.items())
    told = names.with_columns(fact=found).drop_nulls("fact")
    return dict(told.iter_rows())


def fact_of_department(department: pl.Expr) -> pl.Expr:
    """Of which facts an income record is, by its source department; null for one of stage A."""
    plain = department.cast(pl.String).str.normalize("NFKC").str.strip_chars().str.to_uppercase()
    return pl.coalesce(pl.when(plain.str.contains(each)).then(pl.lit(fact)) for fact, each in DEPARTMENTS.items())


def facts_of_kind(kind: str) -> tuple[Fact, ...]:
    """What must be agreed to before a file of a stage-B kind, or a record of such facts, may come in."""
    return ASSETS if kind == "asset" else tuple(fact for fact in FACTS if fact == kind)
