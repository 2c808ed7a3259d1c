"""What a message says: that a list is there, how many visits, how many urgent, and a link. Nobody is named."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from outreach.wording import Text, day


@dataclass(frozen=True)
class Message:
    """A message about one caseworker's list, or about all lists of a night (``caseworker`` is null).

    ``message_id`` is the same however often it is sent; ``link`` is all that leads to the list.
    """

    message_id: str
    business_date: date
    caseworker: str | None
    lists: int
    households: int
    urgent: int
    link: str
    made_at: datetime

    @property
    def subject(self) -> str:
        """One line in both languages."""
        when = day(self.business_date)
        return f"寻访：{when.zh}走访名单 / Xunfang: visit list of {when.en}"

    @property
    def text(self) -> Text:
        """The message in words."""
        when = day(self.business_date)
        zh = f"寻访：{when.zh}的走访名单已备好"
        en = f"Xunfang: the visit list of {when.en} is ready"
        if self.caseworker is None:
            en = f"Xunfang: {_many(self.lists, 'visit list', 'visit lists')} of {when.en}"
            zh += f"，{self.lists} 份"
        visits = _many(self.households, "household", "households")
        return Text(
            f"{zh}，共 {self.households} 户，其中紧急 {self.urgent} 户。打开名单：{self.link}",
            f"{en}: {visits}, {self.urgent} urgent. Open it here: {self.link}",
        )

    @property
    def plain(self) -> str:
        """The message in both languages, a paragraph each."""
        return f"{self.text.zh}\n\n{self.text.en}\n"

    def told(self) -> dict[str, Any]:
        """The same for a machine."""
        return {
            "type": "list.ready" if self.caseworker is not None else "night.ready",
            "timestamp": self.made_at.isoformat(timespec="seconds"),
            "data": {
                "business_date": self.business_date.isoformat(),
                "caseworker": self.caseworker,
                "lists": self.lists,
                "households": self.households,
                "urgent": self.urgent,
                "link": self.link,
            },
        }


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
