"""Papers and proofs of a booking, for its owner."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import services
from booking.downloads import document_response, picture_response
from booking.forms import DocumentForm
from booking.models import Document, DocumentKind
from logistics.models import DeliveryProof
from totetaxi.account.access import own_booking
from totetaxi.lib.access import audience
from totetaxi.lib.ratelimit import limit
from totetaxi.lib.uploads import UploadRefusedError
from totetaxi.users.models import User

KINDS = (DocumentKind.COI_SAMPLE, DocumentKind.OTHER)


@audience("public")
@never_cache
@require_safe
def proof(request: HttpRequest, booking_id: UUID, proof_id: UUID) -> FileResponse:
    """A photo or signature from the door."""
    booking = own_booking(request, booking_id)
    proofs = DeliveryProof.objects.filter(task__booking=booking, fetched_at__isnull=False)
    found = get_object_or_404(proofs, pk=proof_id)
    return picture_response(found.image)


@audience("public")
@never_cache
@require_safe
def document(request: HttpRequest, booking_id: UUID, document_id: UUID) -> FileResponse:
    """A paper of the booking, to save."""
    booking = own_booking(request, booking_id)
    papers = Document.objects.standing().filter(booking=booking)
    return document_response(get_object_or_404(papers, pk=document_id))


@audience("public")
@limit("upload", methods=("POST",))
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def document_add(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Send us the building's sample certificate, or another paper."""
    booking = own_booking(request, booking_id)
    sent = request.method == "POST"
    form = DocumentForm(*(request.POST, request.FILES) if sent else (), kinds=KINDS)
    if sent and form.is_valid():
        by = request.user if isinstance(request.user, User) else None
        kind = DocumentKind(form.cleaned_data["kind"])
        try:
            services.add_document(
                booking.pk, kind, form.cleaned_data["file"], by=by, by_staff=False
            )
        except UploadRefusedError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "We have your file.")
            return redirect("account:status", booking.pk)
    context = {"booking": booking, "form": form}
    status = 422 if form.errors else 200
    return render(request, "account/document_add.html", context, status=status)


@audience("public")
@limit("upload")
@require_POST
def document_remove(request: HttpRequest, booking_id: UUID, document_id: UUID) -> HttpResponse:
    """Take back a paper that came from the customer's side."""
    booking = own_booking(request, booking_id)
    papers = Document.objects.standing().filter(booking=booking, by_staff=False)
    if not papers.filter(pk=document_id).exists():
        raise Http404
    by = request.user if isinstance(request.user, User) else None
    services.remove_document(document_id, by=by, by_staff=False)
    messages.success(request, "The file is removed.")
    return redirect("account:status", booking.pk)
