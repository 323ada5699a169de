"""Taking a person out of texts and JSON: pure functions (rule R695)."""

import re
from collections.abc import Iterable
from typing import Any, Final

REMOVED: Final = "removed"
#: A part of the name of a value that people typed about a person.
PERSONAL: Final = (
    *("first_name", "last_name", "email", "phone", "address_line", "nickname", "contact"),
    *("instructions", "description", "note", "reason"),
)
SHORTEST: Final = 3


class Scrubber:
    """Knows what a person is called, and takes it out of any text, in whatever case."""

    def __init__(self, words: Iterable[str]) -> None:
        known = {variant for word in words for variant in _variants(word)}
        ordered = sorted((word for word in known if len(word) >= SHORTEST), key=len, reverse=True)
        body = "|".join(r"\s+".join(map(re.escape, word.split())) for word in ordered)
        self._pattern = re.compile(rf"(?<!\w)(?:{body})(?!\w)", re.IGNORECASE) if body else None

    def text(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(REMOVED, text) if self._pattern else text

    def json(self, value: Any, *, is_personal: bool = False) -> Any:
        """The same JSON; values with a personal name say ``removed``, the others are scrubbed."""
        if isinstance(value, dict):
            return {
                self.text(key): self.json(
                    inner, is_personal=is_personal or any(part in key for part in PERSONAL)
                )
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self.json(inner, is_personal=is_personal) for inner in value]
        if not isinstance(value, str):
            return value
        return REMOVED if is_personal and value else self.text(value)


def _variants(word: str) -> tuple[str, ...]:
    """The ways one thing is written: a phone number has many."""
    word = " ".join(word.split())
    digits = re.sub(r"\D", "", word)
    if len(digits) != 10 or not re.fullmatch(r"[\d\s().+\-/]+", word):
        return (word,)
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    plain = (digits, f"1{digits}", f"+1{digits}", f"{area}-{exchange}-{line}")
    spaced = (
        f"({area}) {exchange}-{line}",
        f"{area} {exchange} {line}",
        f"{area}.{exchange}.{line}",
    )
    return (word, *plain, *spaced, f"+1 {area} {exchange} {line}", f"+1 ({area}) {exchange}-{line}")
