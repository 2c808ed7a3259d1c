"""Why a household is in a lane of a night, or is not: one sentence for each lane, in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.wording import Text


@dataclass(frozen=True)
class Place:
    """Where a household stands in a lane among those whom the same caseworkers visit.

    ``rank`` 1 is the first of ``among``; ``listed``: how many of them are on the night's lists in this lane.
    """

    rank: int
    among: int
    listed: int


def why_not(lane: str, row: Mapping[str, Any], place: Place | None, *, blind: bool = False) -> Text:
    """Why a household that was not listed in a lane was not.

    ``row``: its row as ``candidates.prepared`` makes it; ``place``: null where it was not in the lane at all.
    ``blind``: the reader is shown no rank.
    """
    if place is None:
        return _not_in(lane, row)
    if blind:
        return Text("符合；名额先给了别的家庭", "fits; the places went to others first")
    said = Text(
        f"符合，按次序排第 {place.rank} 位（共 {place.among} 户），名单上有 {place.listed} 户",
        f"fits, number {place.rank} of {place.among} in its order; {place.listed} of them are on lists",
    )
    if place.rank <= place.listed:
        return Text(
            f"{said.zh}；其他类别已先用去名额或保留了名额", f"{said.en}; other lanes or held places came first"
        )
    return said


def by_lot(chance: float | None, *, drawn: bool) -> Text:
    """What the lottery meant for a household."""
    if drawn:
        return Text("随机抽中", "drawn by lot")
    if chance is None:
        return Text("未参加随机抽取", "took no part in the lottery")
    return Text(
        f"参加随机抽取，概率 {chance:.3%}，未抽中", f"took part in the lottery with {chance:.3%} and was not drawn"
    )


def _not_in(lane: str, row: Mapping[str, Any]) -> Text:
    if lane in ("risk", "silent") and row["objected"]:
        return Text("对自动排序提出异议，未参加排序", "objects to being ranked by a model")
    if lane == "silent":
        return Text(
            "不属于“沉默少数”：在保、申请过，或有一般的数字痕迹",
            "not of the silent minority: supported, has applied, or leaves a normal digital trace",
        )
    return NOT_IN[lane]


NOT_IN = {
    "urgent": Text("没有已知的紧急情况", "nothing urgent is known"),
    "event": Text(
        "没有足以单独列入的新近变故", "no event that is recent and heavy enough to open the lane by itself"
    ),
    "gap": Text("没有发现应享未享的待遇", "no programme was found that it may be entitled to and does not draw"),
    "recheck": Text("没有到期的回访", "no revisit is due"),
    "risk": Text("已在保（低保、特困、边缘、刚性），没有新情况", "supported already, and nothing new was found"),
}
"""Why a household is not in a lane at all."""
