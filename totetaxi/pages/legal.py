"""Which words people read about their data. The terms have theirs in ``booking.terms``."""

from typing import Final

#: Of templates/pages/privacy.html; raised whenever its text changes, never otherwise.
PRIVACY_VERSION: Final = "2026-11"
