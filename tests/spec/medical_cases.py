"""Spec cases of the columns about illness."""

from spec.spec_case import Case, none, zero

CLAIMS = """
    event_id | event_date | kind                 | serious | total   | oop    | los_days
    M1       | 2023-06-10 | inpatient            | true    | 1000000 | 400000 | 10
    M2       | 2024-01-05 | outpatient           |         | 60000   | 30000  |
    M3       | 2023-12-05 | outpatient           |         | 10000   | 10000  |
    M4       | 2023-05-01 | chronic_registration |         |         |        |
    M5       | 2022-12-31 | inpatient            |         | 900000  | 900000 | 9
"""
COUNTS = (
    "oop_12m",
    "admissions_12m",
    "clinic_visits_12m",
    "inpatient_days_12m",
    "chronic_members",
    "new_chronic_12m",
    "serious_members_12m",
    "new_serious_12m",
    "patients_share",
    "heavy_outpatient_months_12m",
    "outpatient_months_12m",
)
SHARES = ("oop_recent_share", "oop_of_billed_share_12m", "oop_of_one_share_12m", "months_since_admission")
UNKNOWN = none(*COUNTS, *SHARES)

CASES = (
    Case(
        name="an admission, two visits and a chronic disease",
        subject=("medical",),
        tables={"medical": CLAIMS},
        ordinary={
            "oop_12m": 440_000,
            "oop_recent_share": 40 / 440,
            "oop_of_billed_share_12m": 440 / 1_070,
            "oop_of_one_share_12m": 1,
            "admissions_12m": 1,
            "clinic_visits_12m": 2,
            "inpatient_days_12m": 10,
            "months_since_admission": 7,
            "chronic_members": 1,
            "new_chronic_12m": 1,
            "serious_members_12m": 1,
            "new_serious_12m": 1,
            "patients_share": 1,
            "heavy_outpatient_months_12m": 1,
            "outpatient_months_12m": 2,
        },
        nothing=UNKNOWN,
        late=UNKNOWN,
    ),
    Case(
        name="a disease known for years is not new",
        subject=("medical",),
        tables={
            "medical": "event_id | event_date | kind | serious\nM1 | 2021-01-01 | chronic | true\n"
            "M2 | 2023-10-01 | chronic | true"
        },
        ordinary={"chronic_members": 1, "new_chronic_12m": 0, "serious_members_12m": 1, "new_serious_12m": 0},
    ),
    Case(
        name="visits that a survey counts without a cost",
        subject=("medical",),
        tables={
            "medical": "event_id | event_date | kind\nM1 | 2023-12-05 | outpatient\nM2 | 2023-12-05 | outpatient\n"
            "M3 | 2023-12-31 | chronic\nM4 | 2023-11-20 | inpatient"
        },
        ordinary={"clinic_visits_12m": 3, "admissions_12m": 1, "outpatient_months_12m": 0, "oop_12m": None},
    ),
    Case(
        name="a claim without an amount beside others: at least what these tell",
        subject=("medical",),
        tables={
            "medical": "event_id | event_date | kind | oop\nM1 | 2023-12-05 | outpatient | 300\n"
            "M2 | 2023-11-20 | inpatient |"
        },
        ordinary={"oop_12m": 300, "admissions_12m": 1, "clinic_visits_12m": 1},
    ),
    Case(
        name="a disease on the register alone costs nothing",
        subject=("medical",),
        tables={"medical": "event_id | event_date | kind\nM1 | 2023-12-05 | chronic_registration"},
        ordinary={"oop_12m": 0, "chronic_members": 1},
    ),
    Case(
        name="insured and without a claim is zero",
        subject=("medical",),
        tables={"medical": (), "enrolment": "scheme\nmedical_resident"},
        ordinary={**zero(*COUNTS), **none(*SHARES)},
    ),
    Case(
        name="enrolled in a pension only is unknown to the medical source",
        subject=("medical",),
        tables={"medical": (), "enrolment": "scheme\npension_resident"},
        ordinary=UNKNOWN,
    ),
)
