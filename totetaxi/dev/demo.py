"""A little data to look at, for a database without users."""

from django.contrib.auth import get_user_model

ADMIN_EMAIL = "admin@example.com"
ADMIN_PASSWORD = "totetaxi-demo"  # noqa: S105 (of a demonstration on this machine)


def load() -> list[tuple[str, str, str]]:
    """Make the demo sign-ins; those that exist: path of the page, email, password.

    A database that has users is somebody's, and is left alone.
    """
    users = get_user_model().objects
    if not users.exists():
        users.create_superuser(ADMIN_EMAIL, ADMIN_PASSWORD, first_name="Demo", last_name="Admin")
    if users.filter(email=ADMIN_EMAIL, is_superuser=True, is_active=True).exists():
        return [("/admin/", ADMIN_EMAIL, ADMIN_PASSWORD)]
    return []
