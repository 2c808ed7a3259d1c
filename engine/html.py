"""Self-contained pages from templates: everything escaped, the style inside, nothing loaded from anywhere."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES: Final = Path(__file__).parent / "templates"
CONTROLS: Final = {code: "\ufffd" for code in [*range(32), 127] if chr(code) not in "\t\n\r"}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _style() -> tuple[str, str]:
    """The style sheet and the policy that allows this style and nothing else: no script, no picture, no network."""
    css = (TEMPLATES / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return css, policy


def page(template: str, **parts: Any) -> bytes:
    """A page in UTF-8. Values are escaped; control characters are replaced."""
    css, policy = _style()
    text = _environment().get_template(template).render(css=Markup(css), csp=Markup(policy), **parts)
    return text.translate(CONTROLS).encode("utf-8", errors="replace")


def markup(drawn: str) -> Markup:
    """A drawing of our own for the inside of a page, as it is: never anything that a person or a record said."""
    return Markup(drawn)
