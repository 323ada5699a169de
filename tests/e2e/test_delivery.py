"""From paid to delivered: dispatched by the queue, driven on the stand-in's page, seen by all."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from booking.models import Booking
from logistics.models import DeliveryProof, OnfleetTask
from staff.capabilities import Role
from tests.e2e import pages
from tests.e2e.conftest import LiveSite, Visitor, Watch
from tests.e2e.test_accessibility import inspect
from tests.e2e.test_staff_bookings import come_in
from tests.onfleet import SECRET, Onfleet
from tests.staff.helpers import make_staff
from tests.totetaxi.lib.test_uploads import GOOD_PDF


@pytest.fixture
def driven(onfleet: Onfleet, live_server: LiveServer, watch: Watch) -> Iterator[Onfleet]:
    """The stand-in Onfleet, which calls the site's webhook."""
    watch.allowed.add(urlsplit(onfleet.url).netloc)
    onfleet.control("webhooks", url=f"{live_server.url}/webhooks/onfleet/", secret=SECRET)
    yield onfleet
    onfleet.control("webhooks", url="")


def press(driver: Page, button: str) -> None:
    driver.get_by_role("button", name=button).click()


def drive(driver: Page, site: LiveSite, onfleet: Onfleet, kind: str) -> None:
    """Play the driver of the only booking: start, arrive, complete with photo and signature."""
    task = OnfleetTask.objects.get(kind=kind)
    driver.goto(f"{onfleet.url}/drive/{task.onfleet_task_id}")
    press(driver, "Start")
    site.wait_until(
        lambda: OnfleetTask.objects.get(pk=task.pk).status == "active", f"{kind} under way"
    )


def complete(driver: Page, site: LiveSite, kind: str) -> None:
    press(driver, "Arrive")
    driver.get_by_label("photo").check()
    driver.get_by_label("signature").check()
    press(driver, "Complete")
    fetched = DeliveryProof.objects.filter(task__kind=kind).exclude(fetched_at=None)
    site.wait_until(lambda: fetched.count() == 2, f"proofs of the {kind}")


def test_paid_booking_is_delivered_with_proof(
    site: LiveSite, page: Page, visitor: Visitor, driven: Onfleet
) -> None:
    pages.walk_to_review(page, pages.STANDARD_DELIVERY)
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    booking_url = page.url
    page.get_by_role("link", name="Send a document").click()
    inspect(page)
    page.get_by_label("File").set_input_files(
        {"name": "nothing.pdf", "mimeType": "application/pdf", "buffer": b"nothing"}
    )
    press(page, "Send")
    expect(page.locator("#error-summary")).to_be_focused()
    inspect(page)
    page.get_by_label("File").set_input_files(
        {"name": "sample.pdf", "mimeType": "application/pdf", "buffer": GOOD_PDF}
    )
    press(page, "Send")
    expect(page.locator("#documents")).to_contain_text("sample.pdf")
    site.wait_until(lambda: len(driven.tasks()) == 2, "two tasks at Onfleet")

    driver = visitor()
    driver.goto(driven.url)
    inspect(driver)
    drive(driver, site, driven, "pickup")
    inspect(driver)
    page.goto(booking_url)
    tracking = page.locator("#tracking")
    expect(tracking).to_contain_text("On the way to you")
    expect(tracking).to_contain_text("Your driver: Test")
    expect(tracking.get_by_role("link", name="Follow the van")).to_be_visible()
    complete(driver, site, "pickup")
    drive(driver, site, driven, "dropoff")
    complete(driver, site, "dropoff")

    site.wait_for_status("completed")
    page.reload()
    expect(tracking).to_contain_text("Picked up, ")
    expect(tracking).to_contain_text("Delivered, ")
    for name in ("Photo taken at the delivery", "Signature at the delivery"):
        picture = tracking.get_by_role("img", name=name)
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 480)
    inspect(page)

    desk = visitor()
    come_in(desk.context, site.url, make_staff(Role.OPERATOR))
    desk.goto("/staff/logistics/")
    expect(desk.locator("#tasks tbody tr")).to_have_count(2)
    expect(desk.locator("#tasks")).to_contain_text("Completed")
    inspect(desk)
    desk.locator("#tasks tbody tr").first.get_by_role("link").first.click()
    delivery = desk.locator('section[aria-labelledby="b-tasks"]')
    expect(delivery.get_by_role("link", name="Signature")).to_have_count(2)
    inspect(desk)
    assert Booking.objects.get().status == "completed"
