import pytest

from totetaxi.lib.checks import clock_start, counter_cache, trusted_proxies


def ids(messages):
    return [message.id for message in messages]


def test_the_project_passes():
    assert [*clock_start(None), *trusted_proxies(None), *counter_cache(None)] == []


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2026-06-10T09:59", []), ("", []), ("tomorrow", ["totetaxi.E001"])],
)
def test_clock_start_must_be_a_moment(settings, start, expected):
    settings.CLOCK_START = start
    assert ids(clock_start(None)) == expected


def test_proxies_cannot_be_fewer_than_none(settings):
    settings.TRUSTED_PROXIES = -1
    assert ids(trusted_proxies(None)) == ["totetaxi.E002"]


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", ["totetaxi.E003"]),
        ("django.core.cache.backends.db.DatabaseCache", ["totetaxi.E003"]),
        ("django.core.cache.backends.redis.RedisCache", []),
        ("totetaxi.lib.counters.PgCounterCache", []),
    ],
)
def test_counters_must_be_shared_and_exact(settings, backend, expected):
    settings.CACHES = {**settings.CACHES, "counters": {"BACKEND": backend}}
    assert ids(counter_cache(None)) == expected
