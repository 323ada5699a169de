from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("pay/start/", views.start, name="start"),
    path("pay/done/", views.done, name="done"),
    path("pay/<str:token>/", views.link, name="link"),
    path("webhooks/stripe/", views.stripe_webhook, name="stripe_webhook"),
]
