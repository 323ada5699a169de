"""Files that people send: judged by what is in them, never by what they say they are."""

import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import IndirectObject, NameObject

LARGEST: Final = 10 * 1024 * 1024  # bytes
LONGEST_SIDE: Final = 2400  # pixels
MOST_PIXELS: Final = 50_000_000
LONGEST_NAME: Final = 100
PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
WANTED: Final = "Choose a PDF, a JPEG or a PNG file of at most 10 MB."
# What makes a PDF do something by itself, or carry other files.
ACTIVE: Final = frozenset(
    {"/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA"}
)
MOST_OBJECTS: Final = 50_000
# What Pillow and pypdf raise on damaged files, besides their own errors.
DAMAGED: Final = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    SyntaxError,
    RecursionError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
)


class LimitedUploadHandler(FileUploadHandler):
    """Keeps no more of a request's files than LARGEST, wherever they are sent.

    Stands before the handlers that keep them; a file that is too large counts as not sent.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._bytes += len(raw_data)
        if self._bytes > LARGEST:
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has it."""


class UploadRefusedError(Exception):
    """The file cannot be taken; the message tells the person what to do."""


@dataclass(frozen=True)
class Upload:
    """A file that may be kept: its own safe name, its true type and its content."""

    name: str
    content_type: str
    content: bytes


def check_document(name: str, content: bytes) -> Upload:
    """A PDF as it is, or a picture drawn anew; raises UploadRefusedError for anything else."""
    if not content:
        raise UploadRefusedError(f"This file is empty. {WANTED}")
    if len(content) > LARGEST:
        raise UploadRefusedError(f"This file is too large. {WANTED}")
    stem = safe_stem(name)
    if content.startswith(b"%PDF-"):
        _check_pdf(content)
        return Upload(f"{stem}.pdf", PDF, content)
    return Upload(f"{stem}.jpg", JPEG, clean_picture(content, longest_side=LONGEST_SIDE))


def clean_picture(content: bytes, *, longest_side: int) -> bytes:
    """A JPEG or PNG drawn anew as JPEG: no metadata, nothing hidden in it, no size beyond need.

    Raises UploadRefusedError for what is neither, is damaged or is out of all proportion.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UploadRefusedError("This picture has too many pixels. Send a smaller one.")
            drawn = _drawn(picture, longest_side)
    except (UnidentifiedImageError, Image.DecompressionBombError, *DAMAGED) as error:
        raise UploadRefusedError(f"This file can’t be read. {WANTED}") from error
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=85)
    return out.getvalue()


def _drawn(picture: Image.Image, longest_side: int) -> Image.Image:
    """The right way up on white ground; made smaller first, so that little memory is needed."""
    if picture.mode in ("P", "1"):
        picture = picture.convert("RGBA")
    picture.thumbnail((longest_side, longest_side))
    layer = ImageOps.exif_transpose(picture).convert("RGBA")
    drawn = Image.new("RGB", layer.size, "white")
    drawn.paste(layer, mask=layer)
    return drawn


def safe_stem(name: str) -> str:
    """What is left of a file's name without its ending, its folders and anything odd."""
    stem = PurePath(name.replace("\\", "/")).stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME] or "document"


def _check_pdf(content: bytes) -> None:
    """Refuse what is no whole PDF, is locked, or would do something by itself."""
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise UploadRefusedError("This PDF is locked. Save it without a password.")
        pages = len(reader.pages)
        names = _names_in(reader)
    except (PyPdfError, *DAMAGED) as error:
        raise UploadRefusedError(f"This PDF is damaged. {WANTED}") from error
    if not pages:
        raise UploadRefusedError(f"This PDF has no page. {WANTED}")
    if names & ACTIVE:
        raise UploadRefusedError("This PDF contains scripts or other files. Print it to a new PDF.")


def _names_in(reader: PdfReader) -> set[str]:
    """Every key and name that can be reached in the document, compressed parts included."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = [reader.trailer]
    for _ in range(MOST_OBJECTS):
        if not waiting:
            return found
        thing = waiting.pop()
        if isinstance(thing, IndirectObject):
            if thing.idnum in seen:
                continue
            seen.add(thing.idnum)
            thing = thing.get_object()
        if isinstance(thing, Mapping):
            found.update(map(str, thing))
        for part in _inside(thing):
            if isinstance(part, NameObject):
                found.add(str(part))
            elif isinstance(part, Mapping | list | IndirectObject):
                waiting.append(part)
    raise UploadRefusedError("This PDF has too many parts. Print it to a new PDF.")


def _inside(thing: Any) -> Iterable[Any]:
    """What an object of a PDF is made of; of a name, itself."""
    if isinstance(thing, dict):
        return dict.values(thing)  # As they stand, references not followed.
    if isinstance(thing, Mapping):
        return thing.values()
    return thing if isinstance(thing, list) else (thing,)
