"""Make docs/card.png: one card of a written list at the width of a phone, in Chinese and in English.

python docs/tools/card_picture.py demo-home/lists/2025-12-31/w0007.html 16 docs/card.png

Needs Chromium. Use a list of a demo home only: its people are synthetic.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

PHONE = 390
GAP = 20
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
FRAMES = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {gap}px; display: flex; gap: {gap}px; background: #d8dbd6; }}
iframe {{ width: {phone}px; height: {height}px; border: 0; border-radius: 14px; background: #fff; }}
</style><iframe src="zh.html"></iframe><iframe src="en.html"></iframe>"""


def one_card(page: str, number: int) -> str:
    """The page with one of its cards only, and without what stands before and after the cards."""
    cards = list(re.finditer(r"<article.*?</article>", page, re.DOTALL))
    chosen = cards[number - 1].group()
    start, end = page.index("<header>"), page.index("</main>")
    return page[:start] + chosen + page[end:]


def in_english(page: str) -> str:
    """The same page with the English switch on."""
    return page.replace('id="zh" checked', 'id="zh"').replace('id="en"', 'id="en" checked')


def main() -> None:
    """Write the picture."""
    source, number, out, height = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    page = one_card(source.read_text("utf-8"), number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "zh.html").write_text(page, "utf-8")
        (folder / "en.html").write_text(in_english(page), "utf-8")
        (folder / "both.html").write_text(FRAMES.format(phone=PHONE, gap=GAP, height=height), "utf-8")
        size = f"--window-size={2 * PHONE + 3 * GAP},{height + 2 * GAP}"
        shot = (f"--user-data-dir={folder}/profile", size, f"--screenshot={out}", f"file://{folder}/both.html")
        subprocess.run(["chromium", *FLAGS, *shot], check=True, capture_output=True)


if __name__ == "__main__":
    main()
