"""Deep links into the wizard: what a marketing page, the home page or a partner already asked."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import QueryDict

from booking.wizard.basket import Basket
from booking.wizard.forms import OWN_FIELDS, card_of
from catalog.choices import ServiceType
from catalog.coverage import lookup, normalise_zip
from catalog.words import day_words

#: Longer values are no answers.
LONGEST_VALUE: Final = 40


@dataclass(frozen=True)
class Prefill:
    """Answers to store, and what to tell the customer about those that could not be kept."""

    changes: dict[str, Any]
    notices: tuple[str, ...] = ()

    def plus(self, other: "Prefill") -> "Prefill":
        """Both."""
        return Prefill({**self.changes, **other.changes}, self.notices + other.notices)


def read(query: QueryDict, basket: Basket) -> Prefill:
    """The answers in a link that hold now. What cannot be read is left out without a word.

    ``service``, ``package``, ``pickup_zip_code``, ``delivery_zip_code`` and ``pickup_date`` are
    known; a date or ZIP that we cannot serve is dropped with a notice.
    """
    values = {name: str(text).strip()[:LONGEST_VALUE] for name, text in query.items()}
    found = Prefill(_service(values, basket))
    for side in ("pickup", "delivery"):
        found = found.plus(_zip(side, values.get(f"{side}_zip_code", "")))
    return found.plus(_date(values.get("pickup_date", ""), basket.with_answers(found.changes)))


def _service(values: dict[str, str], basket: Basket) -> dict[str, Any]:
    """The service with its package; another service than before clears the old one's answers."""
    before = card_of(basket.answers.get("service_type"))
    service = card_of(values.get("service", ""))
    package = values.get("package", "")
    if package in basket.book.packages and not service:
        service = ServiceType.MINI_MOVE.value
    changes: dict[str, Any] = {}
    if service in OWN_FIELDS:
        changes["service_type"] = service
        if service != before:
            changes |= dict.fromkeys(sum(OWN_FIELDS.values(), ()))
    if package in basket.book.packages and (service or before) == ServiceType.MINI_MOVE:
        changes["package_type"] = package
    return changes


def _zip(side: str, text: str) -> Prefill:
    """A ZIP we serve, and the state it is in."""
    key = normalise_zip(text)
    if not key:
        return Prefill({})
    known = lookup([key]).get(key)
    if known is None:
        return Prefill({}, (f"We don’t serve ZIP {key} online. Enter another one, or call us.",))
    return Prefill({f"{side}_zip_code": key, f"{side}_state": known.state})


def _date(text: str, basket: Basket) -> Prefill:
    """A date that can be chosen; for an airport transfer it is the flight's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return Prefill({})
    field = "blade_flight_date" if basket.request.is_airport else "pickup_date"
    judged = basket.with_answers({field: day.isoformat()}).evaluation
    for problem in judged.problems:
        if problem.field == field:
            return Prefill({}, (f"{day_words(day)}, {day.year}: {problem.message}",))
    return Prefill({field: day.isoformat()})
