"""What the codes of misplacements and duplicates mean, as text in both languages."""

from collections.abc import Iterable

from rich.console import Console


def show_codes(codes: Iterable[str], console: Console) -> None:
    """What each code of a misplacement or duplicate means, what to look at, and the rule it rests on."""
    from outreach.wording_reviews import REVIEWS

    for code in sorted({code for code in codes if code in REVIEWS}):
        text = REVIEWS[code]
        for said, look in ((text.said.en, text.look.en), (text.said.zh, text.look.zh)):
            console.print(f"{code}  {said}: {look} ({text.basis})", soft_wrap=True, markup=False)
