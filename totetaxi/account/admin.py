"""What Django admin shows of identity."""

from allauth.usersessions.models import UserSession
from django.contrib import admin

# Its search asks for user names, which our users do not have; keys of sessions are nobody's to see.
admin.site.unregister(UserSession)
