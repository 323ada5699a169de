"""What cancelling a booking gives back, and until when, as a small table (rule R825)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from booking.cancelling import change_cutoff
from booking.describe import window
from booking.models import LIVE_STATUSES, Booking
from catalog import price_book
from payments.services.cancellation import CancellationPreview, cancellation_preview
from payments.services.policy import is_peak_date, refund_terms, terms_of
from totetaxi.lib import clock
from totetaxi.lib.money import usd


@dataclass(frozen=True)
class Row:
    """Cancelling until ``until``, that moment included, gives ``words``."""

    until: datetime
    percent: int
    words: str
    state: str  # past, now or ahead


@dataclass(frozen=True)
class Terms:
    """The rows in order; after the last one, people decide on the phone."""

    rows: tuple[Row, ...]
    is_peak: bool
    cutoff: datetime
    full_until: datetime | None
    by_customer: bool

    @property
    def current(self) -> Row | None:
        return next((row for row in self.rows if row.state == "now"), None)


def cancellation_terms(booking: Booking, now: datetime) -> Terms | None:
    """The table for a booking we are going to carry out; None for any other."""
    if booking.status not in LIVE_STATUSES:
        return None
    book = price_book.load()
    start, is_peak = window(booking)[0], is_peak_date(booking, book)

    def at(moment: datetime) -> int:
        terms = refund_terms(window_start=start, now=moment, policy=book.policy, is_peak=is_peak)
        return terms.percent

    cutoff = change_cutoff(booking.pickup_date, book.policy)
    hours = (step.hours_before for step in book.policy.refund_steps)
    steps = ((start.astimezone(UTC) - timedelta(hours=n)).astimezone(clock.NEW_YORK) for n in hours)
    # Each step's last moment is still inside it; the cut-off itself is too late.
    ends = sorted({*(end for end in steps if end < cutoff), cutoff - timedelta(seconds=1)})
    rows: list[Row] = []
    for end in ends:
        if rows and rows[-1].percent == at(end):
            rows.pop()
        is_past = now >= cutoff if end == ends[-1] else now > end
        has_begun = not rows or now > rows[-1].until
        state = "past" if is_past else "now" if has_begun else "ahead"
        shown = cutoff if end == ends[-1] else end
        rows.append(Row(shown, at(end), _words(cancellation_preview(booking, end)), state))
    today = terms_of(booking, now)
    return Terms(
        rows=tuple(row for row in rows if row.until > booking.created_at),
        is_peak=is_peak,
        cutoff=cutoff,
        full_until=today.full_until,
        by_customer=today.by_customer,
    )


def _words(preview: CancellationPreview) -> str:
    """What comes back at the moment that was looked at."""
    if not preview.paid_cents:
        return "Nothing was paid"
    if not preview.terms.percent:
        return "Nothing"
    if not preview.total_cents:
        # Demonstration money cannot go back, so there is no amount.
        return "Everything" if preview.terms.percent == 100 else f"{preview.terms.percent}%"
    return usd(preview.total_cents) + ("" if preview.by_hand_cents else " to your card")
