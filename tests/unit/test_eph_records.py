"""EPH answers as source records, on waves of a few hand-made people."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from features.records import KINDS
from fixtures.surveys import eph
from fixtures.surveys.raw import SurveyError

ZEROS = dict.fromkeys(eph.HOGAR_COLUMNS + eph.PERSON_COLUMNS, 0)
HOME = {"CODUSU": "A", "NRO_HOGAR": 1, "REGION": 43, "AGLOMERADO": 2, "PONDIH": 500}
ADULT = {"COMPONENTE": 1, "CH03": 1, "CH04": 2, "CH06": 40, "CH07": 5, "CH08": 4, "ESTADO": 3, "CH12": 2, "CH13": 1}


def wave(
    *people: Mapping[str, Any], homes: list[Mapping[str, Any]] | None = None, quarter: tuple[int, int] = (2016, 3)
) -> dict[str, pl.DataFrame]:
    """The frames of a wave; what is not said is 0, and every person lives in the household of ``HOME``."""
    when = dict(zip(("ANO4", "TRIMESTRE"), quarter, strict=True))
    rows = [{**ZEROS, **HOME, **ADULT, **when, **person} for person in people]
    houses = [{**ZEROS, **HOME, **when, **home} for home in (homes or [{"ITF": sum(int(r["P47T"]) for r in rows)}])]
    for row in rows:
        row.setdefault("ITF", 0)
        row["ITF"] = next((h["ITF"] for h in houses if h["CODUSU"] == row["CODUSU"]), 0)
    return {
        "individual": pl.DataFrame(rows, infer_schema_length=None).select("CODUSU", *eph.PERSON_COLUMNS),
        "hogar": pl.DataFrame(houses, infer_schema_length=None).select("CODUSU", *eph.HOGAR_COLUMNS),
    }


def delivered(*people: Mapping[str, Any], homes: list[Mapping[str, Any]] | None = None) -> dict[str, pl.DataFrame]:
    return eph.to_deliveries({"2016T3": wave(*people, homes=homes)}, ["2016T3"])["2016T3"]


def amounts(found: dict[str, pl.DataFrame]) -> dict[str, tuple[str, int]]:
    return {no: (kind, amount) for no, kind, amount in found["income"].select("record_no", "kind", "amount").rows()}


def test_ids_are_the_surveys_own_numbers_and_the_dwelling_is_kept() -> None:
    found = delivered({"COMPONENTE": 7})
    assert found["member"]["person_id"].to_list() == ["A-1-7"]
    assert found["household"].select("household_id", "dwelling_id", "region").row(0) == ("A-1", "A", "4302")


def test_two_households_of_a_dwelling_share_it_and_nothing_else() -> None:
    homes = [{"NRO_HOGAR": 1, "ITF": 10}, {"NRO_HOGAR": 2, "ITF": 0, "PONDIH": 0}]
    found = delivered({"P47T": 10}, {"NRO_HOGAR": 2, "PONDIH": 0}, homes=homes)
    assert found["household"]["household_id"].to_list() == ["A-1", "A-2"]
    assert found["household"]["dwelling_id"].to_list() == ["A", "A"]


def test_a_child_under_one_year_is_zero_years_old() -> None:
    assert delivered({"CH06": -1, "ESTADO": 4})["member"]["age_reported"].to_list() == [0]


def test_incomes_are_minor_units_by_kind_and_the_remainder_is_another_transfer() -> None:
    found = delivered({"CAT_OCUP": 3, "ESTADO": 1, "P21": 100, "V2_M": 30, "V5_M": 5, "P47T": 185})
    assert amounts(found) == {
        "P21": ("wage", 10_000),
        "V2_M": ("transfer_pension", 3_000),
        "V5_M": ("assistance", 500),
        "P47T": ("transfer_other", 5_000),
    }


def test_the_work_of_the_self_employed_is_business_income() -> None:
    found = delivered({"CAT_OCUP": "2", "ESTADO": 1, "P21": 100, "TOT_P12": 20, "P47T": 120})
    assert amounts(found) == {"P21": ("business", 10_000), "TOT_P12": ("business", 2_000)}


def test_a_household_that_did_not_tell_its_income_has_no_record_of_it() -> None:
    found = delivered({"PONDIH": 0, "P21": 100, "P47T": -9}, homes=[{"PONDIH": 0, "ITF": 0}])
    assert found["income"].height == 0
    assert found["household"]["weight"].to_list() == [0.0]


def test_a_known_zero_is_a_record_of_zero() -> None:
    found = delivered({})
    assert amounts(found) == {"P47T": ("transfer_other", 0)}


def test_a_child_who_is_not_asked_has_no_record() -> None:
    found = delivered({"P47T": 10, "V18_M": 10}, {"COMPONENTE": 2, "CH06": 5, "CH03": 3, "ESTADO": 4})
    assert found["income"]["person_id"].to_list() == ["A-1-1"]


def test_a_household_of_children_alone_still_has_its_known_zero() -> None:
    found = delivered({"CH06": 9, "ESTADO": 4})
    assert found["income"].select("household_id", "person_id", "amount").rows() == [("A-1", None, 0)]


def test_a_part_that_was_not_told_counts_as_nothing_and_the_sum_is_still_right() -> None:
    found = delivered({"P21": -9, "V2_M": 30, "P47T": 50, "CAT_OCUP": 3, "ESTADO": 1})
    assert found["income"]["amount"].sum() == 5_000


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ({"ESTADO": 1, "CAT_OCUP": 1}, "employer"),
        ({"ESTADO": 1, "CAT_OCUP": "2"}, "self"),
        ({"ESTADO": 1, "CAT_OCUP": 3, "PP07H": "1"}, "contract"),
        ({"ESTADO": 1, "CAT_OCUP": 3, "PP07H": 2}, "informal"),
        ({"ESTADO": 1, "CAT_OCUP": 4}, "family_worker"),
        ({"ESTADO": 2, "CAT_OCUP": 3}, "unemployed"),
    ],
)
def test_the_form_of_employment(answer: dict[str, Any], form: str) -> None:
    assert delivered(answer)["employment"]["form"].to_list() == [form]


def test_who_neither_works_nor_looks_for_work_has_no_spell() -> None:
    assert delivered({"ESTADO": 3})["employment"].height == 0


def test_a_spell_starts_as_long_ago_as_is_told_at_least() -> None:
    found = delivered(
        {"ESTADO": 1, "CAT_OCUP": 3, "PP07A": 5},
        {"ESTADO": 1, "CAT_OCUP": 3, "PP04B1": 1, "PP04B3_ANO": 2, "PP04B3_MES": 1, "COMPONENTE": 2},
        {"ESTADO": 2, "PP10A": 4, "COMPONENTE": 3},
        {"ESTADO": 1, "CAT_OCUP": 2, "PP05H": 9, "COMPONENTE": 4},
    )
    starts = found["employment"]["start"].to_list()
    assert starts == [date(2015, 9, 1), date(2014, 8, 1), date(2016, 3, 1), date(2016, 9, 1)]


def test_hours_that_were_not_told_are_unknown() -> None:
    found = delivered({"ESTADO": 1, "CAT_OCUP": 3, "PP3E_TOT": 999})
    assert found["employment"]["hours_week"].to_list() == [None]


def test_health_cover_of_two_kinds_is_two_records_and_a_contract_brings_a_pension() -> None:
    found = delivered({"CH08": 12, "ESTADO": 1, "CAT_OCUP": 3, "PP07H": 1})
    assert found["enrolment"]["scheme"].to_list() == ["medical_employee", "medical_private", "pension_employee"]


@pytest.mark.parametrize("answer", [4, 9])
def test_no_cover_and_an_unknown_one_have_no_record(answer: int) -> None:
    assert delivered({"CH08": answer})["enrolment"].height == 0


def test_the_records_of_a_wave_pass_the_schemas_whole() -> None:
    found = delivered(
        {"P47T": 5, "V8_M": 5, "CH10": 1, "CH12": 4, "CH13": 2, "CH14": "3", "ESTADO": 1, "CAT_OCUP": 2, "CH08": 1}
    )
    for kind, frame in found.items():
        added = {"known_on_assumed": False, "void": False, "seq": 0, "delivery_id": "D"}
        full = frame.with_columns(pl.lit(value).alias(name) for name, value in added.items())
        assert KINDS[kind].validate(full, cast=True).height == frame.height > 0
        assert frame["known_on"].unique().to_list() == [date(2016, 9, 30)]


def later(*people: Mapping[str, Any], **last: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """The second delivery of a panel: one person in 2016T3, ``people`` in 2017T3."""
    frames = {"2016T3": wave(last.get("before", {})), "2017T3": wave(*people, quarter=(2017, 3))}
    return eph.to_deliveries(frames, ["2016T3", "2017T3"])["2017T3"]


def test_a_later_wave_closes_the_rosters_before_it() -> None:
    found = later({}, {"COMPONENTE": 2, "CH03": 2})
    member = found["member"].select("person_id", "valid_from", "valid_to", "known_on").rows()
    assert member == [
        ("A-1-1", date(2016, 7, 1), date(2017, 6, 30), date(2017, 9, 30)),
        ("A-1-1", date(2017, 7, 1), None, date(2017, 9, 30)),
        ("A-1-2", date(2017, 7, 1), None, date(2017, 9, 30)),
    ]
    assert found["household"]["valid_to"].to_list() == [date(2017, 6, 30), None]


def test_an_unchanged_form_of_work_is_the_same_spell_going_on() -> None:
    work = {"ESTADO": 1, "CAT_OCUP": 3, "PP07A": 5}
    found = later({**work, "PP3E_TOT": 20}, before={**work, "PP3E_TOT": 40})
    assert found["employment"].select("start", "end", "hours_week").rows() == [(date(2015, 9, 1), None, 20.0)]


def test_another_form_of_work_ends_the_spell_and_begins_one() -> None:
    found = later(
        {"ESTADO": 1, "CAT_OCUP": 2, "PP05H": 6}, before={"ESTADO": 1, "CAT_OCUP": 3, "PP07A": 5, "PP07H": 1}
    )
    assert found["employment"].select("form", "start", "end").rows() == [
        ("contract", date(2015, 9, 1), date(2017, 6, 30)),
        ("self", date(2017, 7, 1), None),
    ]


def test_whoever_was_not_interviewed_again_keeps_an_open_spell() -> None:
    found = later({"COMPONENTE": 2}, before={"ESTADO": 1, "CAT_OCUP": 2})
    assert found["employment"].height == 0


def test_the_same_health_cover_goes_on_and_a_lost_one_ends() -> None:
    kept = later({"CH08": 1}, before={"CH08": 12})["enrolment"].select("scheme", "start", "end").rows()
    assert kept == [
        ("medical_employee", date(2016, 7, 1), None),
        ("medical_private", date(2016, 7, 1), date(2017, 6, 30)),
    ]


def test_the_order_of_rows_and_waves_does_not_matter() -> None:
    first = wave({}, {"COMPONENTE": 2, "CH03": 2, "P47T": 7, "V18_M": 7})
    second = wave({"ESTADO": 1, "CAT_OCUP": 2}, quarter=(2016, 4))
    one = eph.to_deliveries({"2016T3": first, "2016T4": second}, ["2016T3", "2016T4"])
    turned = {name: frame.reverse() for name, frame in first.items()}
    other = eph.to_deliveries({"2016T4": second, "2016T3": turned}, ["2016T4", "2016T3"])
    assert list(one) == list(other)
    for name, delivery in one.items():
        for kind, frame in delivery.items():
            assert frame.equals(other[name][kind]), (name, kind)


def test_a_missing_wave_or_file_is_named() -> None:
    with pytest.raises(
        SurveyError, match=r"wave 2016T3: no frame of individual_2016T3.parquet, hogar_2016T3.parquet"
    ):
        eph.to_deliveries({}, ["2016T3"])


def test_missing_columns_are_all_named_with_their_file() -> None:
    frames = wave({})
    frames["hogar"] = frames["hogar"].drop("PONDIH", "II7")
    with pytest.raises(SurveyError, match=r"hogar_2016T3.parquet: 2 of \d+ columns are missing: PONDIH, II7"):
        eph.to_deliveries({"2016T3": frames}, ["2016T3"])


def test_a_code_that_is_no_number_is_refused_without_its_value() -> None:
    frames = wave({"CH06": "forty"})
    with pytest.raises(
        SurveyError, match=r"individual_2016T3.parquet: not whole numbers in CH06 \(1 rows\)"
    ) as caught:
        eph.to_deliveries({"2016T3": frames}, ["2016T3"])
    assert "forty" not in str(caught.value)


def test_an_unknown_agglomeration_is_refused() -> None:
    with pytest.raises(SurveyError, match="AGLOMERADO is none of the 32 known codes in 1 rows"):
        delivered({}, homes=[{"AGLOMERADO": 77}])


def test_a_file_of_another_quarter_under_this_name_is_refused() -> None:
    with pytest.raises(SurveyError, match=r"hogar_2016T3.parquet: 1 of 1 rows are of another quarter"):
        eph.to_deliveries({"2016T3": wave({}, quarter=(2017, 3))}, ["2016T3"])


def test_persons_and_households_that_do_not_meet_are_refused() -> None:
    with pytest.raises(SurveyError, match="0 of 1 rows of individual_2016T3"):
        delivered({}, homes=[{"CODUSU": "B"}])
