"""Handing out files that only some may see: never run by the browser, never kept by others."""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404

from booking.models import Document


def document_response(document: Document) -> FileResponse:
    """The file as an attachment; the caller has asked who wants it."""
    response = FileResponse(
        _opened(document.file),
        as_attachment=True,
        filename=document.name,
        content_type=document.content_type,
    )
    return _private(response)


def picture_response(picture: FieldFile) -> FileResponse:
    """A picture of ours, to look at; the caller has asked who wants it."""
    return _private(FileResponse(_opened(picture), content_type="image/jpeg"))


def _opened(file: FieldFile) -> FieldFile:
    """Open for reading; 404 for one that the storage has lost."""
    try:
        return file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error


def _private(response: FileResponse) -> FileResponse:
    """Kept by no cache on the way, and nothing in it may act."""
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
