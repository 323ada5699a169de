"""What was ordered, paid and given back, on one sheet: the data and the PDF (rules R826, R827)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Final

from django.conf import settings
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos

from booking import describe
from booking.models import Booking, BookingStatus
from catalog.code_rules import waived_cents
from catalog.context import Company, company_facts
from payments.models import STANDING_REFUNDS, Method, Payment, Purpose, Refund, RefundStatus
from totetaxi.lib import clock
from totetaxi.lib.money import usd
from totetaxi.lib.template_tags import full_date

PAID_BY: Final[dict[str, str]] = {
    Method.STRIPE: "Card, through Stripe",
    Method.OUTSIDE: "Paid to us",
    Method.FREE: "Nothing to pay",
    Method.DEMO: "Demonstration payment",
}
ON_ITS_WAY: Final = frozenset({RefundStatus.APPROVED, RefundStatus.PROCESSING})


@dataclass(frozen=True)
class ReceiptLine:
    """One line of the price; negative for a discount."""

    label: str
    note: str
    reason: str
    cents: int


@dataclass(frozen=True)
class MoneyMove:
    """Money that came or went back; ``at`` is None while a refund is on its way."""

    words: str
    cents: int
    at: datetime | None


@dataclass(frozen=True)
class Picture:
    """A JPEG that goes with the receipt, and what it shows."""

    words: str
    content: bytes


@dataclass(frozen=True)
class Receipt:
    """A booking's money as it stands. Amounts are cents; ``balance_cents`` is still to be paid."""

    number: str
    dated: date
    status: str
    name: str
    email: str
    service: str
    pickup_date: date
    from_lines: tuple[str, ...]
    to_lines: tuple[str, ...]
    lines: tuple[ReceiptLine, ...]
    total_cents: int
    tax_cents: int
    tax_percent: Decimal
    payments: tuple[MoneyMove, ...]
    refunds: tuple[MoneyMove, ...]
    balance_cents: int
    company_name: str
    company: Company

    @property
    def is_issued(self) -> bool:
        """Whether there is anything to receipt: a payment, if only of nothing."""
        return bool(self.payments)

    @property
    def paid_cents(self) -> int:
        """All that was ever paid."""
        return sum(payment.cents for payment in self.payments)

    @property
    def refunded_cents(self) -> int:
        """What is back with the customer; refunds on their way do not count."""
        return sum(refund.cents for refund in self.refunds if refund.at)

    @property
    def net_cents(self) -> int:
        return self.paid_cents - self.refunded_cents


def receipt_of(booking: Booking) -> Receipt:
    """The receipt of a booking; three queries, with its addresses and package at hand."""
    payments = list(
        Payment.objects.captured()
        .filter(booking=booking)
        .prefetch_related("refunds")
        .order_by("processed_at", "created_at")
    )
    refunds = [refund for payment in payments for refund in payment.refunds.all()]
    lines = list(booking.lines.all())
    paid, back = [_paid(one) for one in payments], _given_back(refunds)
    moments = [move.at for move in (*paid, *back) if move.at]
    return Receipt(
        number=booking.booking_number,
        dated=max(moments, default=booking.created_at).astimezone(clock.NEW_YORK).date(),
        status=booking.get_status_display(),
        name=booking.get_customer_name(),
        email=booking.email,
        service=describe.service_words(booking),
        pickup_date=booking.pickup_date,
        from_lines=booking.pickup_address.lines,
        to_lines=booking.delivery_address.lines,
        lines=tuple(ReceiptLine(one.label, one.note, one.reason, one.cents) for one in lines),
        total_cents=booking.total_price_cents,
        tax_cents=sum(one.cents for one in lines if one.code == "organizing_tax"),
        tax_percent=booking.organizing_tax_percent,
        payments=tuple(paid),
        refunds=tuple(back),
        balance_cents=_balance_cents(booking, payments),
        company_name=settings.BUSINESS_NAME,
        company=company_facts(),
    )


def _balance_cents(booking: Booking, payments: list[Payment]) -> int:
    """What is still to be paid; what a cheaper change gave back pays nothing any more (R865)."""
    if booking.status == BookingStatus.CANCELLED:
        return 0
    kept_cents = sum(
        payment.amount_cents
        - sum(
            refund.amount_cents
            for refund in payment.refunds.all()
            if refund.change_id and refund.status in STANDING_REFUNDS
        )
        for payment in payments
        if not payment.unfulfillable_reason
    )
    left_cents = max(booking.total_price_cents - kept_cents, 0)
    return left_cents - waived_cents(left_cents)


def _paid(payment: Payment) -> MoneyMove:
    words = PAID_BY[payment.method]
    if payment.outside_method:
        words = f"{words}: {payment.get_outside_method_display().lower()}"
    if payment.unfulfillable_reason:
        words = f"{words}; could not be used"
    elif payment.purpose == Purpose.CHANGE:
        words = f"{words}, for a change"
    return MoneyMove(words, payment.amount_cents, payment.processed_at or payment.created_at)


def _given_back(refunds: list[Refund]) -> list[MoneyMove]:
    """What came back, then what is on its way; a request that waits for people is neither."""
    done = [one for one in refunds if one.status == RefundStatus.COMPLETED]
    done.sort(key=lambda one: one.completed_at or one.created_at)
    coming = [one for one in refunds if one.status in ON_ITS_WAY]
    return [
        *(MoneyMove("Refunded", r.amount_cents, r.completed_at or r.created_at) for r in done),
        *(MoneyMove("Refund on its way", one.amount_cents, None) for one in coming),
    ]


# -- the PDF -------------------------------------------------------------------

FONTS: Final = Path(__file__).parent / "fonts"
SANS, SERIF = "Figtree", "Gilda"
INK, SOFT, EDGE = (20, 33, 58), (74, 86, 106), (221, 211, 192)
MARGIN: Final = 22.0
WIDTH: Final = 215.9 - 2 * MARGIN
AMOUNT: Final = 38.0
# Two pictures beside each other.
GAP: Final = 6.0
PICTURE: Final = ((WIDTH - GAP) / 2, 62.0)


class _Sheet(FPDF):
    """US Letter in the company's type; lengths are millimeters."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(format="Letter")
        self.receipt = receipt
        self.set_margins(MARGIN, 20, MARGIN)
        self.set_auto_page_break(auto=True, margin=24)
        self.c_margin = 0
        self.add_font(SANS, "", FONTS / "figtree-regular.ttf")
        self.add_font(SANS, "B", FONTS / "figtree-semibold.ttf")
        self.add_font(SERIF, "", FONTS / "gilda-display.ttf")
        self.set_lang("en-US")
        self.set_title(f"Receipt {receipt.number}")
        self.set_author(receipt.company_name)
        self.set_subject(f"Booking {receipt.number}")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def footer(self) -> None:
        """Whom to ask, on every page."""
        company = self.receipt.company
        ways = " or ".join(way for way in (company.phone, company.orders_email) if way)
        self.set_y(-17)
        self.type(SANS, 8.5, SOFT)
        self.cell(
            WIDTH - 30, 5, f"Questions about this receipt: {ways}. Say {self.receipt.number}."
        )
        self.cell(30, 5, f"Page {self.page_no()}", align="R")

    def type(
        self, family: str, size: float, color: tuple[int, int, int] = INK, style: str = ""
    ) -> None:
        self.set_font(family, style, size)
        self.set_text_color(*color)

    def text_row(self, text: str, height: float = 5, *, width: float = 0) -> None:
        """A paragraph of its own."""
        self.multi_cell(
            width, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT, padding=0
        )

    def rule(self, space: float = 3) -> None:
        self.ln(space)
        self.set_draw_color(*EDGE)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(space)

    def amount_row(self, words: str, cents: int | str, note: str = "", style: str = "") -> None:
        """Words on the left, an amount on the right, a note below; never torn between pages."""
        with self.offset_rendering() as trial:
            self._amount_row(words, cents, note, style)
        if trial.page_break_triggered:
            self.add_page()
        self._amount_row(words, cents, note, style)

    def _amount_row(self, words: str, cents: int | str, note: str, style: str) -> None:
        self.type(SANS, 10.5, style=style)
        top = self.get_y()
        self.text_row(words, 5.4, width=WIDTH - AMOUNT)
        below = self.get_y()
        self.set_xy(MARGIN + WIDTH - AMOUNT, top)
        self.cell(AMOUNT, 5.4, cents if isinstance(cents, str) else usd(cents), align="R")
        self.set_xy(MARGIN, below)
        if note:
            self.type(SANS, 8.5, SOFT)
            self.text_row(note, 4.2, width=WIDTH - AMOUNT)
        self.ln(1.6)

    def heading(self, words: str) -> None:
        self.ln(5)
        self.type(SERIF, 14)
        self.start_section(words)
        self.cell(0, 7, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)


def receipt_pdf(receipt: Receipt, pictures: Sequence[Picture] = ()) -> bytes:
    """The receipt as a PDF whose text can be selected, searched and read aloud.

    ``pictures`` are the proofs of delivery, which follow the money.
    """
    sheet = _Sheet(receipt)
    sheet.add_page()
    _letterhead(sheet, receipt)
    _facts(sheet, receipt)
    sheet.heading("Price")
    for line in receipt.lines:
        sheet.amount_row(line.label, line.cents or "Included", line.reason or line.note)
    sheet.rule(1)
    sheet.amount_row("Total", receipt.total_cents, _tax_words(receipt), "B")
    _money(sheet, receipt)
    _pictures(sheet, pictures)
    return bytes(sheet.output())


def _letterhead(sheet: _Sheet, receipt: Receipt) -> None:
    company = receipt.company
    sheet.type(SERIF, 18)
    sheet.cell(70, 9, receipt.company_name)
    sheet.type(SANS, 8.5, SOFT)
    for text in (company.office_address, company.phone, company.orders_email):
        if text:
            sheet.set_x(MARGIN + 70)
            sheet.cell(WIDTH - 70, 4.4, text, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(10)
    sheet.type(SERIF, 24)
    sheet.start_section(f"Receipt {receipt.number}")
    sheet.cell(0, 11, f"Receipt {receipt.number}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(4)


def _facts(sheet: _Sheet, receipt: Receipt) -> None:
    rows = (
        ("Date", full_date(receipt.dated)),
        ("For", f"{receipt.name}, {receipt.email}"),
        ("Service", receipt.service),
        ("Pickup", full_date(receipt.pickup_date)),
        ("From", ", ".join(receipt.from_lines)),
        ("To", ", ".join(receipt.to_lines)),
        ("Booking", receipt.status),
    )
    for label, value in rows:
        sheet.type(SANS, 9.5, SOFT)
        sheet.cell(26, 5.4, label)
        sheet.type(SANS, 9.5)
        sheet.text_row(value, 5.4, width=WIDTH - 26)


def _tax_words(receipt: Receipt) -> str:
    if not receipt.tax_cents:
        return ""
    percent = f"{receipt.tax_percent.normalize():f}"
    return f"Of which sales tax on organizing, {percent}%: {usd(receipt.tax_cents)}"


def _money(sheet: _Sheet, receipt: Receipt) -> None:
    if receipt.payments:
        sheet.heading("Payments")
    for payment in receipt.payments:
        sheet.amount_row(payment.words, payment.cents, full_date(payment.at))
    if receipt.refunds:
        sheet.heading("Refunds")
    for refund in receipt.refunds:
        sheet.amount_row(refund.words, -refund.cents, full_date(refund.at))
    sheet.rule(1)
    if receipt.refunds:
        sheet.amount_row("Paid, less refunds", receipt.net_cents, style="B")
    sheet.amount_row("Balance to pay", receipt.balance_cents, style="B")


def _pictures(sheet: _Sheet, pictures: Sequence[Picture]) -> None:
    """Two in a row, each with its words below; a row is never torn between pages."""
    width, height = PICTURE
    for number, picture in enumerate(pictures):
        if number % 2 == 0:
            if sheet.will_page_break(height + (26 if number == 0 else 12)):
                sheet.add_page()
            if number == 0:
                sheet.heading("Proof of delivery")
            top = sheet.get_y()
        left = MARGIN + (number % 2) * (width + GAP)
        sheet.image(
            BytesIO(picture.content),
            x=left,
            y=top,
            w=width,
            h=height,
            keep_aspect_ratio=True,
            alt_text=picture.words,
        )
        sheet.set_xy(left, top + height + 1.5)
        sheet.type(SANS, 8.5, SOFT)
        sheet.cell(width, 4.4, picture.words, align="C")
        sheet.set_xy(MARGIN, top + height + 9)
