"""Tries to sign in: five wrong ones lock an account for one client, fifty tell the admins (R905).

A try is counted before the password or code is looked at and given back if it was right, so that
tries sent all at once are no way around the count. Times are real time.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from staff.models import ActionType, SignInTries, StaffAction
from totetaxi.lib.clock import real_now
from totetaxi.lib.ratelimit import by_address
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

logger = logging.getLogger(__name__)

ALL_ADDRESSES = ""
# Wrong tries of all clients together count against one account for so long.
ALERT_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What came of a try: right, or wrong, or not looked at for so many seconds more."""

    found: "User | None" = None
    locked_seconds: int = 0

    @property
    def right(self) -> bool:
        return self.found is not None

    @property
    def locked_minutes(self) -> int:
        return -(-self.locked_seconds // 60)


def account_key(email: str) -> str:
    """The account as tries know it: a keyed hash of its email in any case.

    The database compares by capitals: letters that have only these in common (an i without its
    dot, a long s) are no way to more tries.
    """
    typed = email.strip().upper().casefold()
    return salted_hmac("staff.tries", typed, algorithm="sha256").hexdigest()


def guarded(
    request: HttpRequest,
    email: str,
    check: Callable[[], "User | None"],
    *,
    what: str,
) -> Answer:
    """Run ``check`` unless this client is locked out of this account; wrong answers count.

    ``check`` returns the user if all is right. A right answer takes its own try back, no more:
    the count starts anew only with a finished sign-in (``forget``), or a known password would
    buy any number of codes. ``what`` was tried ("password") goes to the audit.
    """
    address = by_address("", request)
    locked = _take(email, address)
    if locked:
        return Answer(locked_seconds=locked)
    found = check()
    if found is None:
        _failed(request, email, what)
    else:
        _give_back(email, address)
    return Answer(found)


def forget(request: HttpRequest, email: str) -> None:
    """Start counting anew for this client: it has signed in."""
    SignInTries.objects.filter(account=account_key(email), address=by_address("", request)).delete()


def unlock(email: str) -> int:
    """Let every client try this account again; how many were locked out."""
    tries = SignInTries.objects.filter(account=account_key(email)).exclude(address=ALL_ADDRESSES)
    locked = tries.locked(real_now()).count()
    tries.delete()
    return locked


def locked_accounts(emails: Iterable[str]) -> set[str]:
    """Those of ``emails`` that some client is locked out of now."""
    by_key = {account_key(email): email for email in emails}
    locked = SignInTries.objects.of(by_key).locked(real_now())
    return {by_key[key] for key in locked.values_list("account", flat=True)}


def purge(*, before: datetime) -> int:
    """Delete what was last tried before ``before`` and locks nothing any more; how many rows."""
    old = SignInTries.objects.filter(last_at__lt=before).exclude(locked_until__gt=real_now())
    return old.delete()[0]


@transaction.atomic
def _take(email: str, address: str) -> int:
    """Count one try; the seconds still to wait if it may not be made."""
    now = real_now()
    row = _row(email, address, now)
    if row.locked_until and row.locked_until > now:
        return max(1, -(-(row.locked_until - now) // timedelta(seconds=1)))
    lock = timedelta(minutes=settings.STAFF_LOCK_MINUTES)
    if now - row.last_at >= lock or row.locked_until:
        row.tries = 0
    row.tries += 1
    row.last_at = now
    row.locked_until = now + lock if row.tries >= settings.STAFF_LOCK_TRIES else None
    row.save()
    return 0


def _give_back(email: str, address: str) -> None:
    """Uncount a try that was right; with it there are fewer than lock."""
    row = SignInTries.objects.filter(account=account_key(email), address=address)
    row.update(tries=Greatest(F("tries") - 1, 0), locked_until=None)


@transaction.atomic
def _failed(request: HttpRequest, email: str, what: str) -> None:
    """Count a wrong try over all clients; write it down, and alert, if the account exists."""
    from totetaxi.users.models import User

    now = real_now()
    row = _row(email, ALL_ADDRESSES, now)
    if now - row.since >= ALERT_WINDOW:
        row.tries, row.since = 0, now
    row.tries += 1
    row.last_at = now
    row.save()
    user = User.objects.filter(email__iexact=email, staff_profile__isnull=False).first()
    if user is None:
        logger.info("A wrong sign-in to the office, to an account that does not exist")
        return
    text = f"Sign-in failed: wrong {what}"
    StaffAction.log_action(user, ActionType.LOGIN_FAILED, text, request)
    if row.tries == settings.STAFF_ALERT_TRIES:
        key = f"staff_sign_in_attacked:{user.pk}:{row.since.isoformat()}"
        announce("staff_sign_in_attacked", user.pk, key=key)


def _row(email: str, address: str, now: datetime) -> SignInTries:
    """The locked row of this account and client, made if there is none."""
    account = account_key(email)
    new = SignInTries(account=account, address=address, since=now, last_at=now)
    SignInTries.objects.bulk_create([new], ignore_conflicts=True)
    [row] = SignInTries.objects.select_for_update().filter(account=account, address=address)
    return row
