"""Small forms of single acts: a reason, a payment outside Stripe, a note, a refund decision."""

from typing import Any

from crispy_forms.layout import Layout
from django import forms

from booking.models.note import LONGEST_NOTE
from booking.services.by_staff import LONGEST_REASON
from booking.wizard.fields import WholeNumber, Words
from catalog import price_book
from catalog.fields import DollarsField
from payments.models import OutsideMethod
from payments.services import CancellationPreview, Decision
from payments.services.outside import LONGEST_REFERENCE
from totetaxi.lib.forms import Helper
from totetaxi.lib.money import usd


class Act(forms.Form):
    """A form whose fields stand one below the other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)
        self.helper.layout = Layout(*self.fields)


class Said(Words):
    """A line or a paragraph that must say something, of a bounded length."""

    def __init__(self, *, missing: str, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.missing, self.longest = missing, longest
        self.required_words = True
        vars(self)["hide_optional"] = True

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            raise forms.ValidationError(self.missing)
        if len(text) > self.longest:
            raise forms.ValidationError(f"Shorten this to {self.longest:,} characters.")
        return text


class ReasonForm(Act):
    """Why something is done; colleagues read it on the timeline."""

    reason = Said(
        label="Reason",
        missing="Say why, in a few words.",
        longest=LONGEST_REASON,
        help_text="For colleagues; the customer does not see it.",
        widget=forms.Textarea({"rows": 3}),
    )


class NoteForm(Act):
    """An internal note."""

    text = Said(
        label="Add a note",
        missing="Write the note first.",
        longest=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 2}),
    )


class OutsideForm(Act):
    """How money came that did not go through Stripe."""

    how = forms.ChoiceField(
        label="Paid by", choices=OutsideMethod.choices, error_messages={"required": "Choose how."}
    )
    reference = Words(
        label="Reference",
        help_text=f"Check or transfer number, receipt. Up to {LONGEST_REFERENCE} characters.",
    )
    amount = DollarsField(
        label="Amount in dollars",
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )

    def clean_reference(self) -> str:
        reference: str = self.cleaned_data["reference"]
        if len(reference) > LONGEST_REFERENCE:
            raise forms.ValidationError(f"Shorten this to {LONGEST_REFERENCE} characters.")
        return reference


class CancelForm(ReasonForm):
    """Why, and what comes back: what the policy says is chosen already (rule R627)."""

    kind = forms.ChoiceField(label="What comes back", widget=forms.RadioSelect, required=False)
    amount = DollarsField(
        label="Amount in dollars",
        required=False,
        help_text="For a part of it, or for a credit.",
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    version = WholeNumber(widget=forms.HiddenInput)
    shown_cents = WholeNumber(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any,
        *,
        preview: CancellationPreview | None,
        version: int,
        may_approve: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.may_approve = may_approve
        self.preview = preview
        self.initial.update(version=version, kind=POLICY)
        if preview is None:
            # Nothing was paid, so there is nothing to decide.
            for name in ("kind", "amount", "shown_cents"):
                del self.fields[name]
        else:
            self.initial["shown_cents"] = preview.total_cents
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)  # noqa: S101 (for the type checker)
            kind.choices = _choices(preview)
            vars(kind)["hide_optional"] = True
        vars(self.fields["reason"])["help_text"] = (
            "For colleagues and the timeline; the mail tells the customer what comes back."
        )
        self.helper.layout = Layout(*self.fields)

    def clean(self) -> dict[str, Any]:
        """A part needs its amount; a credit without one is all of it."""
        read: dict[str, Any] = super().clean() or self.cleaned_data
        if self.preview is None:
            return read
        if not read.get("kind"):
            self.add_error("kind", "Choose what comes back.")
        elif read["kind"] == PARTIAL and not read.get("amount") and "amount" not in self.errors:
            self.add_error("amount", "Enter how much comes back.")
        elif read["kind"] == CREDIT and not self.may_approve:
            self._bound_credit(read.get("amount") or self.preview.paid_cents)
        return read

    def _bound_credit(self, cents: int) -> None:
        """A code is worth money at once: above the policy's amount it takes who may approve."""
        most_cents = price_book.load().policy.two_person_refund_cents
        if cents > most_cents:
            text = f"A credit above {usd(most_cents)} is for colleagues who may approve refunds."
            self.add_error("kind", f"{text} Enter less, or ask one of them.")

    @property
    def decision(self) -> Decision:
        if self.preview is None:
            return Decision("none")
        kind, cents = self.cleaned_data["kind"], self.cleaned_data.get("amount") or 0
        return Decision(kind, cents if kind in (PARTIAL, CREDIT) else 0)


POLICY, FULL, PARTIAL, CREDIT, NONE = "policy", "full", "partial", "credit", "none"


def _choices(preview: CancellationPreview) -> list[tuple[str, str]]:
    terms = preview.terms
    why = "peak date" if terms.is_peak else f"{terms.percent}%"
    return [
        (POLICY, f"By the policy: {usd(preview.total_cents)} ({why})"),
        (FULL, f"Everything: {usd(preview.paid_cents)}"),
        (PARTIAL, "A part of it, as entered below"),
        (CREDIT, "A credit: a code for one later booking, all of it unless an amount is entered"),
        (NONE, "Nothing"),
    ]
