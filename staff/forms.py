"""Forms of signing in, of one's own account, of the team and of the audit."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from crispy_forms.layout import Layout
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import Q

from staff.capabilities import Flag, Role
from staff.models import ActionType, StaffProfile
from totetaxi.lib.forms import Helper

if TYPE_CHECKING:
    from totetaxi.users.models import User

LONGEST_PASSWORD = 1000
DIFFERENT = "This differs from the password above. Type the same one twice."
EMAIL_ERRORS = {
    "required": "Enter the email you work with.",
    "invalid": "Enter a full email, like name@example.com.",
}


class OfficeForm(forms.Form):
    """Fields one below the other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)
        self.helper.layout = Layout(*self.fields)


def password_field(label: str, *, missing: str, new: bool = False) -> forms.CharField:
    """A password is taken as it is typed, blanks and all."""
    autocomplete = "new-password" if new else "current-password"
    return forms.CharField(
        label=label,
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput({"autocomplete": autocomplete}),
        error_messages={"required": missing},
    )


def code_field(label: str, help_text: str = "", *, digits_only: bool = True) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
    if digits_only:
        attrs["inputmode"] = "numeric"
    return forms.CharField(
        label=label,
        max_length=20,
        help_text=help_text,
        widget=forms.TextInput(attrs),
        error_messages={"required": "Enter the code."},
    )


class SignInForm(OfficeForm):
    email = forms.EmailField(
        label="Email",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages=EMAIL_ERRORS,
    )
    password = password_field("Password", missing="Enter your password.")


class CodeForm(OfficeForm):
    code = code_field("Code", "The six digits that your authenticator app shows now.")


class RecoveryForm(OfficeForm):
    code = code_field("Recovery code", "One of the ten you kept, like 1234-5678. Each works once.")


class EnrolForm(OfficeForm):
    code = code_field("Code", "The six digits that the app shows for ToteTaxi.")


class NewPasswordForm(OfficeForm):
    """A password chosen by its owner, typed twice."""

    password = password_field("New password", missing="Choose a password.", new=True)
    again = password_field("The password once more", missing="Type it once more.", new=True)

    def __init__(self, user: "User", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields[
            "password"
        ].help_text = "At least 8 characters; a few words that do not belong together are best."

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = {"password", "again"} <= set(cleaned)
        if given and cleaned["password"] != cleaned["again"]:
            self.add_error(
                "again", "This differs from the password above. Type the same one twice."
            )
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    current = password_field("Current password", missing="Enter your current password.")
    field_order = ("current", "password", "again")


class MemberForm(OfficeForm):
    """Somebody of the team: who they are, what they may do."""

    first_name = forms.CharField(label="First name", max_length=150)
    last_name = forms.CharField(label="Last name", max_length=150)
    phone = forms.CharField(
        label="Phone",
        max_length=20,
        required=False,
        widget=forms.TextInput({"type": "tel"}),
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[
            (Role.OPERATOR, "Operator"),
            (Role.MANAGER, "Manager"),
            (Role.ADMIN, "Administrator"),
        ],
        widget=forms.RadioSelect,
        initial=Role.OPERATOR,
        error_messages={"required": "Choose a role."},
    )
    can_modify_bookings = forms.BooleanField(
        label="May change bookings",
        required=False,
        initial=True,
        help_text="Counts for operators; managers and administrators always may.",
    )
    can_view_financials = forms.BooleanField(
        label="May see money and reports",
        required=False,
        help_text="Counts for operators; managers and administrators always may.",
    )
    can_approve_refunds = forms.BooleanField(
        label="May approve refunds",
        required=False,
        help_text="Counts for managers; administrators always may, operators never.",
    )
    notes = forms.CharField(
        label="Notes",
        max_length=2000,
        required=False,
        help_text="For administrators.",
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, missing in (("first_name", "a first name"), ("last_name", "a last name")):
            self.fields[name].error_messages["required"] = f"Enter {missing}."


class NewMemberForm(MemberForm):
    email = forms.EmailField(
        label="Email",
        max_length=254,
        help_text="Where the link to set a password is sent; they sign in with it.",
        error_messages=EMAIL_ERRORS,
    )
    field_order = ("first_name", "last_name", "email")


def member_values(profile: StaffProfile) -> Mapping[str, Any]:
    """What MemberForm starts with."""
    flags = {flag.value: profile.has_flag(flag) for flag in Flag}
    names = {"first_name": profile.user.first_name, "last_name": profile.user.last_name}
    return {**names, **flags, "phone": profile.phone, "role": profile.role, "notes": profile.notes}


class AuditFilter(forms.Form):
    """Filters never complain: what cannot be understood narrows nothing."""

    q = forms.CharField(label="Text", max_length=100, widget=forms.TextInput({"type": "search"}))
    who = forms.ModelChoiceField(
        label="Who", queryset=StaffProfile.objects.none(), empty_label="Anyone"
    )
    action = forms.ChoiceField(label="Action", choices=[("", "Any"), *ActionType.choices])
    booking = forms.CharField(label="Booking", max_length=40)
    first = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last = forms.DateField(label="To", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.fields["who"]
        people = StaffProfile.objects.select_related("user")
        who.queryset = people.order_by("user__first_name", "user__last_name", "user__email")  # type: ignore[attr-defined]  # A model choice field
        who.label_from_instance = lambda profile: profile.name  # type: ignore[attr-defined]  # The same
        self.fields["booking"].widget.attrs["placeholder"] = "TT-000123"
        for field in self.fields.values():
            field.required = False
            vars(field)["hide_optional"] = True
        self.helper = Helper(self)

    def narrow(self, rows: Any) -> Any:
        """The rows that every filter lets through."""
        self.is_valid()
        for name, value in self.cleaned_data.items():
            if value not in (None, ""):
                rows = rows.filter(self._condition(name, value))
        return rows

    def _condition(self, name: str, value: Any) -> Q:
        if name == "q":
            return Q(description__icontains=value)
        if name == "who":
            return Q(staff_user=value.pk)
        if name == "action":
            return Q(action_type=value)
        if name == "booking":
            return Q(booking__booking_number__iexact=value.strip())
        return _on_or_after(value) if name == "first" else _on_or_before(value)

    @property
    def in_use(self) -> bool:
        """Whether anything narrows the list."""
        return any(value not in (None, "") for value in self.cleaned_data.values())


def _on_or_after(day: date) -> Q:
    return Q(created_at__date__gte=day)


def _on_or_before(day: date) -> Q:
    return Q(created_at__date__lte=day)
