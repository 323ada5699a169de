"""Which terms a customer agrees to with an order; each booking stores the version accepted."""

from typing import Final

#: Of the text in templates/pages/_terms_text.html: raise it whenever that text changes.
TERMS_VERSION: Final = "2026-11"
