"""A little data to look at, for a database without users."""

from django.contrib.auth import get_user_model

from staff.capabilities import Role, flags_for
from staff.models import StaffProfile
from totetaxi.dev import demo_customer
from totetaxi.dev.demo_data.people import EMAIL_PATTERN

STAFF_PASSWORD = "totetaxi-demo"  # noqa: S105 (of a demonstration on this machine)
STAFF = {
    "admin@example.com": Role.ADMIN,
    "manager@example.com": Role.MANAGER,
    "operator@example.com": Role.OPERATOR,
}


def load() -> list[tuple[str, str, str]]:
    """Make the demo sign-ins; those that exist: path of the page, email, password.

    A database that has users is somebody's, and is left alone; those of demo_data are nobody.
    """
    users = get_user_model().objects
    if not users.exclude(email__regex=EMAIL_PATTERN).exists():
        for email, role in STAFF.items():
            _make_staff(email, role)
        demo_customer.make_bookings(demo_customer.make())
    demo_staff = StaffProfile.objects.active().filter(user__email__in=STAFF).order_by("role")
    emails = demo_staff.values_list("user__email", flat=True)
    found = [("/staff/", email, STAFF_PASSWORD) for email in emails]
    if users.filter(email=demo_customer.EMAIL, is_active=True).exists():
        found.append(("/account/", demo_customer.EMAIL, demo_customer.PASSWORD))
    return found


def _make_staff(email: str, role: Role) -> None:
    """Somebody of the office; administrators may open Django admin too."""
    make = get_user_model().objects.create_user
    if role == Role.ADMIN:
        make = get_user_model().objects.create_superuser
    user = make(email, STAFF_PASSWORD, first_name="Demo", last_name=role.label)
    flags = {flag.value: value for flag, value in flags_for(role).items()}
    StaffProfile.objects.create(user=user, role=role, **flags)
