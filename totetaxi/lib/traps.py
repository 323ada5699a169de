"""Traps for robots on public forms: a field that people do not see, and how fast a form came back.

What a person sends is never lost in a trap (rules R677-R679): who hurries, comes from a page of
yesterday or from one without these fields is asked to send the form once more.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from totetaxi.lib import clock

#: Named as something that robots fill in and browsers do not.
EMPTY_FIELD: Final = "website"
STAMP_FIELD: Final = "shown_at"
LONGEST: Final = timedelta(hours=24)
SIGNER: Final = signing.Signer(salt="totetaxi.lib.traps")
ONCE_MORE: Final = "We could not take this in. Please look it over and send it once more."

# A mixin for any form: allauth's, a model's, our own.
if TYPE_CHECKING:
    Base = forms.BaseForm
else:
    Base = object


class Trapped(Base):
    """A form with both traps; its template shows ``{{ form.trap }}`` inside ``<form>``.

    A form that cannot go through a trap is not valid, with ``once_more`` as its error; with
    ``pretends`` one that robots surely sent is valid, and the view asks ``is_robot`` before it
    acts. Without ``is_timed`` only the hidden field counts: for short forms that browsers fill.
    """

    pretends = False
    is_timed = True
    once_more = ONCE_MORE

    @property
    def trap(self) -> SafeString:
        """The two fields. A form that is shown again keeps the moment it was shown first."""
        is_kept = self._age is not None and self._age <= LONGEST
        context = {
            "empty_field": EMPTY_FIELD,
            "stamp_field": STAMP_FIELD if self.is_timed else "",
            "stamp": self.data[STAMP_FIELD] if is_kept else stamp(),
        }
        return render_to_string("_trap.html", context)

    @property
    def is_robot(self) -> bool:
        """Whether no person sent this: the hidden field is filled, or it came back at once."""
        return bool(self.data.get(EMPTY_FIELD)) or self._is_too_fast

    def clean(self) -> dict[str, Any] | None:
        """The form's own check, then the traps, if there is nothing else to put right."""
        cleaned: dict[str, Any] | None = super().clean()
        is_asked_again = self._is_stale or (self.is_robot and not self.pretends)
        if is_asked_again and not self.errors:
            self.add_error(None, self.once_more)
        return cleaned

    @cached_property
    def _age(self) -> timedelta | None:
        """How long ago the form was shown; None if it does not say so under our signature."""
        try:
            milliseconds = int(SIGNER.unsign(self.data.get(STAMP_FIELD, "")))
        except (signing.BadSignature, ValueError):
            return None
        return clock.real_now() - datetime.fromtimestamp(milliseconds / 1000, UTC)

    @property
    def _is_too_fast(self) -> bool:
        least = timedelta(seconds=settings.FORM_SECONDS)
        return self.is_timed and self._age is not None and self._age < least

    @property
    def _is_stale(self) -> bool:
        """Whether the page is of yesterday, or says no moment at all: nobody's fault."""
        if not self.is_timed or not settings.FORM_SECONDS:
            return False
        return self._age is None or self._age > LONGEST


def stamp() -> str:
    """This moment, signed."""
    return SIGNER.sign(str(int(clock.real_now().timestamp() * 1000)))
