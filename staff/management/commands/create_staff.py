"""Adds somebody to the office from the server: the first administrator, or one locked out."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from staff import invitations, second_factor
from staff.capabilities import FLAG_DEFAULTS, Role
from staff.models import ActionType, StaffAction, StaffProfile
from staff.services import team, tries
from staff.services.team import TeamError


class Command(BaseCommand):
    help = (
        "Adds somebody to the office and prints the link by which they set their password. With "
        "--again for somebody who is in it already: lets them in anew, whatever locked them out "
        "(deactivated, wrong tries, lost password, lost authenticator app)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, default=Role.OPERATOR)
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument(
            "--superuser", action="store_true", help="May also open Django admin (administrators)."
        )
        parser.add_argument("--mail", action="store_true", help="Mail the link; print none.")
        parser.add_argument("--again", action="store_true", help="Let somebody in anew.")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        profile = _again(options["email"]) if options["again"] else _new(options)
        profile.invitations += 1
        profile.save()
        StaffAction.objects.create(
            staff_user=profile.user,
            action_type=ActionType.MANAGE_STAFF,
            description="Let in anew" if options["again"] else "Added to the team",
            ip_address="127.0.0.1",
            user_agent="manage.py create_staff",
            after=team.facts(profile),
        )
        if options["mail"]:
            team.announce_invitation(profile)
            self.stdout.write("The queue mails them a link to set a password.")
            return
        link = reverse("staff:set_password", args=[invitations.token_for(profile)])
        self.stdout.write(
            f"{profile.get_role_display()} {profile.user.email}. To set a password, once, within "
            f"{settings.STAFF_INVITATION_HOURS} hours:\n{settings.SITE_URL}{link}"
        )


def _new(options: dict[str, Any]) -> StaffProfile:
    try:
        validate_email(options["email"])
    except ValidationError as error:
        raise CommandError("This is no email address.") from error
    if options["superuser"] and options["role"] != Role.ADMIN:
        raise CommandError("Only administrators may be superusers: add --role admin.")
    given = {name: options[name] for name in ("email", "first_name", "last_name", "role")}
    flags = {flag.value: value for flag, value in FLAG_DEFAULTS.items()}
    try:
        profile = team.add({**given, **flags, "phone": "", "notes": ""})
    except TeamError as error:
        raise CommandError(f"{error} Use --again if they work here.") from error
    if options["superuser"]:
        profile.user.is_staff = profile.user.is_superuser = True
        profile.user.save()
    return profile


def _again(email: str) -> StaffProfile:
    profile = StaffProfile.objects.select_related("user").filter(user__email__iexact=email).first()
    if profile is None:
        raise CommandError("Nobody with this email works here.")
    profile.is_active = profile.user.is_active = True
    profile.session_epoch += 1
    profile.user.save(update_fields=["is_active"])
    second_factor.remove(profile.user)
    tries.unlock(profile.user.email)
    return profile
