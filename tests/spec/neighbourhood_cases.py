"""Spec cases of the columns that need the whole population: seven households of one person in one village."""

from spec.spec_case import Case, months, none, zero

SEVEN = range(1, 8)
HOUSEHOLDS = [{"household_id": f"H{n}"} for n in SEVEN]
MEMBERS = [{"person_id": f"P{n}", "household_id": f"H{n}", "education": 90 if n == 1 else 70} for n in SEVEN]
TABLES = {
    "household": HOUSEHOLDS,
    "member": MEMBERS,
    "income": [{"person_id": f"P{n}", "amount": n * 100_000} for n in SEVEN],
    "employment": [{"person_id": f"P{n}", "contribution_base": n * 1_000} for n in SEVEN],
    "medical": "oop\n60000",
}
TO_MEDIAN = (
    "income_to_median_12m",
    "income_to_median_6m",
    "income_to_median_3m",
    "income_per_head_to_median_12m",
    "income_root_to_median_12m",
    "disposable_to_median_12m",
    "head_labour_to_median_12m",
    "labour_per_earner_to_median_12m",
    "labour_per_adult_to_median_12m",
    "contribution_base_to_median",
)
EARLIER = (
    "income_to_median_1y_before",
    "income_to_median_2y_before",
    "income_to_median_mean_3y",
    "income_to_median_lowest_3y",
    "income_to_median_change_1y",
)
KINDS = (
    "wage_to_median_12m",
    "business_to_median_12m",
    "farm_to_median_12m",
    "platform_to_median_12m",
    "property_to_median_12m",
    "pension_to_median_12m",
    "unemployment_benefit_to_median_12m",
    "kin_support_to_median_12m",
    "other_transfer_to_median_12m",
)
RECORDED = (
    "wage",
    "business",
    "farm",
    "platform",
    "property",
    "transfer_pension",
    "transfer_unemployment",
    "transfer_support",
    "transfer_other",
)
UNKNOWN = none(
    *TO_MEDIAN,
    *KINDS,
    *EARLIER,
    "has_catastrophic_sdg2025",
    "oop_per_head_to_median_12m",
    "income_to_neighbours_12m",
    "neighbours_income_to_median_12m",
    "neighbours_workers_share",
)

CASES = (
    Case(
        name="the poorest of seven neighbours",
        subject=("income", "employment", "medical"),
        tables=TABLES,
        ordinary={
            **dict.fromkeys(TO_MEDIAN, 0.25),
            **none(*EARLIER),
            **zero(*KINDS),
            "wage_to_median_12m": 0.25,
            "has_catastrophic_sdg2025": 1,
            "oop_per_head_to_median_12m": 60 / 4_800,
            "income_to_neighbours_12m": 100 / 450,
            "neighbours_income_to_median_12m": 450 / 400,
            "neighbours_workers_share": 1,
        },
        nothing=UNKNOWN,
        late=UNKNOWN,
    ),
    Case(
        name="a place lost over three years",
        subject=("income",),
        tables={
            "household": HOUSEHOLDS,
            "member": MEMBERS,
            "income": [
                {"person_id": f"P{n}", "month": months(month, 1)[0], "amount": (mine if n == 1 else 4) * pay}
                for n in SEVEN
                for month, mine, pay in (("2022-01", 4, 100_000), ("2023-01", 2, 200_000), ("2024-01", 1, 300_000))
            ],
        },
        ordinary={
            "income_to_median_12m": 0.25,
            "income_to_median_1y_before": 0.5,
            "income_to_median_2y_before": 1,
            "income_to_median_mean_3y": (0.25 + 0.5 + 1) / 3,
            "income_to_median_lowest_3y": 0.25,
            "income_to_median_change_1y": -0.25,
        },
    ),
    Case(
        name="kinds of income, each against the median of all of it",
        subject=("income",),
        tables={
            "household": HOUSEHOLDS,
            "member": MEMBERS,
            "income": [
                *(
                    {"person_id": "P1", "kind": kind, "amount": (-n if kind == "business" else n) * 1_000}
                    for n, kind in enumerate(RECORDED, 1)
                ),
                *({"person_id": f"P{n}", "amount": 100_000} for n in SEVEN if n > 1),
            ],
        },
        ordinary={name: n / 100 for n, name in enumerate(KINDS, 1)} | {"business_to_median_12m": -0.02},
    ),
    Case(
        name="schooling of the neighbours",
        subject=("member",),
        tables={"household": HOUSEHOLDS, "member": MEMBERS},
        ordinary={"neighbours_schooling_years": 9},
        nothing=none("neighbours_schooling_years"),
        late=none("neighbours_schooling_years"),
    ),
    Case(
        name="four neighbours are no neighbourhood",
        subject=("income",),
        tables={**TABLES, "household": HOUSEHOLDS[:5], "member": MEMBERS[:5]},
        ordinary=none("income_to_neighbours_12m", "neighbours_income_to_median_12m", "neighbours_schooling_years"),
    ),
)
