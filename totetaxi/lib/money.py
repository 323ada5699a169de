"""Money: whole US cents in, words or cents out. The only place where money is rounded."""

from decimal import ROUND_HALF_UP, Decimal


def usd(cents: int) -> str:
    """ "$1,725.00", for lines and totals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def usd_short(cents: int) -> str:
    """ "$1,725", with the cents only where there are any."""
    return usd(cents).removesuffix(".00")


def percent_of(cents: int, percent: Decimal, *, rounding: str = ROUND_HALF_UP) -> int:
    """Return ``percent`` per cent of ``cents``, rounded once to a whole cent (half up)."""
    return int((cents * percent / 100).quantize(Decimal(1), rounding))
