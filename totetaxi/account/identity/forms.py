"""Forms of identity: allauth's, in our words and looks, and a few of our own."""

from typing import Any, Final, cast

from allauth.account import forms as allauth_forms
from crispy_forms.layout import Field, Layout
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from booking.models import Booking
from catalog.checks import contact_problems
from catalog.request import Contact
from totetaxi.account.identity import services
from totetaxi.account.identity.tokens import reset_tokens
from totetaxi.lib.forms import Helper
from totetaxi.lib.traps import Trapped
from totetaxi.users.models import User

HINT: Final = "At least 8 characters; a few words that do not belong together are best."
DIFFERENT: Final = "This differs from the password above. Type the same one twice."
EMAIL_ERRORS: Final = {
    "required": "Enter your email.",
    "invalid": "Enter a full email, like name@example.com.",
}


class InOurLooks(forms.Form):
    """Takes allauth's placeholders away: labels stay where they are, hints are gone when needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.label = field.label if field.label != "Email address" else "Email"
                field.error_messages.update(EMAIL_ERRORS)
            if name in ("password", "oldpassword"):
                field.help_text = ""
                field.error_messages["required"] = "Enter your password."
            if name == "password1":
                field.help_text = HINT
                field.error_messages["required"] = "Choose a password."
            if name == "password2":
                field.error_messages["required"] = "Type the password once more."
        self.helper = Helper(self)

    def add_error(self, field: str | None, error: Any) -> None:
        """As Django does, with our words for two passwords that differ."""
        differs = field == "password2" and not isinstance(error, ValidationError)
        super().add_error(field, DIFFERENT if differs else error)


class SignInForm(InOurLooks, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Email, password, and whether this device is to be remembered for 30 days."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Email"
        self.fields["remember"].label = "Keep me signed in on this device for 30 days"


class SignUpForm(Trapped, InOurLooks, allauth_forms.SignupForm):  # type: ignore[misc]  # no types
    """A new customer: name, email, mobile phone and password."""

    first_name = forms.CharField(label="First name", max_length=100)
    last_name = forms.CharField(label="Last name", max_length=100)
    phone = forms.CharField(label="Mobile phone", max_length=40)
    field_order = ("first_name", "last_name", "email", "phone", "password1", "password2")
    once_more = (
        "We could not take this in. Please type the password again and send it once more;"
        " the rest is kept."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password2"].label = "The password once more"
        self.fields["phone"].help_text = "The driver calls or texts it on the day."
        self.fields["phone"].widget.input_type = "tel"
        autocomplete = {"first_name": "given-name", "last_name": "family-name", "phone": "tel"}
        for name, value in autocomplete.items():
            self.fields[name].widget.attrs["autocomplete"] = value
            # contact_problems() says what is missing, as in the wizard.
            self.fields[name].required = False
            vars(self.fields[name])["hide_optional"] = True
        wide = (Field(name, wrapper_class="sm:col-span-2") for name in self.field_order[2:])
        self.helper.layout = Layout("first_name", "last_name", *wide)

    def validate_unique_email(self, value: str) -> str:
        """Nothing: whether an address is known is no error, and is looked up when saving."""
        return value

    def clean(self) -> dict[str, Any]:
        """Check the contact as the wizard does, and the password against all of it."""
        cleaned: dict[str, Any] = super().clean() or {}
        names = ("first_name", "last_name", "phone")
        typed = Contact(email=cleaned.get("email", ""), **{n: cleaned.get(n, "") for n in names})
        for problem in contact_problems(typed.stripped()):
            if problem.field in names and problem.field not in self.errors:
                self.add_error(problem.field, problem.message)
        if "password1" in cleaned and "password1" not in self.errors:
            check_password_of(self, "password1", typed)
        return {**cleaned, "contact": typed.stripped()}

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save user, profile and address; for an address that is somebody's only look the same."""
        email = self.cleaned_data["email"]
        with transaction.atomic():
            self.account_already_exists = not services.make_room(email)
            if self.account_already_exists:
                make_password(self.cleaned_data["password1"])  # As long as for anybody else.
            return cast("tuple[User | None, HttpResponse | None]", super().try_save(request))

    def signup(self, request: HttpRequest, user: User) -> None:
        """Make the new user a customer."""
        contact: Contact = self.cleaned_data["contact"]
        services.add_profile(user, phone=contact.phone)


class MakeAccountForm(SignUpForm):
    """The account of a guest who has ordered: all but the password is in the booking."""

    def __init__(self, *args: Any, booking: Booking, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.booking = booking
        for name in [name for name in self.fields if name != "password1"]:
            del self.fields[name]
        self.helper = Helper(self)

    def clean(self) -> dict[str, Any]:
        """Check the password against the contact of the booking."""
        booking = self.booking
        contact = Contact(booking.first_name, booking.last_name, booking.email, booking.phone)
        if "password1" in self.cleaned_data:
            check_password_of(self, "password1", contact)
        whole = {"email": contact.email.lower(), "contact": contact.stripped()}
        names = {"first_name": contact.first_name, "last_name": contact.last_name}
        return {**self.cleaned_data, **whole, **names}


class ResetForm(Trapped, InOurLooks, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Whose password is forgotten. Browsers fill it in: people send it at once."""

    is_timed = False

    def clean_email(self) -> str:
        """The address alone: whether it is known is not looked up before saving."""
        return cast("str", self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the link mailed, if the address is a customer's."""
        email = cast("str", self.cleaned_data["email"])
        services.ask_for_reset(email)
        return email


class ResetLinkForm(allauth_forms.UserTokenForm):  # type: ignore[misc]  # allauth has no types
    """Checks the parts of a reset link."""

    token_generator = reset_tokens

    def _get_user(self, uidb36: str) -> User | None:
        """The customer the link is for, None for anybody else."""
        user = super()._get_user(uidb36)
        return user if user and user.is_customer else None


class NewPasswordForm(InOurLooks, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password, under a reset link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "New password"
        self.fields["password2"].label = "The new password once more"


class ChangePasswordForm(InOurLooks, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """The old password and the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"
        self.fields["password1"].label = "New password"
        self.fields["password2"].label = "The new password once more"


class PasswordProof(forms.Form):
    """The password of a known user: proof that it is they who sit there."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.helper = Helper(self)

    def clean_password(self) -> str:
        """The password, if it is the user's."""
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("This is not the password of this account.")
        return password


class EmailChangeForm(PasswordProof):
    """The address a customer wants to change to."""

    email = forms.EmailField(
        label="New email",
        error_messages=EMAIL_ERRORS,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("email", "password")

    def clean_email(self) -> str:
        """The new address in lower case."""
        email: str = self.cleaned_data["email"].lower()
        if email == self.user.email.lower():
            raise ValidationError("This is your email already. Enter the one to change to.")
        return email


class ResendForm(Trapped, forms.Form):
    """Where to send the link once more. It is filled in already: people send it at once."""

    is_timed = False

    email = forms.EmailField(
        label="Email",
        error_messages=EMAIL_ERRORS,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)


def check_password_of(form: forms.Form, field: str, contact: Contact) -> None:
    """Add what Django's validators say about a password beside the name and email of its owner."""
    names = {"first_name": contact.first_name, "last_name": contact.last_name}
    try:
        validate_password(form.cleaned_data[field], User(email=contact.email, **names))
    except ValidationError as error:
        form.add_error(field, error)
