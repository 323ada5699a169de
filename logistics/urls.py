from django.urls import path

from logistics import views

app_name = "logistics"
urlpatterns = [path("webhooks/onfleet/", views.onfleet_webhook, name="onfleet_webhook")]
