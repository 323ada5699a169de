"""Filters and tags that every template has without loading them."""

import re
from datetime import date, datetime, time
from functools import lru_cache

from django import forms, template
from django.template.base import Template
from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from totetaxi.lib import money
from totetaxi.lib.clock import NEW_YORK
from totetaxi.lib.forms import ErrorSummary, summarise

register = template.Library()

ICON_NAME = re.compile(r"[a-z0-9-]+")
US_NUMBER = re.compile(r"1?(\d{3})(\d{3})(\d{4})")


@register.filter
def usd(cents: int | None) -> str:
    """$1,725.00; nothing for None."""
    return "" if cents is None else money.usd(cents)


@register.filter
def usd_short(cents: int | None) -> str:
    """$1,725, with cents only where there are any; nothing for None."""
    return "" if cents is None else money.usd_short(cents)


@register.filter
def long_date(value: date | datetime | None) -> str:
    """Saturday, June 13, in New York."""
    return f"{_local(value):%A, %B} {_local(value).day}" if value else ""


@register.filter
def full_date(value: date | datetime | None) -> str:
    """Saturday, June 13, 2026, in New York."""
    return f"{long_date(value)}, {_local(value).year}" if value else ""


@register.filter
def clock_time(value: time | datetime | int | None) -> str:
    """9 AM or 12:59 PM, in New York; a whole number is an hour of the day."""
    if value is None or value == "":
        return ""
    if isinstance(value, int):
        value = time(value)
    elif isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(NEW_YORK)
    minutes = f":{value.minute:02}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes} {'AM' if value.hour < 12 else 'PM'}"


@register.filter
def phone(number: object) -> str:
    """(212) 555-0142 for a number of the United States, any other as it is."""
    text = str(number or "")
    digits = re.sub(r"\D", "", text)
    match = US_NUMBER.fullmatch(digits)
    if not match or (text.startswith("+") and not digits.startswith("1")):
        return text
    return "({}) {}-{}".format(*match.groups())


@register.filter
def tel(number: object) -> str:
    """tel:+12125550142, for a link that calls the number; without a +, it is American."""
    text = str(number or "")
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        return f"tel:+{digits}"
    return f"tel:+1{digits[-10:]}" if US_NUMBER.fullmatch(digits) else f"tel:{digits}"


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """The drawing templates/icons/<name>.svg, inlined; ``css`` adds classes to its own."""
    drawing = _drawing(name)
    if css:
        drawing = drawing.replace(' class="', f' class="{escape(css)} ', 1)
    # Our own files; the classes are escaped.
    return mark_safe(drawing)  # noqa: S308  # nosec B703


@register.inclusion_tag("_error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, ErrorSummary]:
    """What is to be fixed in ``form``, with a link to each field; nothing if all is well."""
    return {"summary": summarise(form)}


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    """The text of an icon's file. Raises ValueError for no name, TemplateDoesNotExist."""
    if not ICON_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an icon")
    source: Template = get_template(f"icons/{name}.svg").template  # type: ignore[attr-defined]  # Django's own engine
    return str(source.source).strip()


def _local(value: date | datetime | None) -> date:
    """The date in New York."""
    if value is None:
        raise ValueError("There is no date.")
    if isinstance(value, datetime):
        return value.astimezone(NEW_YORK).date() if value.tzinfo else value.date()
    return value
