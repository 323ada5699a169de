from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import RequestFactory

from totetaxi.lib.counters import PgCounterCache
from totetaxi.lib.ratelimit import count


@pytest.fixture
def counters(db):
    cache = PgCounterCache("rate_counter", {})
    cache.clear()
    return cache


def expire(key):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rate_counter SET expires = now() - interval '1 second' WHERE key = %s", [key]
        )
        assert cursor.rowcount == 1


def test_the_setting_names_this_cache():
    assert isinstance(caches["counters"], PgCounterCache)


def test_add_stores_only_what_is_not_there(counters):
    assert counters.add("a", 1) is True
    assert counters.add("a", 5) is False
    assert counters.get("a") == 1


def test_incr_adds_and_returns_the_sum(counters):
    counters.set("a", 1)
    assert counters.incr("a") == 2
    assert counters.incr("a", 5) == 7
    assert counters.decr("a") == 6


def test_incr_of_a_missing_key_raises(counters):
    with pytest.raises(ValueError, match="not found"):
        counters.incr("a")


def test_what_has_expired_is_gone(counters):
    counters.set("a", 1)
    expire(":1:a")
    assert counters.get("a", "nothing") == "nothing"
    assert counters.touch("a") is False
    with pytest.raises(ValueError, match="not found"):
        counters.incr("a")
    assert counters.add("a", 3) is True
    assert counters.get("a") == 3


def test_incr_keeps_the_expiry(counters):
    counters.set("a", 1, timeout=100)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rate_counter SET expires = now() + interval '10 seconds'")
    counters.incr("a")
    with connection.cursor() as cursor:
        cursor.execute("SELECT expires <= now() + interval '11 seconds' FROM rate_counter")
        assert cursor.fetchone() == (True,)


def test_delete_touch_and_clear(counters):
    counters.set("a", 1, timeout=None)
    counters.set("b", 2)
    assert counters.touch("a", 60) is True
    assert counters.delete("a") is True
    assert counters.delete("a") is False
    counters.clear()
    assert counters.get("b") is None


def test_purge_removes_what_has_expired(counters):
    counters.set("a", 1)
    counters.set("b", 2)
    expire(":1:a")
    assert counters.purge() == 1
    assert counters.get("b") == 2


@pytest.mark.django_db(transaction=True)
def test_limit_lets_exactly_its_number_through_under_load(settings):
    def hit(_):
        try:
            request = RequestFactory().get("/")
            return count(request, "load", value="one client") == 0
        finally:
            connection.close()

    settings.RATES = {"load": "50/h"}
    caches["counters"].clear()
    with ThreadPoolExecutor(8) as pool:
        allowed = sum(pool.map(hit, range(160)))

    assert allowed == 50
    caches["counters"].clear()
