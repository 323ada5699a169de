"""Plain pages, and what machines ask for."""

from django.urls import path

from totetaxi.pages import probes, views

app_name = "pages"
urlpatterns = [
    path("about/", views.about, name="about"),
    path("faq/", views.faq, name="faq"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("contact/", views.contact, name="contact"),
    path("announcement/close/", views.close_announcement, name="close_announcement"),
    path("health/", probes.health, name="health"),
    path("health/ready/", probes.ready, name="ready"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
