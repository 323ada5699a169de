from decimal import ROUND_DOWN, Decimal

import pytest

from totetaxi.lib.money import percent_of, usd, usd_short


@pytest.mark.parametrize(
    ("cents", "long", "short"),
    [
        (0, "$0.00", "$0"),
        (5, "$0.05", "$0.05"),
        (99_90, "$99.90", "$99.90"),
        (1_725_00, "$1,725.00", "$1,725"),
        (1_234_567_89, "$1,234,567.89", "$1,234,567.89"),
        (-50_00, "-$50.00", "-$50"),
        (-5, "-$0.05", "-$0.05"),
    ],
)
def test_usd_writes_cents_as_dollars(cents, long, short):
    assert (usd(cents), usd_short(cents)) == (long, short)


@pytest.mark.parametrize(
    ("cents", "percent", "expected"),
    [
        (2_265_00, "8.875", 201_02),  # 20101.875
        (4_00, "12.5", 50),
        (1, "50", 1),  # half a cent goes up
        (100, "0.49", 0),
        (-1, "50", -1),  # away from zero, so that a refund of a charge is the charge
        (0, "8.875", 0),
    ],
)
def test_percent_of_rounds_once_half_up(cents, percent, expected):
    assert percent_of(cents, Decimal(percent)) == expected


def test_percent_of_rounds_as_told():
    assert percent_of(1, Decimal(50), rounding=ROUND_DOWN) == 0
