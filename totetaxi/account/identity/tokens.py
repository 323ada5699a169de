"""The secret part of a password reset link."""

from typing import Final

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from totetaxi.users.models import User

SALT: Final = "totetaxi.account.identity.reset"


class ResetTokens(PasswordResetTokenGenerator):
    """Tokens that end with the next request, the next sign-in, a new password or a new email.

    They live for PASSWORD_RESET_TIMEOUT seconds of real time (rule R808).
    """

    key_salt = SALT

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.reset_nonce}"


reset_tokens = ResetTokens()
