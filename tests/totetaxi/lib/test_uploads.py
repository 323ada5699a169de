"""Files that people send: forty bad ones refused, the good ones made harmless."""

import io
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from totetaxi.lib.uploads import LARGEST, UploadRefusedError, check_document, safe_stem


def pdf(
    *,
    pages: int = 1,
    password: str = "",
    action: tuple[str, str] | None = None,
    attachment: bytes = b"",
) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if action:
        name, value = action
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject("/S"): NameObject(name), NameObject("/X"): TextStringObject(value)}
        )
    if attachment:
        writer.add_attachment("inside.exe", attachment)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 0).save(out, kind)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose head promises more pixels than anybody has."""
    whole = picture()
    head = whole[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + whole[24:29]
    return whole[:12] + head + zlib.crc32(head).to_bytes(4, "big") + whole[33:]


GOOD_PDF, GOOD_PNG, GOOD_JPEG = pdf(), picture(), picture("JPEG")
BAD = {
    "nothing.pdf": b"",
    "spaces.pdf": b"   \n",
    "text.pdf": b"This is not a PDF",
    "text.txt": b"hello",
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "page.pdf": b"<html>%PDF-1.7</html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "sheet.csv": b"=1+1,2",
    "program.exe": b"MZ" + b"\x00" * 200,
    "program.pdf": b"MZ" + b"\x00" * 200,
    "program.elf": b"\x7fELF" + b"\x00" * 200,
    "script.sh": b"#!/bin/sh\nrm -rf /\n",
    "script.php": b"<?php system($_GET['c']); ?>",
    "image.php.png": b"<?php system($_GET['c']); ?>",
    "archive.zip": b"PK\x03\x04" + b"\x00" * 100,
    "document.docx": b"PK\x03\x04" + b"word/document.xml",
    "archive.gz": b"\x1f\x8b\x08\x00" + b"\x00" * 50,
    "picture.gif": picture("GIF"),
    "picture.bmp": picture("BMP"),
    "picture.tiff": picture("TIFF"),
    "picture.webp": picture("WEBP"),
    "picture.ico": picture("ICO", (16, 16)),
    "gif-as.png": picture("GIF"),
    "tiff-as.jpg": picture("TIFF"),
    "head-only.png": GOOD_PNG[:8],
    "half.png": GOOD_PNG[: len(GOOD_PNG) // 2],
    "half.jpg": GOOD_JPEG[: len(GOOD_JPEG) // 2],
    "head-only.jpg": b"\xff\xd8\xff\xe0",
    "noise.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "bomb.png": png_that_claims(60_000, 60_000),
    "wide-bomb.png": png_that_claims(2_000_000_000, 1),
    "head-only.pdf": b"%PDF-1.7\n",
    "noise.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 20,
    "no-pages.pdf": pdf(pages=0),
    "locked.pdf": pdf(password="secret"),
    "script.pdf": pdf(action=("/JavaScript", "app.alert(1)")),
    "carrier.pdf": pdf(attachment=b"MZ"),
    "launcher.pdf": pdf(action=("/Launch", "cmd.exe")),
    "form.pdf": pdf(action=("/XFA", "form")),
    "large.pdf": GOOD_PDF + b" " * LARGEST,
    "large.png": GOOD_PNG + b"\x00" * LARGEST,
}


def test_there_are_forty_bad_ones():
    assert len(BAD) >= 40


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_with_a_sentence(name):
    with pytest.raises(UploadRefusedError, match=r"^This .*\.$"):
        check_document(name, BAD[name])


def test_pdf_is_kept_as_it_is():
    upload = check_document("Building Sample.PDF", GOOD_PDF)
    assert (upload.name, upload.content_type) == ("Building-Sample.pdf", "application/pdf")
    assert len(PdfReader(io.BytesIO(upload.content)).pages) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_picture_is_drawn_anew(kind, mode):
    upload = check_document("x.exe", picture(kind, mode=mode) + b"<?php hidden ?>")
    assert (upload.name, upload.content_type) == ("x.jpg", "image/jpeg")
    assert b"<?php" not in upload.content
    with Image.open(io.BytesIO(upload.content)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (40, 30))


def test_where_a_photo_was_taken_is_left_out():
    out = io.BytesIO()
    taken = Image.new("RGB", (40, 30))
    exif = Image.Exif()
    exif[0x010E] = "at home"
    taken.save(out, "JPEG", exif=exif)
    upload = check_document("photo.jpg", out.getvalue())
    with Image.open(io.BytesIO(upload.content)) as drawn:
        assert dict(drawn.getexif()) == {}


def test_photo_taken_sideways_stands_upright():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    upload = check_document("photo.jpg", out.getvalue())
    with Image.open(io.BytesIO(upload.content)) as drawn:
        assert drawn.size == (30, 40)


def test_transparent_png_gets_a_white_ground():
    upload = check_document("x.png", picture(mode="RGBA"))
    with Image.open(io.BytesIO(upload.content)) as drawn:
        assert drawn.getpixel((1, 1)) == (255, 255, 255)


def test_large_picture_is_made_smaller():
    upload = check_document("x.png", picture(size=(4800, 600)))
    with Image.open(io.BytesIO(upload.content)) as drawn:
        assert drawn.size == (2400, 300)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\Certificate 1.pdf", "Certificate-1"),
        ("…", "document"),
        ("", "document"),
        ("a\r\nSet-Cookie: x.pdf", "a-Set-Cookie-x"),
        ("Résumé.pdf", "Resume"),
        ("x" * 300 + ".pdf", "x" * 100),
    ],
)
def test_name_is_made_harmless(name, stem):
    assert safe_stem(name) == stem


def test_pdf_with_much_in_it_but_nothing_bad_is_kept():
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    page[NameObject("/Widths")] = ArrayObject(NumberObject(1) for _ in range(60_000))
    out = io.BytesIO()
    writer.write(out)
    assert check_document("x.pdf", out.getvalue()).content_type == "application/pdf"


@pytest.mark.parametrize(("sent", "kept"), [([LARGEST], 1), ([LARGEST + 1], 0), ([LARGEST, 9], 1)])
def test_no_more_than_the_limit_of_a_request_is_kept_anywhere(rf, sent, kept):
    files = {f"f{n}": SimpleUploadedFile(f"{n}.pdf", b"x" * size) for n, size in enumerate(sent)}
    assert len(rf.post("/anywhere/", files).FILES) == kept
