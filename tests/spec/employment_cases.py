"""Spec cases of the columns about work."""

from spec.spec_case import Case, none, zero

COUPLE_WITH_CHILD = """
    person_id | relation | birth_date | valid_from
    P1        | head     | 1980-01-01 |
    P2        | spouse   | 1982-01-01 |
    P3        | child    | 2015-01-01 | 2015-01-01
"""
SPELLS = """
    person_id | record_no | form       | start      | end        | industry | hours_week | contributed_until
    P1        | 1         | contract   | 2023-10-01 |            | C        | 40         | 2024-01
    P1        | 2         | platform   | 2024-01-10 |            | O        | 10         |
    P2        | 1         | contract   | 2022-01-01 | 2023-09-30 | E        | 40         | 2023-09
    P2        | 2         | unemployed | 2024-01-01 |            |          |            |
"""
UNKNOWN = none(
    "workers",
    "workers_per_working_age",
    "workers_share",
    "is_zero_employment",
    "unemployed",
    "unemployed_share",
    "head_works",
    "head_is_unemployed",
    "head_has_contract",
    "head_tenure_12m",
    "head_hours_week",
    "hours_week_per_worker",
    "hours_week_per_member",
    "part_time_share",
    "jobs_per_worker",
    "contract_share",
    "dispatch_share",
    "informal_share",
    "self_employed_share",
    "employer_share",
    "platform_worker_share",
    "farm_worker_share",
    "public_service_post_share",
    "manufacturing_share",
    "construction_share",
    "residents_services_share",
    "public_sector_share",
    "spells_ended_12m",
    "newly_unemployed_3m",
    "contribution_breaks",
    "months_since_contribution",
    "contributors_per_working_age",
    "contribution_base_per_worker",
)
FORMS = ("contract", "dispatch", "informal", "self", "employer", "platform", "farm", "public_service_post")

CASES = (
    Case(
        name="a head with two jobs and a spouse who lost hers",
        subject=("employment",),
        tables={"member": COUPLE_WITH_CHILD, "employment": SPELLS},
        ordinary={
            "workers": 1,
            "workers_per_working_age": 0.5,
            "workers_share": 1 / 3,
            "is_zero_employment": 0,
            "unemployed": 1,
            "unemployed_share": 0.5,
            "head_works": 1,
            "head_is_unemployed": 0,
            "head_has_contract": 1,
            "head_tenure_12m": 5,
            "head_hours_week": 50,
            "hours_week_per_worker": 50,
            "hours_week_per_member": 50 / 3,
            "part_time_share": 0,
            "jobs_per_worker": 2,
            "contract_share": 1,
            "platform_worker_share": 1,
            **zero("dispatch_share", "informal_share", "self_employed_share", "employer_share"),
            **zero("farm_worker_share", "public_service_post_share"),
            "manufacturing_share": 1,
            "construction_share": 0,
            "residents_services_share": 1,
            "public_sector_share": 0,
            "spells_ended_12m": 1,
            "newly_unemployed_3m": 1,
            "contribution_breaks": 1,
            "months_since_contribution": 0,
            "contributors_per_working_age": 0.5,
            "contribution_base_per_worker": None,
        },
        nothing=UNKNOWN,
        late=UNKNOWN,
    ),
    Case(
        name="one worker in each form",
        subject=("employment",),
        tables={
            "member": [{"person_id": f"P{n}", "relation": "head" if n == 0 else "sibling"} for n in range(8)],
            "employment": [
                {
                    "person_id": f"P{n}",
                    "form": form,
                    "industry": "ECPQSABC"[n],
                    "hours_week": 20.0 + n * 5,
                    "contribution_base": 100_000 * (n + 1),
                }
                for n, form in enumerate(FORMS)
            ],
        },
        ordinary={
            "workers": 8,
            **dict.fromkeys(
                (
                    "contract_share",
                    "dispatch_share",
                    "informal_share",
                    "self_employed_share",
                    "employer_share",
                    "platform_worker_share",
                    "farm_worker_share",
                    "public_service_post_share",
                    "construction_share",
                ),
                1 / 8,
            ),
            "manufacturing_share": 2 / 8,
            "public_sector_share": 3 / 8,
            "part_time_share": 3 / 8,
            "head_tenure_12m": 12,
            "months_since_contribution": None,
            "contribution_base_per_worker": 450_000,
        },
    ),
    Case(
        name="a head whose only spell is over",
        subject=("employment",),
        tables={"employment": "start | end\n2015-01-01 | 2023-02-28"},
        ordinary={
            "workers": 0,
            "is_zero_employment": 1,
            "head_works": 0,
            "spells_ended_12m": 0,
            "head_tenure_12m": None,
            "contract_share": None,
            "jobs_per_worker": None,
            "unemployed_share": None,
        },
    ),
)
