"""Files on a booking: kept by owner and staff, removed without being forgotten (rule R767)."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from booking.models import Booking, Document, DocumentKind, EventKind
from totetaxi.lib import clock
from totetaxi.lib.uploads import Upload, UploadRefusedError

if TYPE_CHECKING:
    from totetaxi.users.models import User

MOST: Final = 20


@transaction.atomic
def add_document(
    booking_id: UUID, kind: DocumentKind, upload: Upload, *, by: "User | None", by_staff: bool
) -> Document:
    """Keep a checked file on a booking; raises UploadRefusedError when it has too many."""
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if booking.documents.standing().count() >= MOST:
        raise UploadRefusedError(f"This booking has {MOST} files. Remove one first.")
    document = Document(
        booking=booking,
        kind=kind,
        name=upload.name,
        content_type=upload.content_type,
        size_bytes=len(upload.content),
        uploaded_by=by,
        by_staff=by_staff,
    )
    document.file.save(upload.name, ContentFile(upload.content), save=False)
    try:
        document.save()
        _record(booking, document, "added", by=by, by_staff=by_staff)
    except BaseException:
        document.file.delete(save=False)  # No row leads to it.
        raise
    return document


@transaction.atomic
def remove_document(document_id: UUID, *, by: "User | None", by_staff: bool) -> bool:
    """Take a file off its booking; it stays in the records. False if it was gone."""
    booking_id = Document.objects.values_list("booking_id", flat=True).get(pk=document_id)
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    document = Document.objects.standing().filter(pk=document_id).first()
    if document is None:
        return False
    document.removed_at = clock.real_now()
    document.save(update_fields=["removed_at"])
    _record(booking, document, "removed", by=by, by_staff=by_staff)
    return True


def _record(
    booking: Booking, document: Document, what: str, *, by: "User | None", by_staff: bool
) -> None:
    booking.record(
        EventKind.DOCUMENT,
        actor=by,
        actor_label="office" if by_staff else "customer",
        reason=f"{document.get_kind_display()} {what}",
        after={"document": str(document.pk), "kind": document.kind},
    )
