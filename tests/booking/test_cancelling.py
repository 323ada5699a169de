"""The terms of cancelling as the review shows them, before anything is paid (rule R880)."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from booking.cancelling import advance_terms
from booking.models import request_from_answers
from catalog.prices import Policy, RefundStep
from payments.services.policy import refund_terms
from tests.booking.helpers import airport_answers, standard_answers
from tests.catalog.price_data import BOOK
from totetaxi.lib import clock

STEPS = (RefundStep(0, 0), RefundStep(48, 100))
DAY = date(2027, 6, 16)
NOON = time(12)


def terms_of(now, *, answers=None, steps=STEPS, **policy):
    book = replace(BOOK, policy=Policy(refund_steps=steps, **policy))
    answers = answers or standard_answers(pickup_date=DAY.isoformat())
    return advance_terms(request_from_answers(answers), 285_00, book, now)


def rows(now, **more):
    return [(f"{row.until:%a %H:%M}", row.cents) for row in terms_of(now, **more).rows]


def test_rows_run_to_the_cut_off():
    now = clock.at(date(2027, 6, 1), NOON)
    assert rows(now) == [("Mon 08:00", 285_00), ("Tue 18:00", 0)]


def test_rows_that_are_over_are_left_out():
    assert rows(clock.at(date(2027, 6, 14), time(8))) == [("Tue 18:00", 0)]
    assert rows(clock.at(date(2027, 6, 15), time(18))) == []


def test_steps_between_have_their_share():
    steps = (*STEPS, RefundStep(24, 50))
    assert rows(clock.at(date(2027, 6, 1), NOON), steps=steps) == [
        ("Mon 08:00", 285_00),
        ("Tue 08:00", 142_50),
        ("Tue 18:00", 0),
    ]


def test_flight_counts_from_its_ready_time():
    answers = airport_answers(blade_flight_date=DAY.isoformat())
    assert rows(clock.at(date(2027, 6, 1), NOON), answers=answers)[0] == ("Mon 05:00", 285_00)


def test_without_a_date_there_are_none():
    answers = standard_answers(pickup_date="")
    assert terms_of(clock.at(date(2027, 6, 1), NOON), answers=answers) is None


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_row_is_what_cancelling_then_gives(seconds):
    """The same boundary as the one the refund is computed by, to the second."""
    terms = terms_of(clock.at(date(2027, 6, 1), NOON))
    moment = terms.rows[0].until + timedelta(seconds=seconds)
    real = refund_terms(
        window_start=clock.at(DAY, time(8)),
        now=moment,
        policy=Policy(refund_steps=STEPS),
        is_peak=False,
    )
    assert real.percent == (100 if seconds <= 0 else 0)
