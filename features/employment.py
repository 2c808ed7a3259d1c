"""Columns about work: who works, in what form, for how long, and what broke off.

A spell is open on the day when it began by then and has not ended before. A household of whom the source never held
any spell is unknown, not without work. Months without a contribution count from the last month that the source has
reported for the area.
"""

from functools import partial
from typing import Final

import polars as pl

from features.feature import feature
from features.windows import YEAR, Roster, holders, month_number, numbered, ratio, share, yes

EMPLOYMENT: Final = ("employment", "household", "member")
FORMS: Final = ("contract", "dispatch", "informal", "self", "employer", "platform", "farm", "public_service_post")
INDUSTRIES: Final = {"manufacturing": ["C"], "construction": ["E"], "services": ["O"], "public": ["P", "Q", "S"]}
"""GB/T 4754 sections: C manufacturing, E construction, O residents' services, P-Q-S public sector."""

FULL_TIME: Final = 35
BREAK_MONTHS: Final = 2
PAID_MONTHS: Final = 6
"""A break is at least two months without a contribution after at least six months paid (trigger EV-JOB1)."""


def measures(roster: Roster) -> pl.LazyFrame:
    """One row per household known to the source: its workers by form, industry and hours, and what ended."""
    day = pl.lit(roster.as_of)
    paid = month_number(pl.col("contributed_until"))
    rows = numbered(roster, "employment").select(
        "_owner",
        "industry",
        "contribution_base",
        pl.col("form").cast(pl.String),
        _open=(pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") >= day)),
        _ended=(pl.col("end") < day) & (pl.col("end") >= day.dt.offset_by("-12mo")),
        _began=(pl.col("start") <= day) & (pl.col("start") > day.dt.offset_by("-3mo")),
        _months=month_number(day) - month_number(pl.col("start")),
        _paid_ago=pl.col("_last") - paid,
        _paid_months=paid - month_number(pl.col("start")) + 1,
        _tenths=(pl.col("hours_week") * 10).round().cast(pl.Int64),
    )
    people = holders(roster, "employment").lazy().select("_owner", "household_id", "relation")
    return _per_household(_per_person(rows).join(people, on="_owner"))


def _per_person(rows: pl.LazyFrame) -> pl.LazyFrame:
    jobless = pl.col("form") == "unemployed"
    works = pl.col("_open") & ~jobless
    return rows.group_by("_owner").agg(
        *((works & (pl.col("form") == form)).any().alias(f"_in_{form}") for form in FORMS),
        *(
            (works & pl.col("industry").is_in(codes)).any().alias(f"_in_{name}")
            for name, codes in INDUSTRIES.items()
        ),
        (works & pl.col("industry").is_not_null()).any().alias("_in_industry"),
        works.any().alias("_works"),
        works.sum().cast(pl.Int64).alias("_jobs"),
        (pl.col("_open") & jobless).any().alias("_jobless"),
        (pl.col("_began") & jobless).any().alias("_newly_jobless"),
        (pl.col("_ended") & ~jobless).sum().cast(pl.Int64).alias("_ended"),
        pl.col("_tenths").filter(works).sum().alias("_tenths"),
        (works & pl.col("_tenths").is_not_null()).any().alias("_hours_known"),
        pl.col("_months").filter(works).max().cast(pl.Int64).alias("_tenure"),
        pl.col("_paid_ago").min().cast(pl.Int64).alias("_paid_ago"),
        pl.col("_paid_months").max().cast(pl.Int64).alias("_paid_months"),
        pl.col("contribution_base").filter(works).sum().alias("_base"),
    )


def _per_household(people: pl.LazyFrame) -> pl.LazyFrame:
    head = pl.col("relation") == "head"
    paid_ago = pl.col("_paid_ago")
    broken = (paid_ago >= BREAK_MONTHS) & (paid_ago < YEAR) & (pl.col("_paid_months") >= PAID_MONTHS)
    part_time = pl.col("_works") & pl.col("_hours_known") & (pl.col("_tenths") < FULL_TIME * 10)

    def number(condition: pl.Expr, name: str) -> pl.Expr:
        return condition.fill_null(False).sum().cast(pl.Int64).alias(name)

    flags = [f"_in_{name}" for name in (*FORMS, *INDUSTRIES, "industry")]
    return people.group_by("household_id").agg(
        *(number(pl.col(flag), flag) for flag in flags),
        number(pl.col("_works"), "_workers"),
        number(pl.col("_jobless") & ~pl.col("_works"), "_jobless"),
        number(pl.col("_newly_jobless") & ~pl.col("_works"), "_newly_jobless"),
        number(pl.col("_hours_known"), "_hours_known"),
        number(part_time, "_part_time"),
        number(paid_ago <= 1, "_contributors"),
        number(broken, "_breaks"),
        pl.col("_jobs", "_ended", "_tenths", "_base").sum(),
        paid_ago.min(),
        pl.col("_works").filter(head).any().alias("_head_works"),
        (pl.col("_jobless") & ~pl.col("_works")).filter(head).any().alias("_head_jobless"),
        pl.col("_in_contract").filter(head).any().alias("_head_contract"),
        pl.col("_tenths").filter(head & pl.col("_hours_known")).max().alias("_head_tenths"),
        pl.col("_tenure").filter(head).max().alias("_head_tenure"),
        head.any().alias("_head_known"),
    )


work = partial(feature, sources=EMPLOYMENT, concept="work", low=0)
form = partial(feature, sources=EMPLOYMENT, concept="employment_form", low=0)
loss = partial(feature, sources=EMPLOYMENT, concept="work_loss", low=0)


def _of_workers(measure: str) -> pl.Expr:
    return share(pl.col(measure), pl.col("_workers"))


def _of_head(measure: str) -> pl.Expr:
    return yes(pl.when(pl.col("_head_known")).then(pl.col(measure)))


@work(zh="就业人数", en="Members in work", unit="persons", high=60)
def workers() -> pl.Expr:
    """Members with an open spell of work. Null where the source never held a spell of any member."""
    return pl.col("_workers")


@work(zh="就业者占劳动年龄人口比", en="Workers per member of working age", unit="ratio", high=5)
def workers_per_working_age() -> pl.Expr:
    """Members with an open spell of work, for each member of 16 to 59.

    Null where nobody is of working age, or the source never held a spell of any member.
    """
    return ratio(pl.col("_workers"), pl.col("_working_age"), 0, 5)


@work(zh="就业者占家庭人口比", en="Workers per member", unit="share", high=1)
def workers_share() -> pl.Expr:
    """Members with an open spell of work, over all members. Null where the source never held a spell of any."""
    return share(pl.col("_workers"), pl.col("_members"))


@work(zh="零就业家庭", en="Zero-employment household", unit="0/1", high=1)
def is_zero_employment() -> pl.Expr:
    """1 where somebody is of working age and nobody has an open spell of work (零就业家庭), else 0.

    Null where the source never held a spell of any member.
    """
    return yes(
        pl.when(pl.col("_workers").is_not_null()).then((pl.col("_workers") == 0) & (pl.col("_working_age") > 0))
    )


@work(zh="登记失业人数", en="Unemployed members", unit="persons", high=60)
def unemployed() -> pl.Expr:
    """Members with an open spell of unemployment and none of work. Null where the source never held a spell."""
    return pl.col("_jobless")


@work(zh="失业占劳动力比", en="Unemployed over the labour force", unit="share", high=1)
def unemployed_share() -> pl.Expr:
    """Unemployed members over the unemployed and the working. Null where there is neither, or no spell at all."""
    return share(pl.col("_jobless"), pl.col("_jobless") + pl.col("_workers"))


@work(zh="户主在业", en="Head works", unit="0/1", high=1)
def head_works() -> pl.Expr:
    """1 where the head has an open spell of work, else 0. Null where the source never held a spell of the head."""
    return _of_head("_head_works")


@work(zh="户主失业", en="Head is unemployed", unit="0/1", high=1)
def head_is_unemployed() -> pl.Expr:
    """1 where the head has an open spell of unemployment and none of work, else 0.

    Null where the source never held a spell of the head.
    """
    return _of_head("_head_jobless")


@work(zh="户主有劳动合同", en="Head has a contract", unit="0/1", high=1)
def head_has_contract() -> pl.Expr:
    """1 where the head has an open spell under a contract, else 0.

    Null where the source never held a spell of the head.
    """
    return _of_head("_head_contract")


@work(zh="户主在岗月数", en="Months in the head's job", unit="months", high=12)
def head_tenure_12m() -> pl.Expr:
    """Months since the head's longest open spell of work began, at most 12.

    Null where the head has none, or the source never held a spell of the head.
    """
    return pl.col("_head_tenure").clip(0, YEAR)


@work(zh="户主每周工时", en="Weekly hours of the head", unit="hours", high=168)
def head_hours_week() -> pl.Expr:
    """Weekly hours of the head over all open spells. Null where they are not recorded or the head does not work."""
    return (pl.col("_head_tenths") / 10).clip(0, 168)


@work(zh="就业者平均每周工时", en="Weekly hours per worker", unit="hours", high=168)
def hours_week_per_worker() -> pl.Expr:
    """Weekly hours over all open spells, for each worker of whom they are recorded. Null where of nobody."""
    return ratio(pl.col("_tenths") / 10, pl.col("_hours_known"), 0, 168)


@work(zh="每人每周工时", en="Weekly hours per member", unit="hours", high=168)
def hours_week_per_member() -> pl.Expr:
    """Weekly hours of all workers for each member of the household. Null where nobody's hours are recorded."""
    return pl.when(pl.col("_hours_known") > 0).then(ratio(pl.col("_tenths") / 10, pl.col("_members"), 0, 168))


@work(zh="非全日制就业者占比", en="Share of part-time workers", unit="share", high=1)
def part_time_share() -> pl.Expr:
    """Workers under 35 hours a week over those whose hours are recorded. Null where of nobody."""
    return share(pl.col("_part_time"), pl.col("_hours_known"))


@work(zh="每名就业者岗位数", en="Jobs per worker", unit="jobs", high=10)
def jobs_per_worker() -> pl.Expr:
    """Open spells of work for each worker. Null where nobody works."""
    return ratio(pl.col("_jobs"), pl.col("_workers"), 0, 10)


@form(zh="合同就业占比", en="Share under contract", unit="share", high=1)
def contract_share() -> pl.Expr:
    """Workers with a contract over all workers. Null where nobody works."""
    return _of_workers("_in_contract")


@form(zh="劳务派遣占比", en="Share dispatched", unit="share", high=1)
def dispatch_share() -> pl.Expr:
    """Workers employed through dispatch over all workers. Null where nobody works."""
    return _of_workers("_in_dispatch")


@form(zh="非正规就业占比", en="Share informal", unit="share", high=1)
def informal_share() -> pl.Expr:
    """Workers in informal employment over all workers. Null where nobody works."""
    return _of_workers("_in_informal")


@form(zh="自雇占比", en="Share self-employed", unit="share", high=1)
def self_employed_share() -> pl.Expr:
    """Self-employed workers over all workers. Null where nobody works."""
    return _of_workers("_in_self")


@form(zh="雇主占比", en="Share of employers", unit="share", high=1)
def employer_share() -> pl.Expr:
    """Workers who employ others over all workers. Null where nobody works."""
    return _of_workers("_in_employer")


@form(zh="平台就业占比", en="Share on platforms", unit="share", high=1)
def platform_worker_share() -> pl.Expr:
    """Workers on platforms (新就业形态) over all workers. Null where nobody works."""
    return _of_workers("_in_platform")


@form(zh="务农占比", en="Share farming", unit="share", high=1)
def farm_worker_share() -> pl.Expr:
    """Farm workers over all workers. Null where nobody works."""
    return _of_workers("_in_farm")


@form(zh="公益性岗位占比", en="Share in public-service posts", unit="share", high=1)
def public_service_post_share() -> pl.Expr:
    """Workers in public-service posts (公益性岗位) over all workers. Null where nobody works."""
    return _of_workers("_in_public_service_post")


def _of_industry(measure: str) -> pl.Expr:
    return share(pl.col(measure), pl.col("_in_industry"))


@form(zh="制造业占比", en="Share in manufacturing", unit="share", high=1)
def manufacturing_share() -> pl.Expr:
    """Workers in section C over those whose industry is recorded. Null where of nobody."""
    return _of_industry("_in_manufacturing")


@form(zh="建筑业占比", en="Share in construction", unit="share", high=1)
def construction_share() -> pl.Expr:
    """Workers in section E over those whose industry is recorded. Null where of nobody."""
    return _of_industry("_in_construction")


@form(zh="居民服务业占比", en="Share in residents' services", unit="share", high=1)
def residents_services_share() -> pl.Expr:
    """Workers in section O over those whose industry is recorded. Null where of nobody."""
    return _of_industry("_in_services")


@form(zh="公共部门占比", en="Share in the public sector", unit="share", high=1)
def public_sector_share() -> pl.Expr:
    """Workers in sections P, Q and S over those whose industry is recorded. Null where of nobody."""
    return _of_industry("_in_public")


@loss(zh="近12月结束的工作", en="Spells of work ended, 12 months", unit="spells", high=60)
def spells_ended_12m() -> pl.Expr:
    """Spells of work of present members that ended in the last 12 months. Null where the source held no spell."""
    return pl.col("_ended")


@loss(zh="近3月新失业人数", en="Newly unemployed, 3 months", unit="persons", high=60)
def newly_unemployed_3m() -> pl.Expr:
    """Members without work whose unemployment was registered in the last 3 months. Null where no spell is held."""
    return pl.col("_newly_jobless")


@loss(zh="断缴人数", en="Members with a contribution break", unit="persons", high=60, direction=1)
def contribution_breaks() -> pl.Expr:
    """Members who paid 6 months or more and then none for 2 to 11 reported months (trigger EV-JOB1).

    Null where the source never held a spell of any member.
    """
    return pl.col("_breaks")


@loss(zh="距上次缴费月数", en="Months since a contribution", unit="months", high=12)
def months_since_contribution() -> pl.Expr:
    """Months from the last month in which any member paid a contribution to the last reported one, at most 12.

    Null where no contribution was ever recorded.
    """
    return pl.col("_paid_ago").clip(0, 12)


@loss(zh="在缴人数占比", en="Contributors per member of working age", unit="ratio", high=5)
def contributors_per_working_age() -> pl.Expr:
    """Members with a contribution in the last 2 reported months, for each of 16 to 59.

    Null where nobody is of working age, or the source never held a spell of any member.
    """
    return ratio(pl.col("_contributors"), pl.col("_working_age"), 0, 5)


@feature(
    zh="每名就业者缴费基数",
    en="Contribution base per worker",
    sources=EMPLOYMENT,
    unit="minor units/month",
    concept="work",
    low=0,
    high=1e12,
    modelled=False,
)
def contribution_base_per_worker() -> pl.Expr:
    """Contribution bases of open spells for each worker. Null where nobody works or no base is recorded."""
    return pl.when((pl.col("_workers") > 0) & (pl.col("_base") > 0)).then(pl.col("_base") / pl.col("_workers"))


FEATURES: Final = (
    workers,
    workers_per_working_age,
    workers_share,
    is_zero_employment,
    unemployed,
    unemployed_share,
    head_works,
    head_is_unemployed,
    head_has_contract,
    head_tenure_12m,
    head_hours_week,
    hours_week_per_worker,
    hours_week_per_member,
    part_time_share,
    jobs_per_worker,
    contract_share,
    dispatch_share,
    informal_share,
    self_employed_share,
    employer_share,
    platform_worker_share,
    farm_worker_share,
    public_service_post_share,
    manufacturing_share,
    construction_share,
    residents_services_share,
    public_sector_share,
    spells_ended_12m,
    newly_unemployed_3m,
    contribution_breaks,
    months_since_contribution,
    contributors_per_working_age,
    contribution_base_per_worker,
)
