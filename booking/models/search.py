"""Finding bookings by whatever somebody says on the phone: number, name, email, phone, address.

``Booking.search_text`` holds all of these in lower case; the database keeps it (a trigger of the
booking migrations), and a trigram index makes looking inside it fast among any number of rows.
"""

import re
from collections.abc import Iterator
from typing import Final

from django.db.models import Q

#: Longer texts and more words are nobody's search.
LONGEST: Final = 200
MOST_WORDS: Final = 8
SHORT_NUMBER = re.compile(r"tt-?(\d{1,6})")
PHONE = re.compile(r"\+?[\d\s().\-/]{7,}")


def matching(text: str) -> Q:
    """Rows that contain every word of ``text``, in any order; everything for no words."""
    found = Q()
    for alternatives in _terms(text):
        one = Q()
        for term in alternatives:
            one |= Q(search_text__contains=term)
        found &= one
    return found


def _terms(text: str) -> Iterator[tuple[str, ...]]:
    """What must be contained, each with the ways it may be written."""
    text = text.replace("\0", "")[:LONGEST].lower().strip()
    digits = re.sub(r"\D", "", text)
    if PHONE.fullmatch(text) and len(digits) >= 7:
        # As it is stored: ten digits; and as typed, for a ZIP with its +4.
        yield (digits[1:] if len(digits) == 11 and digits[0] == "1" else digits, text)
        return
    for word in text.split()[:MOST_WORDS]:
        number = SHORT_NUMBER.fullmatch(word)
        yield (f"tt-{number[1].zfill(6)}",) if number else (word,)
