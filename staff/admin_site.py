"""Django admin for superusers who came in through the office's sign-in (rule R909)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from staff import sessions
from staff.capabilities import Capability


class OfficeAdminSite(AdminSite):
    """Records and emergencies. Sign-in, sign-out and password are those of the office."""

    site_header = site_title = "ToteTaxi records"

    def has_permission(self, request: HttpRequest) -> bool:
        """Superusers who administer the office, in a session of its own sign-in."""
        profile = sessions.profile_of(request)
        if profile is None or not profile.user.is_superuser:
            return False
        return sessions.is_valid(request, profile) and profile.can(Capability.ADMINISTER)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """To the office's sign-in; who is signed in and still may not enter gets 403."""
        if self.has_permission(request):
            return redirect("admin:index")
        profile = sessions.profile_of(request)
        signed_in = request.user.is_authenticated
        if signed_in and (profile is None or sessions.is_valid(request, profile)):
            raise PermissionDenied
        back = request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index"))
        return redirect(f"{reverse('staff:login')}?{urlencode({REDIRECT_FIELD_NAME: back})}")

    def logout(  # type: ignore[override]  # Not a page of its own.
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As in the office: by POST, and audited."""
        from staff.views.sign_in import logout

        return logout(request)  # type: ignore[arg-type]  # htmx's middleware ran.

    def password_change(  # type: ignore[override]  # Not a page of its own.
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("staff:own_password")
