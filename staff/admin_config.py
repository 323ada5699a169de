"""Django admin, behind the office's own door."""

from django.contrib.admin.apps import AdminConfig


class OfficeAdminConfig(AdminConfig):
    """Django admin with OfficeAdminSite."""

    default_site = "staff.admin_site.OfficeAdminSite"
