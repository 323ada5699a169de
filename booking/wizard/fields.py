"""Form fields that only read: text of a bounded length, whole numbers, dates and times.

Whether an answer is allowed is for the rules of ``catalog.checks``; a field refuses only what
cannot be read at all, in words that say what to do.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.utils.datastructures import MultiValueDict

#: No text of an order is longer; the rules set the real limits, far below.
LONGEST_TEXT: Final = 4000
#: Far above every limit of the rules, and small enough to compute with.
LARGEST_NUMBER: Final = 1_000_000
SPECIALTY_PREFIX: Final = "specialty_"

Data = Mapping[str, Any]


def _is_visible(letter: str) -> bool:
    """Not a control or format character: those hide, reorder or break what people read.

    A NUL stays, so that it is refused aloud: nobody types one.
    """
    return letter == "\0" or unicodedata.category(letter) not in ("Cc", "Cf")


class Words(forms.CharField):
    """A line or a paragraph, stripped; line breaks count as one character each."""

    default_error_messages = {
        "max_length": "Shorten this text: it is far too long to read.",
        "null_characters_not_allowed": "Type this again; it holds characters we can’t read.",
    }

    def __init__(self, *, max_length: int = LONGEST_TEXT, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, required=False, **kwargs)

    def to_python(self, value: Any) -> str:
        """The text with plain line breaks: browsers send two characters for each."""
        text = super().to_python(value) or ""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(letter for letter in text if letter == "\n" or _is_visible(letter)).strip()

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No maxlength: browsers would cut what is pasted without a word."""
        return {}


class WholeNumber(forms.IntegerField):
    """A whole number; the absurdly large ones are brought down to one the rules can refuse."""

    default_error_messages = {"invalid": "Enter a whole number, such as 3."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> int | None:
        """The number, None if nothing was typed."""
        number: int | None = super().to_python(value)
        if number is None:
            return None
        return max(-LARGEST_NUMBER, min(number, LARGEST_NUMBER))


class Day(forms.DateField):
    """A date."""

    default_error_messages = {"invalid": "Enter a date like 6/13/2026."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class ClockTime(forms.TimeField):
    """A time of day, in 24 hours as browsers send it or as people write it."""

    default_error_messages = {"invalid": "Enter a time like 2:30 PM."}

    def __init__(self, **kwargs: Any) -> None:
        formats = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"]
        super().__init__(required=False, input_formats=formats, **kwargs)


class QuantitiesWidget(forms.Widget):
    """Reads one input for each item sold; the page draws them."""

    def __init__(self, keys: Iterable[str]) -> None:
        super().__init__()
        self.keys = tuple(keys)

    def value_from_datadict(
        self, data: Data, files: MultiValueDict[str, Any], name: str
    ) -> dict[str, str]:
        """What was typed for each key; items we do not sell are not read."""
        typed = {key: data.get(f"{SPECIALTY_PREFIX}{key}") for key in self.keys}
        return {key: str(text).strip() for key, text in typed.items() if text not in (None, "")}

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """The first input, where a link in the error summary leads."""
        return f"id_{SPECIALTY_PREFIX}{self.keys[0]}" if self.keys else id_


class Quantities(forms.Field):
    """How many of each specialty item: ``{type_key: quantity}``, those of 0 left out."""

    def __init__(self, keys: Iterable[str]) -> None:
        super().__init__(required=False, widget=QuantitiesWidget(keys))

    def to_python(self, value: dict[str, str] | None) -> dict[str, int]:
        """Parse each quantity; raises ValidationError in the words of a single number."""
        number = WholeNumber()
        quantities = {key: number.to_python(text) for key, text in (value or {}).items()}
        return {key: quantity for key, quantity in quantities.items() if quantity}
