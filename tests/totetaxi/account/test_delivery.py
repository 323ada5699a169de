"""Papers and proofs: for the owner of a booking and nobody else."""

import io
import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from booking.models import Booking, Document, DocumentKind, EventKind
from booking.services import add_document
from logistics.models import DeliveryProof, OnfleetTask, TaskStatus
from payments.models import Method, Payment, PaymentStatus
from tests.logistics.helpers import make_paid
from tests.totetaxi.lib.test_uploads import GOOD_PDF, GOOD_PNG
from totetaxi.lib import clock
from totetaxi.lib.uploads import check_document


@pytest.fixture
def booking(catalog, member, settings, tmp_path):
    """A paid booking of the member, its pickup done with a photo."""
    settings.MEDIA_ROOT = tmp_path
    booking = make_paid()
    Booking.objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    task = OnfleetTask.objects.create(
        booking=booking,
        kind="pickup",
        environment="sandbox",
        onfleet_task_id="t1",
        status=TaskStatus.COMPLETED,
        completed_at=clock.now(),
        driver_name="Test",
        tracking_url="https://example.com/track",
    )
    out = io.BytesIO()
    Image.new("RGB", (20, 10)).save(out, "JPEG")
    proof = DeliveryProof(task=task, kind="photo", onfleet_upload_id="p1")
    proof.image.save("picture.jpg", ContentFile(out.getvalue()), save=False)
    proof.fetched_at = clock.real_now()
    proof.save()
    return Booking.objects.get(pk=booking.pk)


def settle_without_stripe(booking):
    Payment.objects.create(
        booking=booking,
        customer=booking.customer,
        method=Method.DEMO,
        amount_cents=booking.total_price_cents,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )


def url(name, booking, *more):
    return reverse(f"account:{name}", args=[booking.pk, *more])


def send(client, booking, content=GOOD_PDF, name="sample.pdf", kind="coi_sample"):
    data = {"kind": kind, "file": SimpleUploadedFile(name, content)}
    return client.post(url("document_add", booking), data)


def test_page_shows_where_it_is(booking, member_client):
    page = member_client.get(url("status", booking)).text
    proof = DeliveryProof.objects.get()
    assert "Picked up, " in page
    assert "Your driver: Test" in page
    assert f'src="{url("proof", booking, proof.pk)}"' in page
    # What is over has no map any more.
    assert "https://example.com/track" not in page


def test_map_is_linked_while_the_driver_is_on_the_way(booking, member_client):
    arrives = clock.now()
    OnfleetTask.objects.update(status=TaskStatus.ACTIVE, estimated_arrival_at=arrives)
    page = member_client.get(url("status", booking)).text
    assert "On the way to you" in page
    assert 'href="https://example.com/track"' in page
    assert "Expected about" in page


def test_failed_leg_gives_the_phone(booking, member_client):
    OnfleetTask.objects.update(status=TaskStatus.FAILED)
    assert "Something went wrong at the door" in member_client.get(url("status", booking)).text


def test_stranger_sees_nothing_of_it(booking, client):
    page = client.get(url("status", booking)).text
    assert "Picked up" not in page
    assert client.get(url("proof", booking, DeliveryProof.objects.get().pk)).status_code == 404


def test_proof_is_a_picture_that_nobody_keeps(booking, member_client):
    answer = member_client.get(url("proof", booking, DeliveryProof.objects.get().pk))
    assert answer["Content-Type"] == "image/jpeg"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")


def test_receipt_shows_the_proof_to_its_owner_alone(booking, member_client, client):
    settle_without_stripe(booking)
    answer = member_client.get(url("receipt_pdf", booking))
    [page] = PdfReader(io.BytesIO(answer.content)).pages
    assert "Proof of delivery" in page.extract_text()
    assert "Photo, pickup, " in page.extract_text()
    assert [image.image.size for image in page.images] == [(20, 10)]
    assert client.get(url("receipt_pdf", booking)).status_code == 404


def test_receipt_of_many_proofs_goes_on_over_pages(booking, member_client):
    settle_without_stripe(booking)
    proof = DeliveryProof.objects.get()
    for number in range(5):
        proof.pk, proof.onfleet_upload_id = uuid.uuid4(), str(number)
        proof.save(force_insert=True)
    pages = PdfReader(io.BytesIO(member_client.get(url("receipt_pdf", booking)).content)).pages
    assert len(pages) == 2
    assert sum(page.extract_text().count("Photo, pickup") for page in pages) == 6


def test_picture_that_the_storage_lost_is_not_found(booking, member_client):
    proof = DeliveryProof.objects.get()
    proof.image.storage.delete(str(proof.image.name))
    settle_without_stripe(booking)
    assert member_client.get(url("proof", booking, proof.pk)).status_code == 404
    assert (
        "Proof"
        not in PdfReader(io.BytesIO(member_client.get(url("receipt_pdf", booking)).content))
        .pages[0]
        .extract_text()
    )


def test_file_of_a_document_that_could_not_be_kept_is_removed(booking, monkeypatch, settings):
    def fail(*args: object, **more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("booking.services.documents._record", fail)
    with pytest.raises(RuntimeError):
        add_document(
            booking.pk,
            DocumentKind.OTHER,
            check_document("x.pdf", GOOD_PDF),
            by=None,
            by_staff=False,
        )
    assert not list(settings.MEDIA_ROOT.rglob("*.pdf"))


def test_proof_of_another_booking_is_not_found(booking, member, member_client, catalog):
    other = make_paid()
    Booking.objects.filter(pk=other.pk).update(customer=member, guest_checkout=None)
    proof = DeliveryProof.objects.get().pk
    assert member_client.get(url("proof", other, proof)).status_code == 404


def test_document_is_sent_and_comes_back_as_an_attachment(booking, member_client, member):
    answer = send(member_client, booking)
    assert answer.headers["Location"] == url("status", booking)
    document = Document.objects.get()
    assert (document.name, document.uploaded_by, document.by_staff) == ("sample.pdf", member, False)
    assert document.name in member_client.get(url("status", booking)).text
    download = member_client.get(url("document", booking, document.pk))
    assert download["Content-Disposition"] == 'attachment; filename="sample.pdf"'
    assert download["X-Content-Type-Options"] == "nosniff"
    assert b"".join(download.streaming_content) == GOOD_PDF
    assert booking.events.filter(kind=EventKind.DOCUMENT).count() == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "coi_sample"}, "Choose a PDF, a JPEG or a PNG file"),
        ({"kind": "coi_sample", "file": b"<html>"}, "This file can’t be read."),
        ({"kind": "coi_sample", "file": b""}, "Choose a PDF"),
        ({"kind": "coi_certificate", "file": GOOD_PNG}, "Select a valid choice"),
    ],
)
def test_bad_document_gets_its_reason_beside_the_field(booking, member_client, data, message):
    if "file" in data:
        data = {**data, "file": SimpleUploadedFile("x.pdf", data["file"])}
    answer = member_client.post(url("document_add", booking), data)
    assert answer.status_code == 422
    assert message in answer.text
    assert not Document.objects.exists()


def test_twenty_first_document_is_refused(booking, member_client):
    for _ in range(20):
        Document.objects.create(
            booking=booking, kind="other", name="x", content_type="x", size_bytes=1, file="x"
        )
    assert "This booking has 20 files" in send(member_client, booking).text


def test_own_document_is_removed_and_the_offices_stays(booking, member_client):
    send(member_client, booking)
    document = Document.objects.get()
    remove = url("document_remove", booking, document.pk)
    Document.objects.update(by_staff=True)
    assert member_client.post(remove).status_code == 404
    Document.objects.update(by_staff=False)
    assert member_client.post(remove).status_code == 302
    assert member_client.get(url("document", booking, document.pk)).status_code == 404
    assert member_client.get(remove).status_code == 405


@pytest.mark.parametrize("name", ["document_add"])
def test_strangers_send_nothing(booking, client, name):
    assert send(client, booking).status_code == 404
    assert client.get(url(name, booking)).status_code == 404
