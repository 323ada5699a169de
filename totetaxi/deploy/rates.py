"""How often what may be done: every limit of the site in one table (rule R670).

A rate is "number/period" with a period of seconds, minutes, hours or days: "5/m", "30/h", "6/10m".
Who is counted is said where the limit stands: ``limit()`` of ``totetaxi.lib.ratelimit`` counts
client addresses unless told otherwise. ``docs/limits.md`` explains each of them.
"""

import re
from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ImproperlyConfigured

PREFIX: Final = "RATE_"
READABLE: Final = re.compile(r"[1-9][0-9]*/(?:[1-9][0-9]*)?[smhd]")

#: Name of the limit, and what it is unless RATE_<NAME> in the environment says otherwise.
DEFAULTS: Final = {
    # Customers coming in.
    "sign_in": "5/m",
    "sign_up": "5/m",
    "verify": "10/h",
    "resend": "3/h",
    "reset": "10/h",
    "new_password": "10/h",
    "identity_change": "10/h",
    "sign_out": "20/m",
    # Their own area.
    "account_lists": "30/m",
    "profile": "30/m",
    "addresses": "20/m",
    "address": "15/m",
    # Looking and ordering.
    "zip": "60/m",
    "preview": "60/m",
    "calendar": "60/m",
    "step": "120/m",
    "discount": "20/h",
    "checkout": "30/h",
    "checkout_draft": "6/h",
    "payment_return": "60/m",
    "payment_link": "30/h",
    # Bookings there are.
    "find_booking": "5/h",
    "find_booking_email": "5/h",
    "booking_link": "30/h",
    "booking_change": "60/h",
    "booking_pay_change": "30/h",
    "booking_cancel": "30/h",
    "rebook": "30/h",
    "upload": "20/h",
    # Plain pages.
    "contact": "5/h",
    "announcement": "20/m",
    # The office: signing in by address, everything else by person and page.
    "staff_login": "5/m",
    "staff_dashboard": "10/m",
    "staff_lists": "20/m",
    "staff_reports": "30/m",
    "staff_booking": "20/m",
    "staff_detail": "15/m",
    "staff_change": "10/m",
    "staff_resend": "5/m",
    "staff_refresh": "120/m",
}


def rates_from(environment: Mapping[str, str]) -> dict[str, str]:
    """The table with what RATE_<NAME> variables change; empty ones change nothing.

    Raises ImproperlyConfigured for a rate that cannot be read, and for a name that is none of ours.
    """
    rates = dict(DEFAULTS)
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or not text:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in DEFAULTS:
            raise ImproperlyConfigured(f"{variable} names no limit; docs/limits.md lists them.")
        if not READABLE.fullmatch(text):
            raise ImproperlyConfigured(f"{variable} is {text!r}, not a rate such as 5/m or 30/h.")
        rates[name] = text
    return rates
