from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from totetaxi.outbox.models import Message


def make_message(**fields):
    return Message.objects.create(
        **{"event": "paid", "handler": "a.send", "subject_id": "1", "key": "paid:1", **fields}
    )


@pytest.mark.parametrize(
    "invalid",
    [
        {"done_at": timezone.now(), "dead_at": timezone.now()},
        {"event": ""},
        {"handler": ""},
        {"subject_id": ""},
        {"key": ""},
        {"attempts": -1},
    ],
)
def test_database_refuses_an_impossible_message(db, invalid):
    with pytest.raises(IntegrityError):
        make_message(**invalid)


def test_database_refuses_a_handler_the_same_key_twice(db):
    make_message()
    make_message(handler="b.send")
    with pytest.raises(IntegrityError):
        make_message()


def test_message_that_has_been_claimed_cannot_be_claimed_before_its_lease_ends(db):
    now = timezone.now()
    first, second = make_message(next_attempt_at=now), Message.objects.get()
    until = now + timedelta(minutes=5)

    assert first.claim(now=now, until=until) is True
    assert second.claim(now=now, until=until) is False
    assert second.claim(now=until - timedelta(seconds=1), until=until) is False

    assert second.claim(now=until, until=until + timedelta(minutes=5)) is True
    assert (first.attempts, second.attempts) == (1, 2)


def test_who_lost_the_lease_cannot_finish_the_message(db):
    now = timezone.now()
    first, second = make_message(next_attempt_at=now), Message.objects.get()
    first.claim(now=now, until=now)
    second.claim(now=now, until=now)

    assert first.finish(done_at=now) is False
    assert Message.objects.get().state == "retrying"
    assert second.finish(done_at=now) is True
    assert second.finish(dead_at=now) is False
    assert Message.objects.get().state == "done"


NOW = timezone.now()
DISMISSED = {
    "dead_at": NOW,
    "dismissed_at": NOW,
    "dismissed_by": "Ann",
    "dismissal_reason": "Called",
}


@pytest.mark.parametrize(
    "wrong",
    [{"dead_at": None}, {"dismissed_at": None}, {"dismissed_by": ""}, {"dismissal_reason": ""}],
)
def test_database_refuses_a_dismissal_that_is_not_whole(db, wrong):
    make_message(**DISMISSED)
    with pytest.raises(IntegrityError):
        make_message(key="second", **{**DISMISSED, **wrong})


def test_dismissed_message_is_given_up_and_dead_no_more(db):
    make_message(**DISMISSED)
    assert Message.objects.given_up().count() == 1
    assert Message.objects.dead().count() == 0
