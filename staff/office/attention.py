"""What needs a person first: the top of the dashboard (rule R950).

Each finding says what is wrong in a sentence and leads to the page where it is put right. What a
person may not open is not shown to them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Sum
from django.urls import reverse

from booking.describe import window_words
from booking.models import LIVE_STATUSES, Booking, BookingStatus, Document, DocumentKind
from catalog.words import count_words, day_words
from logistics.models import LogisticsAlert
from payments.models import MoneyAlert, PaymentLink, Refund, RefundStatus
from staff.bookings.mails import missed as missed_mails
from staff.office import figures
from totetaxi.lib import clock
from totetaxi.lib.money import usd
from totetaxi.lib.template_tags import clock_time
from totetaxi.outbox import registry
from totetaxi.outbox.beats import SCHEDULER
from totetaxi.outbox.models import Beat, Job, Message

Row = TypeVar("Row", bound=Model)
#: Findings of a kind that stand on the page one by one; the others are counted.
SHOWN: Final = 5
COI_DAYS: Final = 2
LINK_HOURS: Final = 12
# A link that was not mailed by then stays so unless somebody sends it.
MAIL_PATIENCE: Final = timedelta(minutes=15)
BEAT_PATIENCE: Final = timedelta(minutes=5)
# A job may wait for a worker that long before it is late.
JOB_PATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Item:
    """One thing to do: how bad ("bad" or "warn"), of what kind, what exactly, and where."""

    level: str
    kind: str
    text: str
    url: str
    action: str
    number: str = ""


@dataclass(frozen=True)
class Rights:
    """What the person who looks may do; findings that lead elsewhere are left out."""

    financials: bool
    administer: bool


def items(now: datetime, rights: Rights) -> list[Item]:
    """Everything that needs somebody at ``now``, New York, worst first.

    Queries do not grow with what is found.
    """
    found = [
        *_unpaid(now),
        *_alerts(rights),
        *_deliveries(),
        *_refunds(rights),
        *_links(now),
        *_certificates(now.date()),
        *_missed_mails(),
        *_messages(rights),
        *_jobs(rights),
    ]
    return sorted(found, key=lambda item: item.level != "bad")


def _first(rows: QuerySet[Row]) -> tuple[list[Row], int]:
    """The first few, and how many more there are; two queries, always."""
    return list(rows[:SHOWN]), max(rows.count() - SHOWN, 0)


def _booking_url(booking_id: object) -> str:
    return reverse("staff:booking", args=[booking_id])


def _when(day: date, today: date) -> str:
    return {0: "today", 1: "tomorrow"}.get((day - today).days, f"on {day_words(day)}")


def _unpaid(now: datetime) -> Iterator[Item]:
    today = now.date()
    rows, more = _first(figures.urgent(now))
    for booking in rows:
        yield Item(
            "bad",
            "Unpaid",
            f"is picked up {_when(booking.pickup_date, today)}, {window_words(booking)}.",
            _booking_url(booking.pk),
            "Open",
            booking.booking_number,
        )
    if more:
        yield Item(
            "bad",
            "Unpaid",
            f"{count_words(more, 'more booking')} with a pickup in the next two days.",
            f"{reverse('staff:bookings')}?unpaid=on",
            "See all",
        )


def _alerts(rights: Rights) -> Iterator[Item]:
    if not rights.financials:
        return
    standing = MoneyAlert.objects.standing().select_related("booking")
    rows, more = _first(standing.order_by("first_seen_at"))
    for alert in rows:
        yield Item(
            "bad",
            "Money alert",
            f"{alert.get_kind_display()}.",
            reverse("staff:alerts"),
            "Look",
            alert.booking.booking_number if alert.booking else "",
        )
    if more:
        text = f"{count_words(more, 'more alert')}."
        yield Item("bad", "Money alert", text, reverse("staff:alerts"), "See all")


def _deliveries() -> Iterator[Item]:
    """What went wrong on the road or on the way to it."""
    standing = LogisticsAlert.objects.open().select_related("booking").order_by("created_at")
    rows, more = _first(standing)
    where = reverse("staff:logistics")
    for alert in rows:
        number = alert.booking.booking_number if alert.booking else ""
        yield Item("bad", "Delivery", f"{alert.get_kind_display()}.", where, "Look", number)
    if more:
        yield Item("bad", "Delivery", f"{count_words(more, 'more trouble')}.", where, "See all")


def _refunds(rights: Rights) -> Iterator[Item]:
    waiting = Refund.objects.filter(status=RefundStatus.REQUESTED)
    found = waiting.aggregate(n=Count("pk"), cents=Sum("amount_cents", default=0))
    if not found["n"]:
        return
    verb = "waits" if found["n"] == 1 else "wait"
    amount = f", {usd(int(found['cents']))} in all" if rights.financials else ""
    yield Item(
        "warn",
        "Refund waiting",
        f"{count_words(found['n'], 'refund request')} {verb} for a decision{amount}.",
        reverse("staff:refunds"),
        "Review",
    )


def _links(now: datetime) -> Iterator[Item]:
    """Links of unpaid bookings that end soon, and links whose mail never went out."""
    unpaid = PaymentLink.objects.filter(
        booking__status=BookingStatus.PENDING, booking__deleted_at=None
    ).select_related("booking")
    ending = unpaid.live(now).filter(expires_at__lte=now + timedelta(hours=LINK_HOURS))
    for link in ending.order_by("expires_at")[:SHOWN]:
        yield Item(
            "warn",
            "Link ends soon",
            f"is unpaid; its payment link ends {_when(_day(link.expires_at), _day(now))} "
            f"at {clock_time(link.expires_at)}.",
            _booking_url(link.booking_id),
            "Send a new link",
            link.booking.booking_number,
        )
    unsent = unpaid.live(now).filter(sent_at=None, created_at__lt=now - MAIL_PATIENCE)
    for link in unsent.order_by("created_at")[:SHOWN]:
        yield Item(
            "bad",
            "Link not sent",
            "waits for a payment link that was not mailed.",
            _booking_url(link.booking_id),
            "Send it again",
            link.booking.booking_number,
        )


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.NEW_YORK).date()


def _certificates(today: date) -> Iterator[Item]:
    """Of pickups soon; one that is among the documents of its booking is done."""
    there = Document.objects.standing().filter(
        booking=OuterRef("pk"), kind=DocumentKind.COI_CERTIFICATE
    )
    needed = Booking.objects.visible().filter(
        ~Exists(there),
        coi_required=True,
        status__in=LIVE_STATUSES,
        pickup_date__range=(today, today + timedelta(days=COI_DAYS)),
    )
    for booking in needed.order_by("pickup_date", "booking_number")[:SHOWN]:
        yield Item(
            "warn",
            "Certificate",
            f"needs a Certificate of Insurance for its pickup {_when(booking.pickup_date, today)}.",
            _booking_url(booking.pk),
            "Open",
            booking.booking_number,
        )


def _missed_mails() -> Iterator[Item]:
    """Customers who never got what they were mailed: somebody phones them."""
    bookings = Booking.objects.filter(pk__in=missed_mails().values("booking_id"))
    rows, more = _first(bookings.order_by("pickup_date", "booking_number"))
    for booking in rows:
        text = "has a mail that came back or was marked as spam."
        url = _booking_url(booking.pk)
        yield Item("bad", "Mail came back", text, url, "Phone them", booking.booking_number)
    if more:
        text = f"{count_words(more, 'more booking')} with a mail that came back."
        yield Item("bad", "Mail came back", text, reverse("staff:bookings"), "See bookings")


def _messages(rights: Rights) -> Iterator[Item]:
    """Work that was given up: mails above all. That of a booking is solved on its page."""
    dead, more = _first(Message.objects.dead().order_by("-dead_at"))
    ids = {message.booking_id for message in dead if message.booking_id}
    numbers = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "booking_number"))
    for message in dead:
        number = numbers.get(message.booking_id) if message.booking_id else None
        if number:
            text, url = "has a message that could not be sent.", _booking_url(message.booking_id)
        elif rights.administer:
            text = "A message that belongs to no booking was given up."
            url = reverse("staff:messages")
        else:
            continue
        yield Item("bad", "Message failed", text, url, "Open", number or "")
    if more and rights.administer:
        text = f"{count_words(more, 'more message')}."
        yield Item("bad", "Message failed", text, reverse("staff:messages"), "See all")


def _jobs(rights: Rights) -> Iterator[Item]:
    """Scheduled work that failed, is late, or would not be noticed to be."""
    now = clock.real_now()
    where = (reverse("staff:jobs"), "See jobs") if rights.administer else ("", "")
    beat = Beat.objects.filter(name=SCHEDULER).first()
    if beat is None or now - beat.at > BEAT_PATIENCE:
        yield Item("bad", "Scheduler late", _silence(beat), *where)
    known = {job.name: job for job in Job.objects.all()}
    in_trouble = set(Job.objects.in_trouble(now).values_list("name", flat=True))
    for scheduled in registry.jobs():
        job = known.get(scheduled.name)
        if job is None or not job.enabled:
            continue
        due = scheduled.due_by(now - JOB_PATIENCE)
        if job.name in in_trouble:
            outcome = "did not finish" if job.has_died(now) else "failed"
            yield Item("bad", "Job failed", f"{scheduled.label}: the last run {outcome}.", *where)
        elif job.last_started_at is not None and job.last_started_at < due:
            text = f"{scheduled.label}: was due at {clock_time(due)}."
            yield Item("warn", "Job late", text, *where)


def _silence(beat: Beat | None) -> str:
    since = f"since {clock_time(beat.at)}, {day_words(_day(beat.at))}" if beat else "so far"
    return f"Mails and scheduled work stand still: no sign of life {since}."
