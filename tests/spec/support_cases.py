"""Spec cases of the columns about benefits, insurance, events, disability, school and utilities."""

from spec.spec_case import Case, months, none, zero

BENEFITS = [
    *({"household_id": "H1", "programme": "DB", "month": month} for month in months("2023-02", 7)),
    *({"person_id": "P1", "programme": code, "month": months("2024-01", 1)[0]} for code in ("CJ-H", "GL", "SW")),
    *({"household_id": "H1", "programme": code, "month": months("2024-01", 1)[0]} for code in ("ZF", "JYJ")),
    {"person_id": "P1", "programme": "SY", "month": months("2023-11", 1)[0]},
    {"person_id": "P1", "programme": "LS-E", "month": months("2023-12", 1)[0]},
    {"household_id": "H1", "programme": "BY", "month": months("2023-10", 1)[0], "status": "refused"},
]
NO_BENEFIT = {
    **zero(
        "has_db",
        "has_tk",
        "has_margin_status",
        "has_disability_benefit",
        "has_child_benefit",
        "has_old_age_allowance",
        "has_housing_assistance",
        "has_education_aid",
        "has_unemployment_benefit",
        "programmes_in_payment",
        "months_supported_12m",
        "temporary_relief_12m",
        "exits_12m",
        "unemployment_benefit_ended_12m",
        "refusals_12m",
    ),
    **none("months_since_exit"),
}
FOUR = """
    person_id | relation  | birth_date | valid_from
    P1        | head      | 1980-01-01 |
    P2        | spouse    | 1982-01-01 |
    P3        | child     | 2015-01-01 | 2015-01-01
    P4        | sibling   | 1990-01-01 |
"""
COVER = """
    person_id | scheme           | start      | end
    P1        | medical_employee | 2020-01-01 |
    P1        | pension_employee | 2020-01-01 |
    P2        | medical_resident | 2020-01-01 | 2023-12-31
    P4        | medical_private  | 2020-01-01 |
"""
NO_COVER = zero(
    "health_cover_share",
    "employee_health_share",
    "private_health_share",
    "pension_cover_share",
    "health_cover_lapsed_12m",
)
EVENTS = """
    event_id | event_code | event_date | severity
    E1       | DTH        | 2023-09-03 | 3
    E2       | JAIL       | 2023-03-02 | 2
    E3       | LOST       | 2024-03-01 | 1
    E4       | EDU1       | 2023-11-02 |
    E5       | DSR        | 2024-03-01 |
    E6       | ACC        | 2023-11-02 |
    E7       | HSE        | 2023-03-02 |
    E8       | DIV        | 2023-09-03 |
    E9       | CHD        | 2024-03-01 |
    E10      | BIZ        | 2023-11-02 |
    E11      | CALL       | 2024-01-01 |
    E12      | DTH        | 2022-09-03 |
"""
DECAYED = (
    "death_decayed",
    "detention_decayed",
    "parent_lost_decayed",
    "dropout_decayed",
    "disaster_decayed",
    "accident_decayed",
    "housing_event_decayed",
    "family_break_decayed",
    "unguarded_child_decayed",
    "business_closed_decayed",
    "hotline_decayed",
)
NO_EVENT = {**zero(*DECAYED, "event_score", "events_12m", "severe_events_12m"), **none("days_since_event")}
THREE = """
    person_id | relation | birth_date
    P1        | head     | 1980-01-01
    P2        | spouse   | 1982-01-01
    P3        | parent   | 1950-01-01
"""
CERTIFICATES = """
    person_id | level | issued     | expires
    P1        | 2     | 2023-10-01 |
    P2        | 4     | 2015-01-01 |
    P3        | 1     | 2010-01-01 | 2020-01-01
"""
NO_CERTIFICATE = zero(
    "disabled_members",
    "severely_disabled_members",
    "disabled_share",
    "disabled_of_working_age_share",
    "new_severe_disability_12m",
)
PUPILS = """
    person_id | relation | birth_date | valid_from
    P1        | head     | 1975-01-01 |
    P2        | child    | 2014-01-01 | 2014-01-01
    P3        | child    | 2007-01-01 | 2007-01-01
    P4        | child    | 2004-06-01 | 2004-06-01
"""
YEARS = """
    person_id | school_year | stage   | fee_norm | aid_amount
    P2        | 2022        | primary |          |
    P3        | 2023        | senior  | 100000   | 20000
    P4        | 2023        | higher  | 500000   |
"""
NO_SCHOOL = zero(
    "members_at_school",
    "students_beyond_compulsory",
    "students_in_higher_education",
    "children_out_of_school",
    "school_fees_net",
)
METERS = [
    *({"month": month, "quantity": 100.0} for month in months("2023-02", 9)),
    *({"month": month, "quantity": 50.0} for month in months("2023-11", 3)),
    {"month": months("2024-01", 1)[0], "kind": "water", "arrears_months": 3},
]
NO_METER = none("arrears_months_3m", "has_arrears", "electricity_drop_3m")

CASES = (
    Case(
        name="minimum living ended, others are in payment",
        subject=("benefit",),
        tables={"benefit": BENEFITS},
        ordinary={
            **zero("has_db", "has_tk", "has_margin_status", "has_unemployment_benefit"),
            "has_disability_benefit": 1,
            "has_child_benefit": 1,
            "has_old_age_allowance": 1,
            "has_housing_assistance": 1,
            "has_education_aid": 1,
            "programmes_in_payment": 5,
            "months_supported_12m": 7,
            "temporary_relief_12m": 1,
            "exits_12m": 1,
            "months_since_exit": 5,
            "unemployment_benefit_ended_12m": 1,
            "refusals_12m": 1,
        },
        nothing=NO_BENEFIT,
        late=NO_BENEFIT,
    ),
    Case(
        name="means-tested programmes in payment",
        subject=("benefit",),
        tables={
            "benefit": "household_id | person_id | programme | month\n"
            "H1 | - | DB | 2024-01\n- | P1 | TK | 2024-01\nH1 | - | GX | 2024-01\n- | P1 | SY | 2024-01"
        },
        ordinary={
            "has_db": 1,
            "has_tk": 1,
            "has_margin_status": 1,
            "has_unemployment_benefit": 1,
            "exits_12m": 0,
            "months_supported_12m": 1,
        },
    ),
    Case(
        name="a suspended benefit is not in payment",
        subject=("benefit",),
        tables={"benefit": "programme | month | status\nDB | 2023-12 | in_payment\nDB | 2024-01 | suspended"},
        ordinary={"has_db": 0, "exits_12m": 1, "months_since_exit": 1, "programmes_in_payment": 0},
    ),
    Case(
        name="insurance of four",
        subject=("enrolment",),
        tables={"member": FOUR, "enrolment": COVER},
        ordinary={
            "health_cover_share": 0.5,
            "employee_health_share": 0.25,
            "private_health_share": 0.25,
            "pension_cover_share": 1 / 3,
            "health_cover_lapsed_12m": 1,
        },
        nothing=NO_COVER,
        late=NO_COVER,
    ),
    Case(
        name="events at their half-lives and at the day",
        subject=("event",),
        tables={"event": EVENTS},
        ordinary={
            **dict.fromkeys(DECAYED, 0.5),
            **dict.fromkeys(("parent_lost_decayed", "disaster_decayed", "unguarded_child_decayed"), 1),
            "event_score": 22.5,
            "events_12m": 11,
            "severe_events_12m": 2,
            "days_since_event": 0,
        },
        nothing=NO_EVENT,
        late=NO_EVENT,
    ),
    Case(
        name="the death of a member stays with the household, what happened after leaving it does not",
        subject=("event",),
        tables={
            "member": "person_id | relation | death_date | valid_to\nP1 | head | |\n"
            "P2 | spouse | 2024-03-01 |\nP3 | child | | 2023-12-31",
            "event": "person_id | event_id | event_code | event_date\nP2 | E1 | DTH | 2024-03-01\n"
            "P3 | E2 | ACC | 2024-02-01",
        },
        ordinary={"death_decayed": 1, "accident_decayed": 0, "events_12m": 1},
    ),
    Case(
        name="two certificates, one expired",
        subject=("disability",),
        tables={"member": THREE, "disability": CERTIFICATES},
        ordinary={
            "disabled_members": 2,
            "severely_disabled_members": 1,
            "disabled_share": 2 / 3,
            "disabled_of_working_age_share": 1,
            "new_severe_disability_12m": 1,
        },
        nothing=NO_CERTIFICATE,
        late=NO_CERTIFICATE,
    ),
    Case(
        name="one child missing, two students",
        subject=("schooling",),
        tables={"member": PUPILS, "schooling": YEARS},
        ordinary={
            "members_at_school": 2,
            "students_beyond_compulsory": 2,
            "students_in_higher_education": 1,
            "children_out_of_school": 1,
            "school_fees_net": 580_000,
        },
        nothing=NO_SCHOOL,
        late=NO_SCHOOL,
    ),
    Case(
        name="half the electricity and arrears with the water",
        subject=("utility",),
        tables={"utility": METERS},
        ordinary={"arrears_months_3m": 3, "has_arrears": 1, "electricity_drop_3m": 0.5},
        nothing=NO_METER,
        late=NO_METER,
    ),
)
