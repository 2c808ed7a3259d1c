"""The figures of a model card, drawn with shap: which columns move the score, how, and which two together.

A drawing is SVG with its text kept as text, in Chinese and English at once: the page shows one of them. There is no
style, script or picture in it, so that a page needs no leave for any. The same sample gives the same bytes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.catalog import by_name
from models.calibration import Floats
from models.explained_sample import strongest
from models.risk import RiskModel, booster_of
from outreach.wording import Text

MOST: Final = 15
DEPENDENCES: Final = 3
SWARM: Final = 200
"""Households in the beeswarm: each is a dot in every line."""
ROWS_OF_PAIRS: Final = 60
"""Rows by which pairs of columns are ranked: their cost grows with the square of the columns."""
GRID: Final = 100
"""Values are drawn to a hundredth of what is shown of their range, so that nobody's value can be read back."""
FEWEST: Final = 30
"""Rows below which nothing is drawn."""
FONTS: Final = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', sans-serif"
SETTINGS: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "xunfang",
    "font.family": "DejaVu Sans",
    "figure.dpi": 72,
    "path.simplify": False,
}
ADDS: Final = Text("对得分的影响（对数几率）", "What it adds to the score (log-odds)")
ADD_TOGETHER: Final = Text("两项合在一起的影响", "Added by the two together")
LOW: Final = Text("低", "low")
HIGH: Final = Text("高", "high")


@dataclass(frozen=True)
class Drawing:
    """One figure: ``kind`` (beeswarm, dependence or interaction), the columns that it shows, and its SVG."""

    kind: str
    columns: tuple[str, ...]
    svg: str


def drawings(model: RiskModel, values: Floats, contributions: Floats) -> list[Drawing]:
    """The beeswarm, the three dependences and the strongest interaction; fewer, or none, where there is too little.

    ``values`` (null as NaN) and ``contributions``: from ``models.explained_sample.checked_sample``.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    names, first = model.feature_names, strongest(contributions, MOST)
    if len(values) < FEWEST or not first:
        return []
    before = np.random.get_state()
    try:
        with mpl.rc_context(SETTINGS):
            drawn = [_beeswarm(names, values, contributions, first)]
            drawn += [_dependence(names, values, contributions, place) for place in first[:DEPENDENCES]]
            drawn += _interaction(model, values, first)
    finally:
        np.random.set_state(before)
    return drawn


def label_of(name: str) -> Text:
    """A column's name in both languages; one that the catalogue does not have is its own name."""
    try:
        found = by_name(name)
    except ValueError:
        return Text(name, name)
    return Text(found.label_zh, found.label_en)


def _beeswarm(names: Sequence[str], values: Floats, contributions: Floats, first: Sequence[int]) -> Drawing:
    import shap

    shown = [f"@{place}@" for place in first]
    contributions, values = contributions[:SWARM], values[:SWARM]
    fig, ax = _empty(8.6, 0.42 * len(first) + 1.0, left=0.5)
    np.random.seed(0)
    shap.plots.beeswarm(
        shap.Explanation(contributions[:, first], data=values[:, first], feature_names=shown),
        max_display=len(first),
        ax=ax,
        show=False,
        plot_size=None,
        color_bar=False,
        s=11,
    )
    ax.tick_params("y", labelsize=11)
    ax.set_xlabel("@x@", fontsize=11)
    words = {token: label_of(names[place]) for token, place in zip(shown, first, strict=True)} | {"@x@": ADDS}
    return Drawing("beeswarm", tuple(names[place] for place in first), _svg(fig, words))


def _dependence(names: Sequence[str], values: Floats, contributions: Floats, place: int) -> Drawing:
    import shap

    fig, ax = _empty(6.4, 3.6)
    np.random.seed(0)
    x = _on_a_grid(values)
    shap.dependence_plot(
        place, contributions, x, feature_names=list(names), interaction_index=None, ax=ax, show=False, dot_size=11
    )
    words = {"@x@": label_of(names[place]), "@y@": ADDS}
    return Drawing("dependence", (names[place],), _named(fig, ax, words))


def _interaction(model: RiskModel, values: Floats, first: Sequence[int]) -> list[Drawing]:
    """The pair that moves the score most together, among the strongest columns; none where no two do."""
    import shap

    some = values[:ROWS_OF_PAIRS]
    pairs = np.asarray(shap.TreeExplainer(booster_of(model.text)).shap_interaction_values(some), dtype=np.float64)
    moves = np.triu(np.abs(pairs).mean(axis=0), k=1)
    one, other = (int(place) for place in np.unravel_index(np.argmax(moves), moves.shape))
    if not moves[one, other] > 0:
        return []
    one, other = sorted(
        (one, other), key=lambda place: first.index(place) if place in first else len(first) + place
    )
    fig, ax = _empty(6.4, 3.6)
    np.random.seed(0)
    names = model.feature_names
    shap.dependence_plot(
        (one, other), pairs, _on_a_grid(some), feature_names=list(names), ax=ax, show=False, dot_size=16
    )
    for bar in fig.axes[1:]:
        bar.remove()
    ax.set_position((0.16, 0.17, 0.81, 0.78))
    words = {"@x@": label_of(names[one]), "@y@": ADD_TOGETHER}
    return [Drawing("interaction", (names[one], names[other]), _named(fig, ax, words))]


def _on_a_grid(values: Floats) -> Floats:
    """Each column held between its 2nd and 98th percentile and rounded to a hundredth of that."""
    told = values.copy()
    for place in range(values.shape[1]):
        known = np.isfinite(values[:, place])
        if not known.any():
            continue
        low, high = np.percentile(values[known, place], [2, 98])
        step = (high - low) / GRID or 1.0
        told[:, place] = low + np.rint((np.clip(values[:, place], low, high) - low) / step) * step
    return told


def _empty(width: float, height: float, left: float = 0.13) -> tuple[Any, Any]:
    from matplotlib import pyplot as plt

    fig, ax = plt.subplots(figsize=(width, height))
    bottom = 0.6 / height
    ax.set_position((left, bottom, 0.97 - left, 0.95 - bottom))
    return fig, ax


def _named(fig: Any, ax: Any, words: Mapping[str, Text]) -> str:
    ax.set_xlabel("@x@", fontsize=11)
    ax.set_ylabel("@y@", fontsize=11)
    return _svg(fig, words)


def _svg(fig: Any, words: Mapping[str, Text]) -> str:
    """The figure as SVG for the inside of a page; the marks in its text become words in both languages."""
    from io import StringIO

    from matplotlib import pyplot as plt

    out = StringIO()
    fig.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    plt.close(fig)
    text = out.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    text = re.sub(r" style=\"([^\"]*)\"", lambda found: _attributes(found[1]), text)
    text = text.replace("xlink:href=", "href=").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    text = re.sub(r"<text([^>]*)>(@\w+@)</text>", lambda found: _both(found[1], words[found[2]]), text)
    text = re.sub(r"=\"[^\"]*\"", lambda found: re.sub(r"\d+\.\d{3,}", _short, found[0]), text)
    text = re.sub(r"\n\s*", "\n", text)
    size = re.search(r'viewBox="[^"]*"', text)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size[0] if size else ""} font-family="{FONTS}" role="img"'
    return re.sub(r"<svg[^>]*>", f'{head} stroke-linejoin="round" stroke-linecap="butt">', text, count=1)


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}"


def _attributes(style: str) -> str:
    """A style as attributes, which no policy of a page forbids; the font is the page's own."""
    told = ""
    for each in style.split(";"):
        name, _, value = (part.strip() for part in each.partition(":"))
        if name == "font":
            size = re.search(r"[\d.]+px", value)
            name, value = "font-size", size[0] if size else "10px"
        if name and name not in ("font-family", "-inkscape-font-specification"):
            told += f' {name}="{value}"'
    return told


def _both(attributes: str, words: Text) -> str:
    from markupsafe import escape

    return "".join(
        f'<text{attributes} lang="{code}">{escape(said)}</text>'
        for code, said in (("zh-CN", words.zh), ("en", words.en))
    )
