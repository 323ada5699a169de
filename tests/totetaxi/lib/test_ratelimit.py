import os
import re
import subprocess
import sys

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware
from redis.exceptions import ConnectionError as RedisConnectionError

from totetaxi.lib.ratelimit import UNKNOWN_ADDRESS, by_field, by_user, client_address, limit

PROXY = "10.0.0.9"


@pytest.fixture(autouse=True)
def rates(settings):
    settings.RATES = {**settings.RATES, "test": "2/h"}


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
        (1, "203.0.113.5, ", PROXY, PROXY),
        (1, "<script>", PROXY, PROXY),
        (1, "203.0.113.5.9", PROXY, PROXY),
        (1, "[2001:db8::1", PROXY, "2001:db8::1"),
        (1, "fe80::1%eth0", PROXY, "fe80::1"),
        (1, ", " * 5000, PROXY, PROXY),
        (2, "1.1.1.1, 2001:db8::1, 10.0.0.8", PROXY, "2001:db8::1"),
        (0, "203.0.113.5", "2001:db8::7", "2001:db8::7"),
        (0, None, "", UNKNOWN_ADDRESS),
    ],
)
def test_client_address_believes_trusted_proxies_alone(settings, hops, forwarded, remote, expected):
    settings.TRUSTED_PROXIES = hops
    assert client_address(make_request(forwarded=forwarded, remote=remote)) == expected


def posted(fields):
    request = RequestFactory().post("/contact/", fields, REMOTE_ADDR=PROXY)
    HtmxMiddleware(lambda request: HttpResponse())(request)
    request.user = AnonymousUser()
    return request


def limited_view(**options):
    def view(request):
        return HttpResponse("answer")

    return limit("test", group="test", **options)(view)


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


def test_limit_by_a_field_does_not_count_all_who_leave_it_empty_as_one(db):
    view = limited_view(key=by_field("login"))
    assert statuses(view, [posted({"login": ""}) for _ in range(3)]) == [200] * 3
    names = ("Ann@example.com", "ann@example.com ", "ANN@example.com")
    assert statuses(view, [posted({"login": name}) for name in names]) == [200, 200, 429]


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


def test_limit_reads_its_rate_when_it_is_asked(db, settings):
    view = limited_view()
    settings.RATES = {**settings.RATES, "test": "1/h"}
    assert statuses(view, [make_request(), make_request()]) == [200, 429]


def test_limit_without_a_rate_is_found_where_the_view_is_made():
    with pytest.raises(KeyError, match="tset"):
        limit("tset")


def test_limit_counts_what_htmx_refreshes_where_told(db):
    view = limited_view(methods=("POST",), refreshes=True)
    refresh = {"HX-Request": "true"}
    assert statuses(view, [make_request(headers=refresh) for _ in range(3)]) == [200, 200, 429]
    boosted = make_request(headers={**refresh, "HX-Boosted": "true"})
    assert statuses(view, [make_request(), boosted]) == [200, 200]


@pytest.mark.parametrize("error", [RedisConnectionError, DatabaseError, TimeoutError])
def test_limit_lets_everybody_in_while_the_counters_are_down(settings, monkeypatch, caplog, error):
    def broken(self, *args, **kwargs):
        raise error("10.0.0.1:6379 does not answer")

    monkeypatch.setattr("totetaxi.lib.counters.PgCounterCache.add", broken)
    view = limited_view()
    assert statuses(view, [make_request() for _ in range(3)]) == [200, 200, 200]
    [line] = set(caplog.messages)
    assert line == f"limit test not counted: {error.__name__}"


def test_counter_that_ends_between_two_questions_refuses_nobody(db, monkeypatch):
    def gone(self, *args, **kwargs):
        raise ValueError

    monkeypatch.setattr("totetaxi.lib.counters.PgCounterCache.incr", gone)
    view = limited_view()
    assert statuses(view, [make_request() for _ in range(4)]) == [200] * 4


@pytest.mark.parametrize("redis_url", ["", "redis://localhost:6379/0"])
def test_counters_are_shared_by_all_processes(redis_url):
    """As production has them: in Redis or in PostgreSQL, never in a process of its own."""
    script = "from totetaxi.settings import CACHES; print(CACHES['counters']['BACKEND'])"
    environment = {**os.environ, "ENVIRONMENT": "test", "REDIS_URL": redis_url}
    environment["DB_NAME"] = "unused"
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == (
        "django.core.cache.backends.redis.RedisCache"
        if redis_url
        else "totetaxi.lib.counters.PgCounterCache"
    )


def test_page_after_a_refused_form_sends_what_was_typed_once_more(db):
    view = limited_view()
    typed = {"subject": 'A "piano" & more', "tick": ["1", "2"]}
    for _ in range(2):
        view(make_request())
    page = view(posted(typed)).text
    assert 'name="subject" value="A &quot;piano&quot; &amp; more"' in page
    assert re.findall(r'name="tick" value="(\w)"', page) == ["1", "2"]
    assert "Send it again" in page


@pytest.mark.parametrize("field", ["password1", "oldpassword", "code"])
def test_page_after_a_refused_form_holds_no_secret(db, field):
    view = limited_view()
    for _ in range(2):
        view(make_request())
    page = view(posted({"email": "ada@example.com", field: "a-pier-and-two-gulls"})).text
    assert "two-gulls" not in page
    assert "Send it again" not in page
