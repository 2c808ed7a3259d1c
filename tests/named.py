"""Twelve people with Chinese identity numbers, names, phones and addresses; nobody has such a number."""

from datetime import date

import polars as pl
from deliveries import people

from fixtures.county.identifiers import check_characters

COUNT = 12
BODIES = pl.Series([99010119800101001 + 2 * number for number in range(COUNT)])
NUMBERS = (BODIES.cast(pl.String) + check_characters(BODIES.to_numpy())).to_list()
NAMES = [f"欧阳{character}" for character in "龘喆堃淼伟芳敏静强磊洋勇"]
PHONES = [f"1000{number:07d}" for number in range(COUNT)]
SECRETS = [*NUMBERS, *NAMES, *PHONES, "云溪镇"]


def roster() -> dict[str, pl.DataFrame]:
    """The people of ``people`` with Chinese identity numbers."""
    real = {f"P{place + 1}": number for place, number in enumerate(NUMBERS)}
    return {kind: numbered(frame, real) for kind, frame in people(COUNT).items()}


def numbered(frame: pl.DataFrame, real: dict[str, str]) -> pl.DataFrame:
    return frame.with_columns(pl.col("person_id").replace(real)) if "person_id" in frame.columns else frame


def identities() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": NUMBERS,
            "household_id": None,
            "name": NAMES,
            "phone": PHONES,
            "address": [f"云溪镇{number}号" for number in range(COUNT)],
            "valid_from": date(2020, 1, 1),
        },
        schema_overrides={"household_id": pl.String},
    )


COLUMNS = {
    "person_id": "证件号",
    "month": {"from": "所属期", "dates": "YYYYMM"},
    "period_months": {"value": 1},
    "kind": {"value": "transfer_pension"},
    "source_dept": {"value": "RS"},
    "record_no": {"value": "1"},
    "amount": {"from": "金额", "unit": "yuan"},
    "quality": {"value": "registered"},
}
"""How a pension file in Chinese columns becomes our income records."""
