import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from totetaxi.lib.ratelimit import UNKNOWN_ADDRESS, by_user, client_address, limit

PROXY = "10.0.0.9"


def make_request(*, forwarded=None, remote=PROXY, headers=None, method="GET"):
    headers = dict(headers or {})
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    request = RequestFactory().generic(method, "/", headers=headers, REMOTE_ADDR=remote)
    HtmxMiddleware(lambda request: HttpResponse())(request)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("hops", "forwarded", "remote", "expected"),
    [
        (0, None, "198.51.100.7", "198.51.100.7"),
        (0, "203.0.113.5", "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.5", PROXY, "203.0.113.5"),
        (1, "1.1.1.1, 2.2.2.2, 203.0.113.5", PROXY, "203.0.113.5"),  # the left part is made up
        (2, "1.1.1.1, 203.0.113.5, 10.0.0.8", PROXY, "203.0.113.5"),
        (2, "203.0.113.5", PROXY, PROXY),  # did not come through both proxies
        (1, "", PROXY, PROXY),
        (1, None, PROXY, PROXY),
        (1, "1.1.1.1, unknown", PROXY, PROXY),
        (1, "203.0.113.5:4711", PROXY, "203.0.113.5"),
        (1, "2001:db8::1", PROXY, "2001:db8::1"),
        (1, "[2001:db8::1]:4711", PROXY, "2001:db8::1"),
        (1, "::ffff:203.0.113.5", PROXY, "203.0.113.5"),
        (0, None, "", UNKNOWN_ADDRESS),
    ],
)
def test_client_address_believes_trusted_proxies_alone(settings, hops, forwarded, remote, expected):
    settings.TRUSTED_PROXIES = hops
    assert client_address(make_request(forwarded=forwarded, remote=remote)) == expected


def limited_view(**options):
    def view(request):
        return HttpResponse("answer")

    return limit("2/h", group="test", **options)(view)


def statuses(view, requests):
    return [view(request).status_code for request in requests]


def test_limit_refuses_the_third_of_two_and_says_when_to_come_back(db):
    view = limited_view()
    assert statuses(view, [make_request(), make_request()]) == [200, 200]

    refusal = view(make_request())

    assert refusal.status_code == 429
    assert 0 < int(refusal["Retry-After"]) <= 3600
    assert refusal["Cache-Control"] == "no-store"
    assert "<html" in refusal.text


def test_limit_counts_each_client_by_itself(db):
    view = limited_view()
    requests = [make_request(remote=f"198.51.100.{host}") for host in (1, 1, 2, 2, 1, 2)]
    assert statuses(view, requests) == [200, 200, 200, 200, 429, 429]


def test_limit_cannot_be_escaped_with_a_made_up_header(db, settings):
    settings.TRUSTED_PROXIES = 1
    view = limited_view()
    requests = [make_request(forwarded=f"9.9.9.{host}, 203.0.113.5") for host in range(3)]
    assert statuses(view, requests) == [200, 200, 429]


def test_limit_counts_a_network_of_ipv6_as_one_client(db):
    view = limited_view()
    hosts = ("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3", "2001:db8:0:2::1")
    assert statuses(view, [make_request(remote=host) for host in hosts]) == [200, 200, 429, 200]


def test_limit_counts_only_the_methods_told(db):
    view = limited_view(methods=("POST",))
    requests = [make_request(method=method) for method in ("GET", "GET", "GET", "POST", "POST")]
    assert statuses(view, requests) == [200] * 5
    assert view(make_request(method="POST")).status_code == 429
    assert view(make_request()).status_code == 200


def test_limit_by_user_follows_the_account_over_addresses(db, django_user_model):
    view = limited_view(key=by_user)
    ann = django_user_model(email="ann@example.com")
    requests = [make_request(remote=f"198.51.100.{host}") for host in range(3)]
    for request in requests:
        request.user = ann
    assert statuses(view, requests) == [200, 200, 429]


def test_limit_answers_htmx_with_a_line_among_the_messages(db):
    view = limited_view()
    for _ in range(2):
        view(make_request())

    refusal = view(make_request(headers={"HX-Request": "true", "HX-Target": "quote"}))

    assert refusal.status_code == 429
    assert (refusal["HX-Retarget"], refusal["HX-Reswap"]) == ("#messages", "innerHTML")
    assert "Nothing is lost" in refusal.text
    assert "<html" not in refusal.text
    assert int(refusal["Retry-After"]) > 0
