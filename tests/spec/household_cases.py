"""Spec cases of the columns about members and dwelling."""

from spec.spec_case import Case, none

FAMILY = """
    person_id | relation | birth_date | marital | education | is_migrant | valid_from | valid_to
    P1        | head     | 1980-05-01 | 20      | 70        | true       |            |
    P2        | spouse   | 1985-03-02 | 20      | 80        | false      |            |
    P3        | child    | 2014-01-01 |         |           |            | 2014-01-01 |
    P4        | child    | 2020-01-01 |         |           |            | 2023-06-01 |
    P5        | parent   | 1940-01-01 | 30      | 90        |            |            |
    P6        | sibling  | 1990-01-01 |         | 20        |            |            | 2023-12-31
"""
ALONE = {
    "household_size": 1,
    "equivalent_adults": 1,
    "children": 0,
    "children_under_6": 0,
    "members_6_to_13": 0,
    "members_14_to_17": 0,
    "members_18_to_24": 0,
    "members_25_to_59": 1,
    "elders": 0,
    "members_80_plus": 0,
    "working_age_share": 1,
    "dependants_per_working_age": 0,
    "is_lone_elder": 0,
    "is_elders_only": 0,
    "is_single_parent": 0,
    "is_skip_generation": 0,
    "head_age": 44,
    "oldest_age": 44,
    "youngest_age": 44,
    "adult_age_mean": 44,
    "members_joined_12m": 0,
    "members_left_12m": 0,
    **none(
        "head_has_partner",
        "head_is_widowed",
        "head_is_divorced",
        "head_never_married",
        "migrant_share",
        "head_schooling_years",
        "adult_schooling_years_max",
        "adult_schooling_years_mean",
        "adults_below_junior_share",
        "adults_senior_share",
    ),
}
NO_DWELLING = none(
    "members_per_room",
    "dwelling_area_per_head",
    "owns_dwelling",
    "rents_dwelling",
    "dwelling_safety_grade",
    "has_piped_water",
    "has_inside_toilet",
    "land_per_head",
)


def people(*rows: str) -> str:
    """Members of H1 by relation, birth date and marital status."""
    return "\n".join(
        ["person_id | relation | birth_date | marital", *(f"P{n} | {row}" for n, row in enumerate(rows))]
    )


CASES = (
    Case(
        name="a family of three generations",
        subject=("member",),
        tables={"member": FAMILY},
        ordinary={
            "household_size": 5,
            "equivalent_adults": 2.6,
            "children": 2,
            "children_under_6": 1,
            "members_6_to_13": 1,
            "members_14_to_17": 0,
            "members_18_to_24": 0,
            "members_25_to_59": 2,
            "elders": 1,
            "members_80_plus": 1,
            "working_age_share": 0.4,
            "dependants_per_working_age": 1.5,
            "is_lone_elder": 0,
            "is_elders_only": 0,
            "is_single_parent": 0,
            "is_skip_generation": 0,
            "head_age": 43,
            "oldest_age": 84,
            "youngest_age": 4,
            "adult_age_mean": 55,
            "head_has_partner": 1,
            "head_is_widowed": 0,
            "head_is_divorced": 0,
            "head_never_married": 0,
            "migrant_share": 0.5,
            "members_joined_12m": 1,
            "members_left_12m": 1,
            "head_schooling_years": 9,
            "adult_schooling_years_max": 9,
            "adult_schooling_years_mean": 5,
            "adults_below_junior_share": 2 / 3,
            "adults_senior_share": 0,
        },
        nothing=ALONE,
        late=ALONE,
    ),
    Case(
        name="a lone elder who is widowed",
        subject=("member",),
        tables={"member": people("head | 1950-01-01 | 30")},
        ordinary={
            "is_lone_elder": 1,
            "is_elders_only": 1,
            "head_is_widowed": 1,
            "head_has_partner": 0,
            "working_age_share": 0,
            "dependants_per_working_age": None,
        },
    ),
    Case(
        name="a divorced parent with a grown child",
        subject=("member",),
        tables={"member": people("head | 1960-01-01 | 40", "child | 1999-12-01 |")},
        ordinary={"is_single_parent": 0, "head_is_divorced": 1, "household_size": 2},
    ),
    Case(
        name="members at both ends of each band of age",
        subject=("member",),
        tables={
            "member": "person_id | relation | birth_date | valid_from\n"
            + "\n".join(
                f"P{age} | {'head' if age == 60 else 'child'} | {2024 - age}-03-01 | 2023-12-01"
                for age in (5, 6, 13, 14, 17, 18, 24, 25, 59, 60)
            )
        },
        ordinary={
            "children_under_6": 1,
            "members_6_to_13": 2,
            "members_14_to_17": 2,
            "members_18_to_24": 2,
            "members_25_to_59": 2,
            "elders": 1,
        },
    ),
    Case(
        name="one adult with a minor",
        subject=("member",),
        tables={
            "member": "person_id | relation | birth_date | marital | valid_from\n"
            "P1 | head | 1985-01-01 | 10 |\n P2 | child | 2015-01-01 | | 2015-01-01"
        },
        ordinary={"is_single_parent": 1, "head_never_married": 1, "is_skip_generation": 0},
    ),
    Case(
        name="a grandmother with a grandchild, ages reported",
        subject=("member",),
        tables={
            "member": "person_id | relation | birth_date | age_reported\n"
            "P1 | head | - | 65\nP2 | grandchild | - | 8"
        },
        ordinary={"is_skip_generation": 1, "is_single_parent": 1, "head_age": 65, "equivalent_adults": 1.3},
    ),
    Case(
        name="a head who died is no member, and no head",
        subject=("member",),
        tables={
            "member": "person_id | relation | birth_date | death_date\n"
            "P1 | head | 1970-01-01 | 2023-12-01\nP2 | spouse | 1972-01-01 |"
        },
        ordinary={"household_size": 1, "head_age": None, "members_left_12m": 1, "oldest_age": 52},
    ),
    Case(
        name="a household whose record is younger than a year",
        subject=("household",),
        tables={"household": "valid_from\n2023-06-01"},
        ordinary=none("members_joined_12m", "members_left_12m"),
    ),
    Case(
        name="a rented dwelling",
        subject=("household",),
        tables={
            "household": "tenure | rooms | dwelling_area_m2 | dwelling_safety | piped_water | inside_toilet | "
            "land_mu\nrent | 2 | 40 | C | true | false | 3.5",
        },
        ordinary={
            "members_per_room": 0.5,
            "dwelling_area_per_head": 40,
            "owns_dwelling": 0,
            "rents_dwelling": 1,
            "dwelling_safety_grade": 2,
            "has_piped_water": 1,
            "has_inside_toilet": 0,
            "land_per_head": 3.5,
        },
        nothing=NO_DWELLING,
        late=NO_DWELLING,
    ),
)
