"""The pages of the stand-in, from the files in ``html/``."""

from pathlib import Path

from payments.sandbox.errors import ApiError
from payments.sandbox.store import Obj
from totetaxi.lib.standin.html import Html, Templates
from totetaxi.lib.standin.web import Response

ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_templates = Templates(Path(__file__).parent / "html", ASSETS)
fill = _templates.fill
page = _templates.page


def message(heading: str, text: str, *, back: Html, status: int = 200) -> Response:
    content = fill("message.html", heading=heading, text=text, link=back)
    return page(heading, content, status=status)


def asset(name: str) -> Response:
    found = _templates.asset(name)
    if found is None:
        raise ApiError(404, "There is no such file.")
    return found


def amount(record: Obj, cents: int | None = None) -> str:
    """``$1,725.00``, or ``EUR 1,725.00`` in another currency."""
    whole: int = cents if cents is not None else record.get("amount_total") or record["amount"]
    figure = f"{whole // 100:,}.{whole % 100:02d}"
    return f"${figure}" if record["currency"] == "usd" else f"{record['currency'].upper()} {figure}"
