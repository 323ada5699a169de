"""Which days can be chosen: lead times, the horizon, closed and full days (rules R401-R408)."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from catalog.choices import DELIVERY_SERVICES
from catalog.prices import Policy
from catalog.request import NEW_YORK, DayFacts, Facts, Problem, QuoteRequest
from catalog.words import day_words


class DayState(StrEnum):
    """Whether a day can be chosen, and if not, why."""

    OPEN = "open"
    PAST = "past"
    TOO_SOON = "too_soon"
    CLOSED = "closed"
    FULL = "full"
    BEYOND = "beyond"


def lead_time_state(
    day: date, service_type: str, policy: Policy, now: datetime, *, staff: bool = False
) -> DayState:
    """OPEN, PAST, TOO_SOON or BEYOND, by the clock alone; ``now`` is aware."""
    now = now.astimezone(NEW_YORK)
    ahead = (day - now.date()).days
    if ahead < 0:
        return DayState.PAST
    if ahead > policy.horizon_days:
        return DayState.BEYOND
    if not staff and _is_too_soon(ahead, service_type, policy, now):
        return DayState.TOO_SOON
    return DayState.OPEN


def day_state(
    day: date,
    service_type: str,
    policy: Policy,
    now: datetime,
    facts: DayFacts | None,
    *,
    staff: bool = False,
) -> DayState:
    """``lead_time_state``, then closed and full days; ``facts`` None means not looked up."""
    state = lead_time_state(day, service_type, policy, now, staff=staff)
    if state != DayState.OPEN or facts is None:
        return state
    if facts.closed_reason:
        return DayState.CLOSED
    if facts.places_left is not None and facts.places_left < policy.units_for(service_type):
        return DayState.FULL
    return DayState.OPEN


def earliest_day(service_type: str, policy: Policy, now: datetime, *, staff: bool = False) -> date:
    """The first day the clock allows; closed and full days are not looked at."""
    day = now.astimezone(NEW_YORK).date()
    while lead_time_state(day, service_type, policy, now, staff=staff) == DayState.TOO_SOON:
        day += timedelta(days=1)
    return day


def date_problem(
    request: QuoteRequest, policy: Policy, facts: Facts, *, staff: bool
) -> Problem | None:
    """What is wrong with the date of a normalised request, in the step that asks for it."""
    code, message = _date_fault(request, policy, facts, staff=staff)
    if not code:
        return None
    if request.is_airport:
        return Problem("service", "blade_flight_date", code, message)
    return Problem("schedule", "pickup_date", code, message)


def _is_too_soon(ahead: int, service_type: str, policy: Policy, now: datetime) -> bool:
    """Today and tomorrow for customers; exactly at a cut-off counts as late (R403, R404)."""
    if ahead == 0:
        same_day = policy.same_day_enabled and service_type in DELIVERY_SERVICES
        return not same_day or now.time() >= policy.same_day_cutoff
    return ahead == 1 and now.time() >= policy.tomorrow_cutoff


def _date_fault(
    request: QuoteRequest, policy: Policy, facts: Facts, *, staff: bool
) -> tuple[str, str]:
    day, service, now = request.pickup_date, request.service_type, facts.local_now
    if day is None:
        what = "the date of the flight" if request.is_airport else "a pickup date"
        return "required", f"Choose {what}."
    first = _near_words(earliest_day(service, policy, now, staff=staff), now.date())
    match day_state(day, service, policy, now, facts.day, staff=staff):
        case DayState.PAST:
            return "past", f"Choose a date from {first} on."
        case DayState.TOO_SOON:
            near = _near_words(day, now.date())
            return (
                "too_soon",
                f"Choose a date from {first} on, or call {policy.phone} for {near}.",
            )
        case DayState.BEYOND:
            last = now.date() + timedelta(days=policy.horizon_days)
            until = f"{day_words(last)}, {last.year}"
            return "beyond", f"Choose a date up to {until}, or call {policy.phone} for a later one."
        case DayState.CLOSED:
            reason = facts.day.closed_reason if facts.day else ""
            return (
                "closed",
                f"We are closed on {day_words(day)} ({reason}). "
                f"Choose another date, or call {policy.phone}.",
            )
        case DayState.FULL:
            return (
                "full",
                f"{day_words(day)} is fully booked. Choose another date, or call {policy.phone}.",
            )
        case _:
            return "", ""


def _near_words(day: date, today: date) -> str:
    """Say "today", "tomorrow" or the day itself."""
    return {0: "today", 1: "tomorrow"}.get((day - today).days, day_words(day))
