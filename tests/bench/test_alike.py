"""Whether answers take as long for an address we know as for one we do not (rule R803).

Over real HTTP, with the password hashing of production; ``make bench`` prints the means. They may
differ by a tenth.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import httpx
import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from booking import services
from booking.models import CustomerProfile
from tests.booking.helpers import make_booking
from totetaxi.users.models import User

ROUNDS = 60
WARM_UP = 5
TOLERANCE = 0.10
PASSWORD = "a-pier-and-two-gulls"
UNKNOWN = "nobody@example.com"


@pytest.fixture
def browser(live_server: LiveServer, settings) -> Iterator[httpx.Client]:
    """A browser at a site without limits, with the hasher that production has."""
    settings.RATELIMIT_ENABLE = False
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    with httpx.Client(base_url=live_server.url, timeout=30) as client:
        yield client


def make_customer(email: str, *, confirmed: bool) -> None:
    user = User.objects.create_user(email, PASSWORD, first_name="Ada", last_name="Sample")
    CustomerProfile.objects.create(user=user, phone="2125550142")
    EmailAddress.objects.create(user=user, email=email, verified=confirmed, primary=True)


@pytest.mark.usefixtures("catalog")
def test_known_and_unknown_addresses_take_alike(browser: httpx.Client) -> None:
    make_customer("known@example.com", confirmed=True)
    make_customer("waiting@example.com", confirmed=False)
    booking = make_booking(email="guest@example.com")
    services.mark_paid(booking)
    number = booking.booking_number
    pages: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
        "sign-in": (
            reverse("account_login"),
            {"login": "known@example.com", "password": "wrong"},
            {"login": UNKNOWN, "password": "wrong"},
        ),
        "lookup": (
            reverse("account:find"),
            {"booking_number": number, "email": "guest@example.com"},
            {"booking_number": number, "email": UNKNOWN},
        ),
        "reset": (
            reverse("account_reset_password"),
            {"email": "known@example.com"},
            {"email": UNKNOWN},
        ),
        "resend": (
            reverse("account_resend"),
            {"email": "waiting@example.com"},
            {"email": UNKNOWN},
        ),
    }
    print(f"\n{'mean ms':12}{'known':>10}{'unknown':>10}{'ratio':>8}")
    ratios = {}
    for name, (path, known, unknown) in pages.items():
        post = poster(browser, path)
        means = [mean(times) for times in taken(partial(post, known), partial(post, unknown))]
        ratios[name] = means[0] / means[1]
        print(f"{name:12}{means[0]:10.2f}{means[1]:10.2f}{ratios[name]:8.3f}")
    assert {n: r for n, r in ratios.items() if abs(r - 1) > TOLERANCE} == {}


def poster(browser: httpx.Client, path: str) -> Callable[[Mapping[str, str]], None]:
    """Sends the form at ``path``, and insists on the answer being one of the page's own."""
    browser.get(path)
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    referer = {"Referer": str(browser.base_url)}

    def post(fields: Mapping[str, str]) -> None:
        answer = browser.post(path, data={**token, **fields}, headers=referer)
        if answer.status_code not in (302, 303, 422):
            raise AssertionError(f"{path} answered {answer.status_code}")

    return post


def taken(*calls: Callable[[], None]) -> list[list[float]]:
    """Milliseconds of each call, taken in turn, first one and then the other first."""
    times: list[list[float]] = [[] for _ in calls]
    for number in range(ROUNDS + WARM_UP):
        order = list(zip(times, calls, strict=True))
        for series, call in order if number % 2 else reversed(order):
            start = time.perf_counter()
            call()
            if number >= WARM_UP:
                series.append((time.perf_counter() - start) * 1000)
    return times


def mean(times: list[float]) -> float:
    """The mean, without the twentieth that took longest: the machine does other things, too."""
    kept = sorted(times)[: int(len(times) * 0.95)]
    return sum(kept) / len(kept)
