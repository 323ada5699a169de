"""What the office notes about a customer."""

import hashlib
from typing import Any

from django import forms

from booking.models import CustomerProfile
from totetaxi.lib.forms import Helper

FASTER = (
    "Somebody saved these notes while you wrote. What stands there now is shown below yours: "
    "put both together, and save again."
)


def stamp_of(profile: CustomerProfile) -> str:
    """A fingerprint of what is stored: another one means that somebody was faster."""
    return hashlib.sha256(f"{profile.is_vip}:{profile.notes}".encode()).hexdigest()[:32]


class NotesForm(forms.ModelForm[CustomerProfile]):
    """Notes and VIP, with the fingerprint of what they were when the page was opened."""

    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = CustomerProfile
        fields = ("is_vip", "notes")
        labels = {"is_vip": "VIP", "notes": "Notes for the office"}
        help_texts = {"notes": "The customer never sees them."}
        widgets = {"notes": forms.Textarea({"rows": 5})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["notes"].max_length = 5000  # type: ignore[attr-defined]  # A text field
        self.stored_stamp = stamp_of(self.instance)
        self.stored_notes = self.instance.notes
        self.is_late = False
        self.helper = Helper(self)

    def clean_notes(self) -> str:
        notes: str = self.cleaned_data["notes"]
        if len(notes) > 5000:
            raise forms.ValidationError("Shorten the notes to 5,000 characters.")
        return notes.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Refuse to write over what somebody else saved after the page was opened."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("stamp") != self.stored_stamp:
            self.is_late = True
            # The next try may write: its author has seen what is stored.
            self.data = {**dict(self.data.items()), "stamp": self.stored_stamp}
            raise forms.ValidationError(FASTER)
        return cleaned
