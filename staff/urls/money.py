"""Money in the office."""

from django.urls import path

from staff.views import links, money_watch, payments, refunds

urlpatterns = [
    path("payments/", payments.payments, name="payments"),
    path("payments/<uuid:payment_id>/", payments.payment, name="payment"),
    path("payments/<uuid:payment_id>/settle/", payments.payment_settle, name="payment_settle"),
    path("payments/<uuid:payment_id>/refund/", refunds.refund_request, name="refund_request"),
    path("refunds/", refunds.refunds, name="refunds"),
    path("refunds/decide/", refunds.refunds_decide, name="refunds_decide"),
    path("refunds/<uuid:refund_id>/", refunds.refund, name="refund"),
    path("refunds/<uuid:refund_id>/decide/", refunds.refund_decide, name="refund_decide"),
    path("refunds/<uuid:refund_id>/send/", refunds.refund_send, name="refund_send"),
    path("links/", links.links, name="links"),
    path("links/<uuid:link_id>/resend/", links.link_resend, name="link_resend"),
    path("links/<uuid:link_id>/revoke/", links.link_revoke, name="link_revoke"),
    path("events/", money_watch.events, name="events"),
    path("events/replay/", money_watch.event_replay, name="event_replay"),
    path("alerts/", money_watch.alerts, name="alerts"),
    path("alerts/<uuid:alert_id>/dismiss/", money_watch.alert_dismiss, name="alert_dismiss"),
    path("disputes/", money_watch.disputes, name="disputes"),
    path("invariants/", money_watch.invariants, name="invariants"),
]
