"""The kinds of source record: one dataframely schema each, with units, code lists and sensitivity.

Sensitivity classes (PIPL Art. 28): S = social, P = private/sensitive. Identities are in no kind here: they live
in the vault. Stage-B facts (bank, securities, vehicle, property, tax detail, housing fund) are no kind of ours
with a consent or without (社会救助法 Arts. 40-41), so they cannot reach a feature.

Conventions: money is signed integer minor units of the home's currency (fen); a month is the date of its first
day; ids are pseudonyms; every row carries the two dates "when it happened" and ``known_on``.
"""

from collections.abc import Mapping
from typing import Final

import dataframely as dy
import polars as pl

AREA_KINDS: Final = ("urban", "rural")
TENURES: Final = ("own", "rent", "public_rental", "borrowed", "other")
SAFETY_GRADES: Final = ("A", "B", "C", "D")
RELATIONS: Final = (
    "head",
    "spouse",
    "child",
    "child_in_law",
    "grandchild",
    "parent",
    "parent_in_law",
    "grandparent",
    "sibling",
    "other_kin",
    "non_kin",
)
HUKOU_TYPES: Final = ("agricultural", "non_agricultural", "unified")
DIGITAL_TRACES: Final = ("none", "low", "normal")
INCOME_KINDS: Final = (
    "wage",
    "business",
    "farm",
    "platform",
    "property",
    "transfer_pension",
    "transfer_unemployment",
    "transfer_support",
    "transfer_other",
    "assistance",
    "transfer_paid",
    "tax",
)
INCOME_QUALITIES: Final = ("registered", "contribution_base", "declared", "imputed")
EMPLOYMENT_FORMS: Final = (
    "contract",
    "dispatch",
    "informal",
    "self",
    "employer",
    "platform",
    "farm",
    "public_service_post",
    "family_worker",
    "unemployed",
)
MEDICAL_KINDS: Final = ("outpatient", "chronic", "inpatient", "pharmacy", "chronic_registration")
BENEFIT_STATUSES: Final = ("in_payment", "suspended", "stopped", "refused")
SCHEMES: Final = (
    "medical_employee",
    "medical_resident",
    "medical_private",
    "pension_employee",
    "pension_resident",
)
DISABILITY_TYPES: Final = ("visual", "hearing", "speech", "limb", "intellectual", "mental", "multiple")
STAGES: Final = ("kindergarten", "primary", "junior", "senior", "vocational", "higher")
UTILITIES: Final = ("electricity", "water", "gas")


class Record(dy.Schema):
    """What every record carries besides its own facts."""

    known_on = dy.Date(
        description="Day on which the record was known: registration by the department, else arrival"
    )
    known_on_assumed = dy.Bool(description="True where a first load dated the record by an assumed lag")
    void = dy.Bool(description="True on a version that withdraws the record")
    seq = dy.Int64(description="The department's sequence within a day; 0 where it gives none")
    delivery_id = dy.String(description="The delivery that brought the row")


class Household(Record):
    """A household over a validity period, with its dwelling. Class S."""

    household_id = dy.String(description="Pseudonym of the household")
    region = dy.String(regex=r"^\d{2,12}$", description="Area code, up to 12 digits (统计用区划代码)")
    area_kind = dy.Enum(AREA_KINDS, description="Urban or rural, from the 3-digit 城乡分类 code")
    weight = dy.Float64(min=0, nullable=True, description="Survey weight; 1 in registers")
    dwelling_id = dy.String(nullable=True, description="Pseudonym of the dwelling, shared by its households")
    tenure = dy.Enum(TENURES, nullable=True, description="How the dwelling is held")
    dwelling_area_m2 = dy.Float64(min=0, max=2_000, nullable=True, description="Floor area, square metres")
    rooms = dy.Int64(min=0, max=60, nullable=True, description="Rooms lived in")
    dwelling_safety = dy.Enum(SAFETY_GRADES, nullable=True, description="A safe … D dangerous (农村房屋安全)")
    piped_water = dy.Bool(nullable=True, description="Piped water in the dwelling")
    inside_toilet = dy.Bool(nullable=True, description="Toilet inside the dwelling")
    land_mu = dy.Float64(min=0, nullable=True, description="Contracted land, mu")
    valid_from = dy.Date(description="First day of validity")
    valid_to = dy.Date(nullable=True, description="Last day of validity; null = still valid")

    @dy.rule()
    def valid_to_not_before_valid_from(cls) -> pl.Expr:
        """A period that ends before it begins is a mistake."""
        return pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))


class Member(Record):
    """A person in a household over a validity period. Class S; sex and ethnicity serve fairness checks only."""

    person_id = dy.String(description="Pseudonym of the person")
    household_id = dy.String(description="Household to which the person belongs")
    relation = dy.Enum(RELATIONS, description="Relation to the head (GB/T 4761, grouped)")
    sex = dy.Int64(is_in=[0, 1, 2, 9], description="GB/T 2261.1; never a feature")
    birth_date = dy.Date(nullable=True, description="Day of birth")
    age_reported = dy.Int64(min=0, max=130, nullable=True, description="Age where a survey has only that")
    marital = dy.Int64(is_in=[10, 20, 21, 22, 23, 30, 40, 90], nullable=True, description="GB/T 2261.2")
    education = dy.Int64(
        is_in=[10, 20, 30, 40, 60, 70, 80, 90],
        nullable=True,
        description="GB/T 4658: 10 postgraduate, 20 bachelor, 30 college, 40 vocational, 60 senior, 70 junior, "
        "80 primary, 90 none",
    )
    ethnicity = dy.Int64(min=1, max=99, nullable=True, description="GB/T 3304; never a feature")
    hukou_type = dy.Enum(HUKOU_TYPES, nullable=True, description="Kind of household registration")
    hukou_region = dy.String(nullable=True, description="Area code of the household registration")
    is_migrant = dy.Bool(nullable=True, description="Lives elsewhere than where registered")
    coresident = dy.Bool(nullable=True, description="Lives in the dwelling")
    counted = dy.Bool(nullable=True, description="Counted as a co-living family member (办法 Art. 7)")
    digital_trace = dy.Enum(
        DIGITAL_TRACES,
        nullable=True,
        description="How much the person uses digital services; no location, no content",
    )
    death_date = dy.Date(nullable=True, description="Day of death")
    valid_from = dy.Date(description="First day of membership")
    valid_to = dy.Date(nullable=True, description="Last day of membership; null = still a member")

    @dy.rule()
    def valid_to_not_before_valid_from(cls) -> pl.Expr:
        """A period that ends before it begins is a mistake."""
        return pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))

    @dy.rule()
    def birth_not_after_validity(cls) -> pl.Expr:
        """Nobody belongs to a household before being born."""
        return pl.col("birth_date").is_null() | (pl.col("birth_date") <= pl.col("valid_from"))

    @dy.rule()
    def birth_date_or_age(cls) -> pl.Expr:
        """One of the two must tell the age."""
        return pl.col("birth_date").is_not_null() | pl.col("age_reported").is_not_null()


class PersonOrHousehold(Record):
    """A record of one person or of one household, never of both or neither."""

    person_id = dy.String(nullable=True, description="The person, where the record is a person's")
    household_id = dy.String(nullable=True, description="The household, where the record is a household's")

    @dy.rule()
    def one_of_person_and_household(cls) -> pl.Expr:
        """Exactly one of the two ids is given."""
        return pl.col("person_id").is_null() != pl.col("household_id").is_null()


class Income(PersonOrHousehold):
    """Monthly income by kind. Class S. ``assistance`` is social assistance money and no income before it."""

    month = dy.Date(description="First day of the (last) month that the amount covers")
    period_months = dy.Int64(min=1, max=12, description="Months that the amount covers, ending with ``month``")
    kind = dy.Enum(INCOME_KINDS, description="Kind of income (办法 Art. 12), or of what is paid away")
    source_dept = dy.String(description="Code of the department that holds the record")
    record_no = dy.String(description="Number of the record at the department")
    amount = dy.Int64(description="Signed minor units; paid transfers and taxes are negative")
    quality = dy.Enum(INCOME_QUALITIES, description="How the amount is known")

    @dy.rule()
    def month_is_a_first_day(cls) -> pl.Expr:
        """A month is the date of its first day."""
        return pl.col("month").dt.day() == 1

    @dy.rule()
    def not_stage_b(cls) -> pl.Expr:
        """Tax detail (SW) and the housing fund are stage B: not without consent."""
        return ~pl.col("source_dept").is_in(["SW", "GJJ"])


class Employment(Record):
    """A spell of employment, or of registered unemployment (form ``unemployed``). Class S."""

    person_id = dy.String(description="The person who works, or is registered as unemployed")
    start = dy.Date(description="First day of the spell")
    end = dy.Date(nullable=True, description="Last day of the spell; null = still running")
    employer = dy.String(nullable=True, description="Pseudonym of the employer")
    record_no = dy.String(description="Number of the record at the department")
    industry = dy.String(nullable=True, regex=r"^[A-T]$", description="GB/T 4754 section")
    form = dy.Enum(EMPLOYMENT_FORMS, description="Form of work")
    end_reason = dy.String(nullable=True, description="Why the spell ended, in the department's words")
    contribution_base = dy.Int64(min=0, nullable=True, description="Minor units per month; null where none is paid")
    contributed_until = dy.Date(nullable=True, description="First day of the last month with a contribution paid")
    hours_week = dy.Float64(min=0, max=168, nullable=True, description="Usual hours per week")

    @dy.rule()
    def end_not_before_start(cls) -> pl.Expr:
        """A spell that ends before it begins is a mistake."""
        return pl.col("end").is_null() | (pl.col("end") >= pl.col("start"))


class Medical(Record):
    """A medical claim, or the registration of a chronic disease. Class P."""

    person_id = dy.String(description="The patient")
    event_id = dy.String(description="Number of the claim or registration")
    event_date = dy.Date(description="Day of the visit, of admission, or of the registration")
    kind = dy.Enum(MEDICAL_KINDS, description="Kind of care, or the registration of a chronic disease")
    icd10 = dy.String(nullable=True, regex=r"^[A-Z][0-9]{2}(\.[0-9A-Za-z]{1,4})?$", description="Diagnosis, ICD-10")
    serious = dy.Bool(nullable=True, description="On the list of serious diseases (大病)")
    total = dy.Int64(min=0, nullable=True, description="Billed, minor units")
    in_catalogue = dy.Int64(min=0, nullable=True, description="Of this inside the catalogue, minor units")
    basic_paid = dy.Int64(min=0, nullable=True, description="Paid by basic medical insurance, minor units")
    cii_paid = dy.Int64(
        min=0, nullable=True, description="Paid by serious-illness insurance (大病保险), minor units"
    )
    assistance_paid = dy.Int64(
        min=0, nullable=True, description="Paid by medical assistance (医疗救助), minor units"
    )
    supplementary_paid = dy.Int64(min=0, nullable=True, description="Paid by other cover, minor units")
    oop = dy.Int64(min=0, nullable=True, description="Out of pocket after all reimbursement, minor units")
    los_days = dy.Int64(min=0, max=3_660, nullable=True, description="Length of stay, days")

    @dy.rule()
    def oop_not_above_total(cls) -> pl.Expr:
        """Nobody pays more than was billed."""
        return pl.col("oop").is_null() | pl.col("total").is_null() | (pl.col("oop") <= pl.col("total"))


class Benefit(PersonOrHousehold):
    """A month of a programme, or the month of a refusal. Class S."""

    programme = dy.String(regex=r"^[A-Z][A-Z-]{1,7}$", description="Programme code, as in the catalogue (DB, TK …)")
    month = dy.Date(description="First day of the month")
    amount = dy.Int64(min=0, description="Paid for the month, minor units")
    status = dy.Enum(BENEFIT_STATUSES, description="What became of the programme in the month")
    authority = dy.String(nullable=True, description="Who decided")
    decision_no = dy.String(nullable=True, description="Number of the decision")

    @dy.rule()
    def month_is_a_first_day(cls) -> pl.Expr:
        """A month is the date of its first day."""
        return pl.col("month").dt.day() == 1


class Event(PersonOrHousehold):
    """A life event (codes of the trigger library: DTH, JAIL, LOST, DSR, ACC, HSE, DIV, CHD …). Class S/P."""

    event_id = dy.String(description="Number of the event at the department")
    event_code = dy.String(regex=r"^[A-Z0-9]{3,6}$", description="Code of the trigger library")
    event_date = dy.Date(description="Day on which it happened")
    severity = dy.Int64(min=0, max=3, nullable=True, description="0 light … 3 gravest")
    loss = dy.Int64(min=0, nullable=True, description="Loss, minor units")


class Enrolment(Record):
    """Insurance enrolment over a period. Class S."""

    person_id = dy.String(description="The insured person")
    scheme = dy.Enum(SCHEMES, description="Scheme of insurance")
    start = dy.Date(description="First day insured")
    end = dy.Date(nullable=True, description="Last day insured; null = still insured")

    @dy.rule()
    def end_not_before_start(cls) -> pl.Expr:
        """A period that ends before it begins is a mistake."""
        return pl.col("end").is_null() | (pl.col("end") >= pl.col("start"))


class Disability(Record):
    """A disability certificate (残疾人证). Class P."""

    person_id = dy.String(description="The holder")
    issued = dy.Date(description="Day of issue")
    type = dy.Enum(DISABILITY_TYPES, description="Kind of disability (GB/T 26341)")
    level = dy.Int64(min=1, max=4, description="1 most severe")
    expires = dy.Date(nullable=True, description="Last day of validity; null = none given")


class Schooling(Record):
    """A school year of a person. Class S."""

    person_id = dy.String(description="The pupil or student")
    school_year = dy.Int64(min=1_950, max=2_100, description="Year in which it starts")
    stage = dy.Enum(STAGES, description="Stage of schooling")
    public = dy.Bool(nullable=True, description="Public school")
    fee_norm = dy.Int64(min=0, nullable=True, description="Public-school fee norm, minor units per year")
    aid_amount = dy.Int64(min=0, nullable=True, description="Student aid, minor units per year")


class Kin(Record):
    """A duty of support between people of different households. Class S."""

    person_id = dy.String(description="The person owed support")
    kin_id = dy.String(description="The person who owes it")
    relation = dy.Enum(RELATIONS, description="What the second is to the first")


class Utility(Record):
    """A month of a household's electricity, water or gas (permitted auxiliary, 办法 Art. 17). Class S."""

    household_id = dy.String(description="The household supplied")
    month = dy.Date(description="First day of the month")
    kind = dy.Enum(UTILITIES, description="What is supplied")
    quantity = dy.Float64(min=0, nullable=True, description="Used in the month: kWh, or cubic metres")
    arrears_months = dy.Int64(min=0, nullable=True, description="Months in arrears at the end of the month")

    @dy.rule()
    def month_is_a_first_day(cls) -> pl.Expr:
        """A month is the date of its first day."""
        return pl.col("month").dt.day() == 1


KINDS: Final[Mapping[str, type[Record]]] = {
    "household": Household,
    "member": Member,
    "income": Income,
    "employment": Employment,
    "medical": Medical,
    "benefit": Benefit,
    "event": Event,
    "enrolment": Enrolment,
    "disability": Disability,
    "schooling": Schooling,
    "kin": Kin,
    "utility": Utility,
}
REQUIRED_KINDS: Final = ("household", "member")
STAGE_B_KINDS: Final = ("asset", "tax_detail", "housing_fund")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "household": ("household_id", "valid_from"),
    "member": ("person_id", "household_id", "valid_from"),
    "income": ("person_id", "household_id", "month", "kind", "source_dept", "record_no"),
    "employment": ("person_id", "start", "employer", "record_no"),
    "medical": ("person_id", "event_id"),
    "benefit": ("person_id", "household_id", "programme", "month"),
    "event": ("event_id",),
    "enrolment": ("person_id", "scheme", "start"),
    "disability": ("person_id", "issued"),
    "schooling": ("person_id", "school_year"),
    "kin": ("person_id", "kin_id"),
    "utility": ("household_id", "month", "kind"),
}
"""The key of a record; within one delivery a row is unique by (key, known_on)."""

HAPPENED: Final[Mapping[str, str]] = {
    "household": "valid_from",
    "member": "valid_from",
    "income": "month",
    "employment": "start",
    "medical": "event_date",
    "benefit": "month",
    "event": "event_date",
    "enrolment": "start",
    "disability": "issued",
    "utility": "month",
}
"""The column that says when the fact happened; kinds without one are not dated."""
