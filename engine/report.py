"""The report of a night, for the people who answer for it: one page, generated from the night's manifest.

Its headings follow model cards (Mitchell et al. 2019), the UK Algorithmic Transparency Recording Standard, Annex IV
of the EU AI Act, and PIPL Arts. 24 and 55-56.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from engine.html import page
from engine.nights import SixNumbers
from features.catalog import by_name
from outreach import wording_casework as casework
from outreach import wording_drafting
from outreach import wording_night as words
from outreach.bands import RISKS
from outreach.wording import Text, day, same

FEW: Final = 7
STEP: Final = 5
POPULATIONS: Final = {
    "everybody": Text("全部家庭", "everybody"),
    "entry": Text("过去一年不困难的（新发生）", "entry: not poor in the past year"),
    "unsupported": Text("没有在保的", "unsupported: no benefit in payment"),
}
CONTENDERS: Final = {
    "model": Text("模型", "model"),
    "last_status": Text("末次已知状态", "last known status"),
    "income_rule": Text("只看收入的规则", "income-only rule"),
    "logistic": Text("逻辑回归", "logistic regression"),
    "random": Text("随机", "chance"),
}
SIX: Final = {
    "read": Text("读入记录", "records read"),
    "quarantined": Text("隔离记录", "quarantined"),
    "scored": Text("评估家庭", "households scored"),
    "listed": Text("列入名单", "households listed"),
    "sent": Text("发出名单", "lists sent"),
    "answered": Text("已有结果", "visits answered"),
}
PURPOSE: Final = (
    Text(
        "用途：每晚把各部门已有的记录合在一起，建议经办人员先去看望哪些可能需要救助而没有提出的家庭。",
        "What it is for: every night it joins records that departments hold and suggests which households a "
        "caseworker should visit first: those that may need assistance and have not asked.",
    ),
    Text(
        "不得用于：决定、减少或停止任何待遇；公示；拒绝任何人的申请；评价任何个人。",
        "What it must not do: decide, reduce or stop a benefit; be published; turn down an application; judge "
        "a person.",
    ),
    Text(
        "谁来决定：乡镇（街道）和县级民政部门依法审核确认；作出不利决定前听取意见并书面说明理由"
        "（《社会救助法》第44、48条）。",
        "Who decides: the township and the county civil affairs office, by law; before anything adverse the "
        "household is heard and told the reasons in writing (Social Assistance Law, Arts. 44 and 48).",
    ),
)
LIMITS: Final = (
    Text(
        "没有登记的收入和支出看不到：没有记录不等于没有困难，也不等于有困难。",
        "Income and costs that nobody registered are not seen: a blank is neither good news nor bad.",
    ),
    Text(
        "存款、房产、车辆等财产在家庭授权以前不查，不用于筛查。",
        "Savings, property and vehicles are not looked at before the household consents, and never for screening.",
    ),
    Text(
        "建议不是结论：名单上会有不困难的家庭，名单外也会有困难的家庭；随机走访用来估计漏掉多少。",
        "A suggestion is no verdict: some on the list are not in need, some in need are not on it; the visits by "
        "lot estimate how many are missed.",
    ),
)
LABELS: Final = {
    "title": Text("夜间运行报告", "Report of the night"),
    "held": Text("名单暂缓发出", "The lists are held"),
    "changed": Text("与上一夜相比", "What changed since the night before"),
    "first": Text("这是第一夜，没有可比。", "This is the first night; there is nothing to compare with."),
    "sources": Text("各来源的新旧与缺失", "Freshness and missing data, by source"),
    "source": Text("来源", "Source"),
    "rows": Text("记录", "Rows"),
    "accepted": Text("接收", "Accepted"),
    "quarantined": Text("隔离", "Quarantined"),
    "matched": Text("找到主人", "Found their owner"),
    "last_known": Text("最近得知", "Last known on"),
    "days_old": Text("距今天数", "Days old"),
    "months": Text("月份", "Months"),
    "absent": Text("没有提供", "Not delivered"),
    "unknown": Text("未知", "unknown"),
    "confirmed": Text("建议走访的，有多少核实有需要", "Of 100 suggested, how many were confirmed"),
    "fairness": Text("是否漏掉某些人群", "Whether some groups are missed"),
    "overrides": Text("人改了机器的什么，为什么", "What people overrode, and why"),
    "models": Text("模型有多准", "How well the models find"),
    "candidate": Text(
        "这是候选模型的数字；它没有启用。", "These are the figures of a candidate; it is not in use."
    ),
    "contender": Text("比较对象", "Contender"),
    "households": Text("家庭数", "Households"),
    "base": Text("其中困难", "Of these in need"),
    "precision": Text("前 10% 中真正困难", "In need among the top 10 %"),
    "recall": Text("前 10% 找到了多少", "Share found in the top 10 %"),
    "auc": same("AUC"),
    "average_precision": Text("平均精度", "Average precision"),
    "log_loss": Text("对数损失", "Log loss"),
    "shift": Text("数据与训练时相比变了多少", "How far the data are from what the models learnt from"),
    "shadow": Text("在旁试算、不上名单的模型", "Models that score in the shadow and list nobody"),
    "lanes": Text("为什么上名单", "Why households are listed"),
    "left_out": Text("为什么没上名单", "Why households are left out"),
    "count": Text("户数", "Households"),
    "suppressed": Text(
        "本页户数：7 户及以下不显示，其余凑到 5 的倍数。",
        "Counts of households in these tables: 7 and under are not shown, the rest are rounded to 5.",
    ),
    "push": Text("名单通知（截至本报告生成时）", "Messages that lists are there, when this was written"),
    "limits": Text("局限", "Limits"),
    "objections": Text("有异议找谁", "Whom to object to"),
    "made_from": Text("由什么生成", "Made from"),
}


@dataclass(frozen=True)
class NightReport:
    """What the report is made from.

    ``manifest`` is the night's own; ``previous`` that of the night before (None: the first). ``experiments`` holds
    the experiment of each risk as JSON values, ``not_fetched`` the departments' databases that could not be read
    when they were due (``since`` a day, and ``why``), ``push`` the messages by channel,
    ``confirmed`` and ``overrides`` what visits confirmed so far and what people overrode since the night before
    (``engine.confirmed``). Nothing here names a person or a household.
    """

    manifest: Mapping[str, Any]
    numbers: SixNumbers
    experiments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None
    objections: Text = casework.WHOM_TO_OBJECT
    not_fetched: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    confirmed: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Mapping[str, Any]] = ()
    push: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureRow:
    """The figures of one contender on one population; a figure that could not be computed is "–"."""

    population: Text
    contender: Text
    figures: tuple[str, ...]


def shown(count: int) -> str:
    """A count of households as reports show it: 7 and under suppressed, others to the nearest five."""
    return f"≤ {FEW}" if count <= FEW else f"{STEP * ((count + STEP // 2) // STEP):,}"


def told_count(households: int) -> int | None:
    """The same for machines: null for seven and fewer, else to the nearest five."""
    return None if households <= FEW else STEP * ((households + STEP // 2) // STEP)


def night_page(report: NightReport) -> bytes:
    """The report as one self-contained page in Chinese and English."""
    manifest = report.manifest
    return page(
        "night.html.j2",
        title=LABELS["title"],
        when=day(date.fromisoformat(manifest["business_date"])),
        label=LABELS,
        purpose=PURPOSE,
        held=manifest.get("held_reason"),
        notices=_notices(manifest),
        six=[(SIX[name], f"{value:,}") for name, value in vars(report.numbers).items()],
        changes=_changes(manifest, report.previous),
        sources=[_source(row, manifest["business_date"]) for row in manifest.get("sources", ())],
        asked_by=words.ASKED_BY,
        confirmed=words.confirmed(report.confirmed, shown),
        fairness=words.fair(report.experiments),
        no_gate=words.NO_GATE,
        overrides=words.overridden(report.overrides, shown),
        absent=[*_absent(manifest), *_not_fetched(report)],
        experiments=[
            _experiment(report, risk, experiment) for risk, experiment in sorted(report.experiments.items())
        ],
        shifts=_shifts(manifest),
        shadow=[_shadow(risk, told) for risk, told in sorted(manifest.get("shadow", {}).items())],
        lanes=_counts(manifest.get("lanes", {}), casework.LANES_OF_THE_REPORT),
        left_out=_counts(manifest.get("left_out", {}), casework.LEFT_OUT),
        drafting=wording_drafting.sections(manifest, shown),
        push=[_push(name, told) for name, told in sorted(report.push.items())],
        limits=LIMITS,
        objections=report.objections,
        facts=_facts(manifest),
    )


def human_part(report: NightReport) -> dict[str, Any]:
    """The same in words for the manifest: purpose, notices, the six numbers, limits, whom to object to."""
    texts = {
        "purpose": PURPOSE,
        "notices": _notices(report.manifest),
        "limits": LIMITS,
        "objections": (report.objections,),
    }
    said = {name: [{"zh": text.zh, "en": text.en} for text in listed] for name, listed in texts.items()}
    return {**said, "six_numbers": dict(vars(report.numbers))}


def _notices(manifest: Mapping[str, Any]) -> tuple[Text, ...]:
    return () if manifest.get("models") else (casework.NO_MODEL,)


def _absent(manifest: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """What the bureau lacks, sources and risks, each with its reason."""
    lacks: Mapping[str, str] = manifest.get("lacks", {})
    return [(RISKS.get(kind, casework.source_name(kind)), same(why)) for kind, why in sorted(lacks.items())]


def _not_fetched(report: NightReport) -> list[tuple[Text, Text]]:
    """Sources whose database could not be read, since when and why."""
    return [
        (
            same(name),
            Text(f"自 {each['since']} 起未能读取：{each['why']}", f"not read since {each['since']}: {each['why']}"),
        )
        for name, each in sorted(report.not_fetched.items())
    ]


def _changes(manifest: Mapping[str, Any], previous: Mapping[str, Any] | None) -> list[Text]:
    if previous is None:
        return [LABELS["first"]]
    named = {
        "models": Text("启用的模型变了", "another model is in use"),
        "policy_sha256": Text("名单政策变了", "the drafting policy has changed"),
        "programmes": Text("政策包变了", "the pack of programmes has changed"),
        "code_version": Text("程序版本变了", "the code has changed"),
        "lacks": Text("缺少的来源变了", "the sources that are lacking have changed"),
    }
    said = [text for name, text in named.items() if manifest.get(name) != previous.get(name)]
    new = len(set(_ids(manifest)) - set(_ids(previous)))
    if new:
        said.append(Text(f"新到 {new} 批数据", f"{new} new {'delivery' if new == 1 else 'deliveries'}"))
    since = day(date.fromisoformat(previous["business_date"]))
    return [
        Text(f"上一夜：{since.zh}", f"the night before: {since.en}"),
        *(said or [Text("输入没有变化", "the inputs are the same")]),
        *words.compared(manifest, previous, shown),
    ]


def _ids(manifest: Mapping[str, Any]) -> list[str]:
    return [str(each) for each in manifest.get("deliveries", ())]


def _source(row: Mapping[str, Any], night: str) -> tuple[Text, tuple[Text, ...]]:
    rate, months, last = row.get("match_rate"), row.get("months"), row.get("last_known_on")
    age = None if last is None else (date.fromisoformat(night) - date.fromisoformat(last)).days
    return casework.source_name(row["name"]), (
        same(f"{row['rows']:,}"),
        same(f"{row['accepted']:,}"),
        same(f"{row['quarantined']:,}"),
        same("–" if rate is None else f"{100 * rate:.0f}%"),
        LABELS["unknown"] if last is None else day(date.fromisoformat(last)),
        same("–" if age is None else f"{age:,}"),
        same("–" if months is None else " – ".join(months)),
    )


def _shifts(manifest: Mapping[str, Any]) -> list[tuple[Text, list[Text]]]:
    """By risk: the scores, the columns that have moved, the sources that they are of."""
    told = []
    for risk, each in sorted(manifest.get("shift", {}).items()):
        psi, sources = each["score_psi"], [casework.source_name(name) for name in each["sources"]]
        band = casework.BANDS_OF_SHIFT[each["score_band"]]
        number = "" if psi is None else f" (PSI {psi:.2f})"
        said = [
            Text(f"分数：{band.zh}{number}", f"scores: {band.en}{number}"),
            Text(
                f"决定分数的列中，权重 {each['out']:.0%} 超出范围，{each['notable']:.0%} 明显变化",
                f"of what moves the score, {each['out']:.0%} is out of depth and {each['notable']:.0%} has moved "
                "notably",
            ),
        ]
        for column in each["columns"]:
            item, moved = by_name(column["name"]), casework.BANDS_OF_SHIFT[column["band"]]
            said.append(
                Text(
                    f"{item.label_zh}：{moved.zh}（{column['effect']:.2f}）",
                    f"{item.label_en}: {moved.en} ({column['effect']:.2f})",
                )
            )
        if sources:
            listed = Text("、", ", ").join(sources)
            said.append(Text(f"超出范围的来源：{listed.zh}", f"sources that are out of depth: {listed.en}"))
        told.append((RISKS.get(risk, same(risk)), said))
    return told


def _experiment(report: NightReport, risk: str, experiment: Mapping[str, Any]) -> dict[str, Any]:
    unavailable = experiment.get("unavailable")
    promotion = experiment.get("promotion") or {}
    used = report.manifest.get("models", {}).get(risk)
    return {
        "risk": RISKS.get(risk, same(risk)),
        "unavailable": None if unavailable is None else Text(unavailable["zh"], unavailable["en"]),
        "in_use": used is not None and experiment.get("model_id", used) == used,
        "rows": [] if unavailable is not None else _figure_rows(experiment),
        "reasons": [Text(reason["zh"], reason["en"]) for reason in promotion.get("reasons", ())],
    }


def _shadow(risk: str, told: Mapping[str, Any]) -> Text:
    """How the challenger of a risk compares with the model that serves."""
    name = RISKS.get(risk, same(risk))
    if told["mean"] is None:
        return Text(
            f"{name.zh}：没有在用的模型可比，平均概率 {told['challenger_mean']:.3f}",
            f"{name.en}: no model serves to compare with; mean chance {told['challenger_mean']:.3f}",
        )
    rank = _number(told["rank_correlation"], few=False, percent=False)
    stays = _number(told["list_stays"], few=False, percent=True)
    means = f"{told['mean']:.3f} → {told['challenger_mean']:.3f}"
    return Text(
        f"{name.zh}：排序相关 {rank}，名单相同 {stays}，平均概率 {means}",
        f"{name.en}: rank correlation {rank}, the same households on the list {stays}, mean chance {means}",
    )


def _push(channel: str, told: Mapping[str, Any]) -> Text:
    """How many messages of a channel were delivered, wait and were given up."""
    delivered, waiting, dead = (told[name] for name in ("delivered", "waiting", "dead"))
    return Text(
        f"{channel}：已送达 {delivered}，等待 {waiting}，未能送达 {dead}",
        f"{channel}: {delivered} delivered, {waiting} waiting, {dead} given up",
    )


def _figure_rows(experiment: Mapping[str, Any]) -> list[FigureRow]:
    rows = []
    for population, name in POPULATIONS.items():
        for contender, called in CONTENDERS.items():
            figures = experiment.get(contender)
            if figures is not None and population != "everybody":
                figures = figures.get(population)
            if figures:
                rows.append(FigureRow(name, called, _figures(figures)))
    return rows


def _figures(figures: Mapping[str, Any]) -> tuple[str, ...]:
    n, positives = figures.get("n", 0), figures.get("positives")
    few = positives is not None and positives <= FEW
    shares = ("base_rate", "precision_at_10pct", "recall_at_10pct")
    measures = ("auc", "average_precision", "log_loss")
    said = [_number(figures.get(name), few, percent=True) for name in shares]
    return (shown(n), *said, *(_number(figures.get(name), few, percent=False) for name in measures))


def _number(value: float | None, few: bool, *, percent: bool) -> str:
    if value is None or few:
        return "–"
    return f"{100 * value:.0f}%" if percent else f"{value:.3f}"


def _counts(counts: Mapping[str, int], names: Mapping[str, Text]) -> list[tuple[Text, str]]:
    ordered: Sequence[str] = [*(code for code in names if code in counts), *sorted(set(counts) - set(names))]
    return [(names.get(code, same(code)), shown(counts[code])) for code in ordered]


def _facts(manifest: Mapping[str, Any]) -> list[tuple[Text, str]]:
    models = ", ".join(f"{risk}: {model}" for risk, model in sorted(manifest.get("models", {}).items()))
    told = (
        (Text("模型", "Models"), models or "–"),
        (Text("政策包", "Programmes"), manifest.get("programmes") or "–"),
        (Text("名单政策", "Policy"), (manifest.get("policy_sha256") or "–")[:12]),
        (Text("输入", "Inputs"), (manifest.get("input_sha256") or "–")[:12]),
        (Text("程序", "Code"), manifest.get("code_version") or "–"),
    )
    return list(told)
