"""The tracks that a case may take: which programme follows which procedure, and which steps it leaves out.

Ordinary (低保、边缘、刚性): posted for seven days, then the county's opinion. Destitute (特困): the same steps,
with days of their own for township and county. Child (事实无人抚养儿童): never posted (民发〔2019〕62号). Fast
(小额快救): decided within three days, the papers follow (社会救助法第五十条). Simple: one authority decides; posted
where local rules ask for it.
"""

from typing import Final, Literal

Track = Literal["ordinary", "destitute", "child", "fast", "simple"]
OF_PROGRAMME: Final[dict[str, Track]] = {
    "DB": "ordinary",
    "DB-P": "ordinary",
    "BY": "ordinary",
    "GX": "ordinary",
    "TK": "destitute",
    "SW": "child",
    "GE": "child",
    "LS-E": "fast",
}
POSTED: Final = ("ordinary", "destitute")
"""Tracks on which the publicity may not be left out."""
_POSTED: Final = (
    ("accepted", "confirmed"),
    ("check", "confirmed"),
    ("check", "refused"),
    ("check", "county_opinion"),
    ("publicity", "confirmed"),
    ("publicity", "refused"),
)
LEFT_OUT: Final[dict[Track, tuple[tuple[str, str], ...]]] = {
    "ordinary": _POSTED,
    "destitute": _POSTED,
    "child": (("accepted", "confirmed"), ("check", "publicity"), ("check", "confirmed"), ("check", "refused")),
    "fast": (("check", "publicity"), ("check", "county_opinion")),
    "simple": (("accepted", "confirmed"), ("check", "county_opinion"), ("publicity", "county_opinion")),
}
"""The steps of the table that a track does not have."""


def track_of(programme: str | None) -> Track:
    """The procedure of a programme; one authority decides on what has none of its own, or is not said yet."""
    return OF_PROGRAMME.get(programme or "", "simple")
