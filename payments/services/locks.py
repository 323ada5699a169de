"""The money locks of one booking, always taken in the same order (rule R601)."""

from dataclasses import dataclass
from uuid import UUID

from booking.models import Booking
from payments.models import AuditKind, Payment, PaymentAudit, PaymentStatus, Refund


@dataclass(frozen=True)
class Money:
    """A booking with all its payments, locked until the transaction ends."""

    booking: Booking
    payments: tuple[Payment, ...]

    def payment(self, payment_id: UUID) -> Payment:
        return next(payment for payment in self.payments if payment.pk == payment_id)

    @property
    def open_payments(self) -> tuple[Payment, ...]:
        return tuple(p for p in self.payments if p.status == PaymentStatus.PENDING)


def lock_money(booking_id: UUID) -> Money:
    """Lock the payments of a booking by id, then the booking; a draft is locked before.

    A payment added while we waited is in the answer, too, though not locked: payments are only
    added under the booking's lock, so nobody else can be working on it. Without this second look
    a webhook would miss the payment of a checkout that committed meanwhile.
    """
    payments = Payment.objects.filter(booking_id=booking_id).order_by("pk")
    list(payments.select_for_update())
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    return Money(booking, tuple(payments.all()))


def audit(
    payment: Payment,
    kind: AuditKind,
    *,
    amount_cents: int | None = None,
    refund: Refund | None = None,
    detail: str = "",
) -> None:
    """Add a row to the money's history; without an amount it is the payment's."""
    PaymentAudit.objects.create(
        payment=payment,
        refund=refund,
        kind=kind,
        amount_cents=payment.amount_cents if amount_cents is None else amount_cents,
        detail=detail[:300],
    )
