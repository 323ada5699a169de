"""What the tests of identity share: forms as they are filled in, and links as they are mailed."""

import re

from django.urls import reverse

from tests.totetaxi.account.conftest import MEMBER_PASSWORD

NEW_PASSWORD = "seven-lanterns-on-a-jetty"
BEN = {
    "first_name": "Ben",
    "last_name": "Shore",
    "email": "ben@example.com",
    "phone": "(212) 555-0142",
    "password1": NEW_PASSWORD,
    "password2": NEW_PASSWORD,
}
SIGN_UP = reverse("account_signup")
SIGN_IN = reverse("account_login")
SIGN_OUT = reverse("account_logout")
RESET = reverse("account_reset_password")
RESEND = reverse("account_resend")
DRAFT = "7a0e8a5e-4a6f-4c1e-9d4b-1f6c1f0b2a11"
CHECK_MAIL = reverse("account_email_verification_sent")
CHANGE_EMAIL = reverse("account_email")
CHANGE_PASSWORD = reverse("account_change_password")
SESSIONS = reverse("usersessions_list")
HOME = reverse("account:dashboard")


def link_in(mail):
    """The path of the first link in a mail's text."""
    return re.search(r"https?://[^/\s]+(/\S+)", mail.body)[1]


def sign_in(client, email="ada@example.com", password=MEMBER_PASSWORD, **more):
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


def is_signed_in(client):
    return "_auth_user_id" in client.session


def without_token(page, *words):
    """A page's text without what differs by request, and without ``words``."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"', "", page.text)
    for word in words:
        text = text.replace(word, "")
    return text
