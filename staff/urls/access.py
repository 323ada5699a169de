"""Coming in, one's own account, the team, the audit."""

from django.urls import path

from staff.views import audit, own_account, sign_in, team

urlpatterns = [
    path("login/", sign_in.login, name="login"),
    path("login/code/", sign_in.code, name="login_code"),
    path("login/recovery/", sign_in.recovery, name="login_recovery"),
    path("login/app/", sign_in.enrol, name="login_enrol"),
    path("logout/", sign_in.logout, name="logout"),
    path("password/set/", sign_in.new_password, name="new_password"),
    path("password/<str:token>/", sign_in.set_password, name="set_password"),
    path("account/", own_account.own_account, name="own_account"),
    path("account/password/", own_account.own_password, name="own_password"),
    path("account/app/", own_account.own_app, name="own_app"),
    path("account/recovery-codes/", own_account.recovery_codes, name="recovery_codes"),
    path("account/recovery-codes.txt", own_account.recovery_file, name="recovery_file"),
    path("account/recovery-codes/kept/", own_account.recovery_kept, name="recovery_kept"),
    path("account/recovery-codes/new/", own_account.recovery_new, name="recovery_new"),
    path("team/", team.team, name="team"),
    path("team/new/", team.member_new, name="member_new"),
    path("team/<uuid:user_id>/", team.member, name="member"),
    path("team/<uuid:user_id>/<slug:act>/", team.member_act, name="member_act"),
    path("audit/", audit.audit, name="audit"),
]
