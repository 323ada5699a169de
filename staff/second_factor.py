"""The second factor: one-time codes of an authenticator app, and recovery codes (rule R904).

Secrets and recovery codes are allauth's records. What is ours: they are encrypted, and no code
works twice, also within the tolerance for clocks that differ.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from totetaxi.lib.clock import real_now

if TYPE_CHECKING:
    from totetaxi.users.models import User

LAST_COUNTER = "last_counter"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Encrypts what allauth stores, under SECRET_KEY; the fallbacks still open it."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"staff.second_factor:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs, to scan or to type."""

    secret: str
    url: str

    @property
    def typed_key(self) -> str:
        """The secret in groups of four."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))

    @property
    def picture(self) -> str:
        """The QR code as a data: address of an SVG, dark on light in either scheme."""
        code = segno.make(self.url, error="m")
        address: str = code.svg_data_uri(scale=5, border=4, dark="#14213a", light="#ffffff")
        return address


def new_secret() -> str:
    secret: str = generate_totp_secret()
    return secret


def enrolment(user: "User", secret: str) -> Enrolment:
    """The secret as ``user``'s app will show it: ToteTaxi and the email."""
    return Enrolment(secret, MfaAdapter().build_totp_url(user, secret))


def is_enrolled(user: "User") -> bool:
    found: bool = _records(user, Authenticator.Type.TOTP).exists()
    return found


def counter_of(secret: str, code: str, *, after: int = -1) -> int | None:
    """Which time step of the app ``code`` belongs to, if it is right now and after ``after``."""
    digits = "".join(code.split())
    for counter in yield_hotp_counters_from_time():
        expected: str = format_hotp_value(hotp_value(secret, counter))
        if counter > after and constant_time_compare(digits, expected):
            return int(counter)
    return None


@transaction.atomic
def enrol(user: "User", secret: str, code: str) -> list[str] | None:
    """Make ``secret`` the user's second factor if ``code`` proves that their app has it.

    Returns the recovery codes, which are shown this once; None if the code is wrong. Whatever
    they had before ends.
    """
    counter = counter_of(secret, code)
    if counter is None:
        return None
    remove(user)
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.TOTP,
        data={"secret": encrypt(secret), LAST_COUNTER: counter},
    )
    return new_recovery_codes(user)


@transaction.atomic
def new_recovery_codes(user: "User") -> list[str]:
    """Ten new recovery codes; the old ones end."""
    _records(user, Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return [readable(code) for code in codes]


def readable(code: str) -> str:
    """12345678 as 1234-5678."""
    return f"{code[:4]}-{code[4:]}"


def recovery_codes_left(user: "User") -> int:
    record = _records(user, Authenticator.Type.RECOVERY_CODES).first()
    return len(record.wrap().get_unused_codes()) if record else 0


@transaction.atomic
def check_code(user: "User", code: str) -> bool:
    """Whether this is the app's code of now and was not used before; it is used by this."""
    record = _records(user, Authenticator.Type.TOTP).select_for_update().first()
    if record is None:
        return False
    secret = decrypt(record.data["secret"])
    counter = counter_of(secret, code, after=record.data.get(LAST_COUNTER, -1))
    if counter is None:
        return False
    # Encrypted anew: under the key of today, so that a fallback may be dropped some day.
    record.data = {"secret": encrypt(secret), LAST_COUNTER: counter}
    record.last_used_at = real_now()
    record.save(update_fields=["data", "last_used_at"])
    return True


@transaction.atomic
def check_recovery_code(user: "User", code: str) -> bool:
    """Whether this is a recovery code not used before; it is used by this."""
    record = _records(user, Authenticator.Type.RECOVERY_CODES).select_for_update().first()
    if record is None:
        return False
    digits = "".join(code.split()).replace("-", "")
    valid: bool = record.wrap().validate_code(digits)
    return valid


@transaction.atomic
def remove(user: "User") -> None:
    """Take second factor and recovery codes away: the next sign-in enrols anew."""
    Authenticator.objects.filter(user=user).delete()


def _records(user: "User", kind: str) -> Any:
    return Authenticator.objects.filter(user=user, type=kind)
