"""Spec cases of the columns that read two sources."""

from spec.spec_case import Case, months, none

INCOME = [{"person_id": "P1", "month": month, "amount": 200_000} for month in months("2023-02", 12)]
TABLES = {
    "income": INCOME,
    "medical": "event_id | event_date | kind | oop\nM1 | 2023-06-10 | inpatient | 300000\n"
    "M2 | 2024-01-05 | outpatient | 100000",
    "event": "event_date | loss\n2023-10-10 | 240000",
    "schooling": "school_year | stage | fee_norm | aid_amount\n2023 | higher | 150000 | 30000",
    "benefit": "month | amount\n2023-12 | 60000\n2024-01 | 60000",
    "employment": "start\n2020-01-01",
}
COLUMNS = (
    "oop_to_income_12m",
    "oop_to_capacity_12m",
    "has_catastrophic_who40",
    "largest_admission_to_income",
    "income_after_oop_to_line_12m",
    "event_loss_to_income_12m",
    "school_fees_to_income",
    "benefits_to_income_12m",
    "is_without_work_and_income",
)

CASES = (
    Case(
        name="what illness, school and mishap take",
        subject=tuple(TABLES),
        tables=TABLES,
        ordinary={
            "oop_to_income_12m": 1 / 6,
            "oop_to_capacity_12m": 400 / 480,
            "has_catastrophic_who40": 1,
            "largest_admission_to_income": 1.5,
            "income_after_oop_to_line_12m": 2_000 / 1_920,
            "event_loss_to_income_12m": 0.1,
            "school_fees_to_income": 0.05,
            "benefits_to_income_12m": 0.05,
            "is_without_work_and_income": 0,
        },
        nothing=none(*COLUMNS),
        late=none(*COLUMNS),
    ),
    Case(
        name="costs and nothing to pay them from",
        subject=tuple(TABLES),
        tables={
            **TABLES,
            "income": "month | amount\n2020-01 | 1",
            "employment": "start | end\n2015-01-01 | 2019-01-01",
        },
        ordinary={
            "oop_to_income_12m": 5,
            "oop_to_capacity_12m": 5,
            "has_catastrophic_who40": 1,
            "largest_admission_to_income": 60,
            "income_after_oop_to_line_12m": -400 / 1_920,
            "benefits_to_income_12m": 5,
            "is_without_work_and_income": 1,
        },
    ),
    Case(
        name="an admission without an amount is not one that cost nothing",
        subject=tuple(TABLES),
        tables={
            "income": INCOME,
            "enrolment": "scheme\nmedical_resident",
            "medical": "event_id | event_date | kind | oop\nM1 | 2023-06-10 | inpatient |\n"
            "M2 | 2024-01-05 | outpatient | 100000",
        },
        ordinary={"largest_admission_to_income": None, "oop_to_income_12m": 1 / 24},
    ),
    Case(
        name="claims of which none tells its amount",
        subject=tuple(TABLES),
        tables={
            "income": INCOME,
            "enrolment": "scheme\nmedical_resident",
            "medical": "event_id | event_date | kind\nM2 | 2024-01-05 | outpatient",
        },
        ordinary={"largest_admission_to_income": 0, **none("oop_to_income_12m", "income_after_oop_to_line_12m")},
    ),
    Case(
        name="no costs and no income is no burden",
        subject=tuple(TABLES),
        tables={"income": "month | amount\n2020-01 | 1", "medical": (), "enrolment": "scheme\nmedical_resident"},
        ordinary={"oop_to_income_12m": 0, "oop_to_capacity_12m": 0, "has_catastrophic_who40": 0},
    ),
)
