"""Which ZIP codes we serve, and in which zone (rules R330-R337)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from catalog.choices import Zone
from catalog.models import ServiceZip
from catalog.request import ZipFacts, normalise_zip

__all__ = ["Area", "areas", "lookup", "normalise_zip"]


@dataclass(frozen=True)
class Area:
    """One named part of what we serve, with how many of its ZIPs."""

    label: str
    zone: str
    state: str
    zip_count: int

    @property
    def is_extended(self) -> bool:
        """Whether the distance surcharge applies there."""
        return self.zone == Zone.SURCHARGE


def lookup(zips: Iterable[str]) -> dict[str, ZipFacts]:
    """The served ones among ``zips``, keyed by five digits; a ZIP that is absent is not served.

    Takes ZIPs as people type them. One query, or none if there is nothing to ask.
    """
    wanted = {normalise_zip(text) for text in zips} - {""}
    if not wanted:
        return {}
    return {
        row.zip_code: ZipFacts(zone=row.zone, state=row.state, label=row.label, place=row.place)
        for row in ServiceZip.objects.filter(pk__in=wanted, is_active=True)
    }


def areas() -> tuple[Area, ...]:
    """The areas we serve, standard ones first, the largest first among each."""
    rows = (
        ServiceZip.objects.filter(is_active=True)
        .values_list("label", "zone", "state")
        .annotate(zip_count=Count("pk"))
        .order_by("zone", "-zip_count", "label")
    )
    return tuple(Area(*row) for row in rows)
