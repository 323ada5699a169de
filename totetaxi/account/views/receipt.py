"""The receipt of a booking, for the screen, for print and as a file."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments.receipts import Receipt, receipt_of, receipt_pdf
from totetaxi.account.access import own_booking
from totetaxi.account.tracking import proof_pictures
from totetaxi.lib.access import audience


@audience("public")
@never_cache
@require_safe
def receipt(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The receipt as a page that prints well; 404 for anyone but the owner, and while unpaid."""
    context = {"booking_id": booking_id, "receipt": _issued(request, booking_id)}
    return render(request, "account/receipt.html", context)


@audience("public")
@never_cache
@require_safe
def receipt_file(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The same as a PDF, with the proofs of delivery."""
    issued = _issued(request, booking_id)
    pdf = receipt_pdf(issued, proof_pictures(booking_id))
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="ToteTaxi-{issued.number}.pdf"'
    return response


def _issued(request: HttpRequest, booking_id: UUID) -> Receipt:
    issued = receipt_of(own_booking(request, booking_id))
    if not issued.is_issued:
        raise Http404
    return issued
