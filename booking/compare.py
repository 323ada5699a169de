"""What a change changes, old beside new, in words: for the page, the mail and the history."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from booking.describe import hour_words
from catalog.choices import AIRPORTS, Direction, PackageType, PickupTime
from catalog.models import SpecialtyItem
from catalog.words import clock_words, count_words, day_words, list_words
from totetaxi.lib.template_tags import phone

Answers = Mapping[str, Any]
SIDES: Final = ("pickup", "delivery")
PARTS: Final = ("address_line_1", "address_line_2", "city", "state", "zip_code")
#: Answers that are only understood together.
TOGETHER: Final = (
    frozenset({"pickup_time", "specific_pickup_hour"}),
    frozenset({"blade_airport", "blade_direction", "blade_terminal"}),
    *(frozenset(f"{side}_{part}" for part in PARTS) for side in SIDES),
    frozenset({"first_name", "last_name"}),
)


@dataclass(frozen=True)
class Difference:
    """One thing that differs; an empty text is nothing."""

    label: str
    old: str
    new: str


def with_companions(names: set[str]) -> set[str]:
    """The names, and those that are only understood together with one of them."""
    return names.union(*(group for group in TOGETHER if group & names))


def differences(before: Answers, after: Answers) -> tuple[Difference, ...]:
    """What differs between two sets of flat answers, in the order of an order.

    The date of a flight is said once, though it is the pickup date, too.
    """
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if "blade_flight_date" in names:
        names.discard("pickup_date")
    found = []
    for label, fields, words in ROWS:
        if not names.isdisjoint(fields):
            found.append(Difference(label, words(before), words(after)))
    return tuple(one for one in found if one.old != one.new)


def _text(name: str) -> Callable[[Answers], str]:
    return lambda answers: str(answers.get(name) or "")


def _yes(name: str) -> Callable[[Answers], str]:
    return lambda answers: "Yes" if answers.get(name) else "No"


def _day(name: str) -> Callable[[Answers], str]:
    def words(answers: Answers) -> str:
        text = answers.get(name)
        day = date.fromisoformat(text) if text else None
        return f"{day_words(day)}, {day.year}" if day else ""

    return words


def _time(answers: Answers) -> str:
    text = answers.get("blade_flight_time")
    return clock_words(time.fromisoformat(text)) if text else ""


def _window(answers: Answers) -> str:
    hour = answers.get("specific_pickup_hour")
    if answers.get("pickup_time") == PickupTime.MORNING_SPECIFIC and hour:
        return hour_words(hour)
    if answers.get("pickup_time") == PickupTime.NO_TIME_PREFERENCE:
        return "Flexible, within 8–11 AM"
    return "8–11 AM"


def _count(name: str, word: str) -> Callable[[Answers], str]:
    return lambda answers: count_words(answers.get(name) or 0, word)


def _package(answers: Answers) -> str:
    return dict(PackageType.choices).get(answers.get("package_type", ""), "")


def _pieces(answers: Answers) -> str:
    pieces = answers.get("specialty_items") or {}
    names = dict(SpecialtyItem.objects.filter(type_key__in=pieces).values_list("type_key", "name"))
    words = [f"{number} x {names.get(key, key)}" for key, number in sorted(pieces.items())]
    return list_words(words) if words else "None"


def _airport(answers: Answers) -> str:
    place = AIRPORTS.get(answers.get("blade_airport", ""))
    if place is None:
        return ""
    way = "From" if answers.get("blade_direction") == Direction.FROM_AIRPORT else "To"
    terminal = answers.get("blade_terminal")
    return f"{way} {place.name}, terminal {terminal}" if terminal else f"{way} {place.name}"


def _address(side: str) -> Callable[[Answers], str]:
    def words(answers: Answers) -> str:
        line, second, city, state, zip_code = (
            answers.get(f"{side}_{part}") or "" for part in PARTS
        )
        street = ", ".join(filter(None, (line, second)))
        return f"{street}\n{city}, {state} {zip_code}" if street else ""

    return words


def _name(answers: Answers) -> str:
    return f"{answers.get('first_name') or ''} {answers.get('last_name') or ''}".strip()


def _phone(answers: Answers) -> str:
    return phone(answers.get("phone") or "")


def _rows() -> Iterator[tuple[str, frozenset[str], Callable[[Answers], str]]]:
    def one(label: str, name: str, words: Callable[[Answers], str] | None = None) -> Any:
        return label, frozenset({name}), words or _text(name)

    yield one("Flight date", "blade_flight_date", _day("blade_flight_date"))
    yield one("Flight time", "blade_flight_time", _time)
    yield "Airport", TOGETHER[1], _airport
    yield one("Bags", "blade_bag_count", _count("blade_bag_count", "bag"))
    yield one("Date", "pickup_date", _day("pickup_date"))
    yield "Pickup window", TOGETHER[0], _window
    yield one("Package", "package_type", _package)
    yield one("Packing", "include_packing", _yes("include_packing"))
    yield one("Unpacking", "include_unpacking", _yes("include_unpacking"))
    items = "standard_delivery_item_count"
    yield one("Regular items", items, _count(items, "item"))
    yield one("Description", "item_description")
    yield one("Specialty items", "specialty_items", _pieces)
    yield one("Certificate of Insurance", "coi_required", _yes("coi_required"))
    yield "From", TOGETHER[2], _address("pickup")
    yield "To", TOGETHER[3], _address("delivery")
    yield one("Instructions", "special_instructions")
    yield one("Discount code", "discount_code")
    yield "Name", TOGETHER[4], _name
    yield one("Email", "email")
    yield one("Phone", "phone", _phone)


ROWS: Final = tuple(_rows())
