"""Papers of a booking and proofs of delivery, for the office (rule R767)."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.downloads import document_response, picture_response
from booking.forms import DocumentForm
from booking.models import Document, DocumentKind
from booking.services import add_document, remove_document
from logistics.models import DeliveryProof
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.models import ActionType
from staff.views.bookings import visible_booking
from totetaxi.lib.uploads import UploadRefusedError

KINDS = (DocumentKind.COI_CERTIFICATE, DocumentKind.COI_SAMPLE, DocumentKind.OTHER)


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def proof(request: StaffRequest, proof_id: UUID) -> FileResponse:
    """A photo or signature from the door."""
    found = get_object_or_404(DeliveryProof, pk=proof_id, fetched_at__isnull=False)
    visible_booking(request, found.task.booking_id)
    return picture_response(found.image)


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def document(request: StaffRequest, document_id: UUID) -> FileResponse:
    """A paper, to save."""
    found = get_object_or_404(Document.objects.standing(), pk=document_id)
    visible_booking(request, found.booking_id)
    return document_response(found)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def document_add(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Put a paper on a booking: above all the certificate that its building asked for."""
    booking = visible_booking(request, booking_id)
    sent = request.method == "POST"
    form = DocumentForm(*(request.POST, request.FILES) if sent else (), kinds=KINDS)
    if sent and form.is_valid():
        kind = DocumentKind(form.cleaned_data["kind"])
        try:
            with transaction.atomic():
                added = add_document(
                    booking.pk, kind, form.cleaned_data["file"], by=request.user, by_staff=True
                )
                text = f"Added {added.get_kind_display()}"
                log_action(request, ActionType.UPLOAD_DOCUMENT, text, booking=booking)
        except UploadRefusedError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "The document is on the booking.")
            return redirect("staff:booking", booking.pk)
    context = {"booking": booking, "form": form}
    status = 422 if form.errors else 200
    return render(request, "staff/logistics/document_add.html", context, status=status)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def document_remove(request: StaffRequest, document_id: UUID) -> HttpResponse:
    """Take a paper off its booking."""
    found = get_object_or_404(Document.objects.standing(), pk=document_id)
    booking = visible_booking(request, found.booking_id)
    with transaction.atomic():
        # False if a colleague was faster: then the row in the audit is theirs.
        if remove_document(found.pk, by=request.user, by_staff=True):
            text = f"Removed {found.get_kind_display()}"
            log_action(request, ActionType.UPLOAD_DOCUMENT, text, booking=booking)
    messages.success(request, "The document is removed.")
    return redirect("staff:booking", booking.pk)
