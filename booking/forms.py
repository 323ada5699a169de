"""Forms about bookings that customers and the office share."""

from collections.abc import Collection
from typing import Any, Final

from django import forms

from booking.models import DocumentKind
from totetaxi.lib.forms import Helper
from totetaxi.lib.uploads import LARGEST, WANTED, Upload, UploadRefusedError, check_document

ACCEPTED: Final = "application/pdf,image/jpeg,image/png"


class DocumentForm(forms.Form):
    """A file for a booking; ``cleaned_data["file"]`` is an Upload, checked by its content."""

    kind = forms.ChoiceField(label="What it is", choices=())
    file = forms.FileField(
        label="File",
        help_text="PDF, JPEG or PNG, at most 10 MB.",
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": WANTED, "invalid": WANTED, "empty": WANTED},
    )

    def __init__(self, *args: Any, kinds: Collection[DocumentKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [(kind.value, kind.label) for kind in kinds]
        self.helper = Helper(self)

    def clean_file(self) -> Upload:
        given = self.cleaned_data["file"]
        if given.size > LARGEST:  # Before it is read.
            raise forms.ValidationError(f"This file is too large. {WANTED}")
        try:
            return check_document(given.name or "", given.read())
        except UploadRefusedError as error:
            raise forms.ValidationError(str(error)) from error
