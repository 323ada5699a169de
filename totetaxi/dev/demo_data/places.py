"""Where invented people live: served ZIPs, their real towns, streets that are plainly made up."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from catalog.models import ServiceZip
from catalog.request import AddressInput, ZipFacts

STREETS: Final = ("Example Street", "Sample Avenue", "Specimen Road", "Demo Lane", "Model Drive")
# The town of an area, and of some ZIPs whose area is a county.
TOWNS: Final = {"Manhattan": "New York", "Brooklyn": "Brooklyn"}
TOWN_OF_ZIP: Final = {
    "07030": "Hoboken",
    "07102": "Newark",
    "07302": "Jersey City",
    "07960": "Morristown",
    "06510": "New Haven",
    "06830": "Greenwich",
    "06902": "Stamford",
}


@dataclass(frozen=True)
class Spot:
    """A ZIP we serve, with what the price engine and an envelope want to know of it."""

    zip_code: str
    city: str
    state: str
    facts: ZipFacts
    is_beach: bool

    def address(self, line_1: str = "1 Example Street", line_2: str = "") -> AddressInput:
        """A door there."""
        return AddressInput(line_1, line_2, self.city, self.state, self.zip_code)


class NoPlacesError(Exception):
    """The catalog serves too few ZIPs to send anything anywhere."""


def spots() -> tuple[tuple[Spot, ...], tuple[Spot, ...]]:
    """Town and beach: the active ZIPs whose town we know. Raises NoPlacesError."""
    found = [_spot(row) for row in ServiceZip.objects.filter(is_active=True)]
    known = [spot for spot in found if spot is not None]
    beach = tuple(spot for spot in known if spot.is_beach)
    town = tuple(spot for spot in known if not spot.is_beach)
    if not (town or beach):
        raise NoPlacesError("The catalog serves no ZIP code: run seed_catalog first.")
    return town or beach, beach or town


def street(number: int, rng: Random, *, apartment: bool) -> tuple[str, str]:
    """Both lines of an address that nobody has."""
    line = f"{number % 900 + 1} {rng.choice(STREETS)}"
    return line, f"Apt {rng.randint(1, 30)}{rng.choice('ABCDEF')}" if apartment else ""


def choose(places: Sequence[Spot], rng: Random) -> Spot:
    """One of them; the extended area is seldom somebody's home."""
    spot = rng.choice(places)
    return spot if spot.zip_code not in TOWN_OF_ZIP or rng.random() < 0.5 else rng.choice(places)


def _spot(row: ServiceZip) -> Spot | None:
    city = row.place or TOWNS.get(row.label, "") or TOWN_OF_ZIP.get(row.zip_code, "")
    if not city:
        return None
    facts = ZipFacts(zone=row.zone, state=row.state, label=row.label, place=row.place)
    return Spot(row.zip_code, city, row.state, facts, is_beach=bool(row.place))
