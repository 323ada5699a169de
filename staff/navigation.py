"""The office's menu: each entry only for those who may open it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from logistics.models import LogisticsAlert
from payments.models import Refund, RefundStatus
from staff.capabilities import Capability
from staff.models import StaffProfile
from totetaxi.lib.clock import real_now
from totetaxi.outbox.models import Job, Message


@dataclass(frozen=True)
class Entry:
    """A page of the menu. ``also``: addresses below /staff/ that belong to it, besides its own."""

    label: str
    url_name: str
    icon: str
    capability: Capability
    also: tuple[str, ...] = ()
    # How many things wait there, and what they are; shown when there are any.
    count: Callable[[], int] | None = None
    count_label: str = ""
    # Left out for those who may do this: another entry leads there.
    unless: Capability | None = None


def refunds_waiting() -> int:
    """Refunds that somebody asked for and nobody decided."""
    return Refund.objects.filter(status=RefundStatus.REQUESTED).count()


def troubles() -> int:
    """Deliveries that somebody must look at."""
    return LogisticsAlert.objects.open().count()


def machinery_troubles() -> int:
    """Messages that were given up, and jobs that failed."""
    return Message.objects.dead().count() + Job.objects.in_trouble(real_now()).count()


MONEY = ("payments/", "refunds/", "links/", "alerts/", "disputes/", "events/", "invariants/")
ENTRIES = (
    Entry("Today", "staff:dashboard", "layout-dashboard", Capability.VIEW),
    Entry("Bookings", "staff:bookings", "package", Capability.VIEW),
    Entry("Calendar", "staff:calendar", "calendar", Capability.VIEW, also=("manifest/",)),
    Entry(
        "Logistics",
        "staff:logistics",
        "truck",
        Capability.VIEW,
        count=troubles,
        count_label="troubles",
    ),
    Entry("Customers", "staff:customers", "users", Capability.VIEW),
    Entry(
        "Payments",
        "staff:payments",
        "credit-card",
        Capability.VIEW_FINANCIALS,
        also=MONEY,
        count=refunds_waiting,
        count_label="refunds waiting",
    ),
    Entry(
        "Refunds",
        "staff:refunds",
        "credit-card",
        Capability.REQUEST_REFUND,
        also=("links/",),
        unless=Capability.VIEW_FINANCIALS,
    ),
    Entry("Reports", "staff:reports", "chart-column", Capability.VIEW_FINANCIALS),
    Entry("Catalog", "staff:catalog", "tag", Capability.MANAGE_CATALOG),
    Entry(
        "Jobs",
        "staff:jobs",
        "clock",
        Capability.ADMINISTER,
        count=machinery_troubles,
        count_label="waiting for somebody",
    ),
    Entry("Team", "staff:team", "settings", Capability.ADMINISTER),
    Entry("Audit", "staff:audit", "file-text", Capability.ADMINISTER),
)


@dataclass(frozen=True)
class Link:
    """An entry as one person sees it on one page."""

    label: str
    url: str
    icon: str
    is_current: bool
    count: int
    count_label: str


def navigation(request: HttpRequest, staff: StaffProfile) -> list[Link]:
    """The menu of this person, with the entry marked that the page belongs to."""
    return [
        _link(entry, request.path)
        for entry in ENTRIES
        if staff.can(entry.capability) and not (entry.unless and staff.can(entry.unless))
    ]


def _link(entry: Entry, path: str) -> Link:
    url, home = reverse(entry.url_name), reverse("staff:dashboard")
    belongs = path == url or (url != home and path.startswith(url))
    belongs = belongs or any(path.startswith(home + part) for part in entry.also)
    count = entry.count() if entry.count else 0
    return Link(entry.label, url, entry.icon, belongs, count, entry.count_label)
