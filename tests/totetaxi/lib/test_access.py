import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from totetaxi.lib.access import audience, audience_of


def view(request):
    """The view."""
    return HttpResponse("seen")


def test_audience_is_known_through_other_decorators():
    marked = audience("signed_webhook")(csrf_exempt(require_POST(view)))
    assert audience_of(marked) == "signed_webhook"
    assert vars(marked)["csrf_exempt"]
    assert audience_of(csrf_exempt(audience("public")(view))) == "public"


def test_audience_of_a_class_based_view():
    assert (
        audience_of(audience("public")(TemplateView.as_view(template_name="404.html"))) == "public"
    )


def test_audience_does_not_mark_the_view_it_wraps():
    audience("public")(view)
    assert audience_of(view) is None


def test_public_view_answers_anyone(rf):
    assert audience("public")(view)(rf.get("/")).text == "seen"


def test_customer_view_sends_others_to_sign_in(settings):
    settings.LOGIN_URL = "/account/login/"
    request = RequestFactory().get("/account/")
    request.user = AnonymousUser()
    response = audience("customer")(view)(request)
    assert (response.status_code, response["Location"]) == (302, "/account/login/?next=/account/")


def test_customer_view_answers_who_is_signed_in(django_user_model):
    request = RequestFactory().get("/account/")
    request.user = django_user_model(email="ann@example.com")
    assert audience("customer")(view)(request).text == "seen"


def test_sandbox_view_does_not_exist_in_production(rf, settings):
    marked = audience("sandbox")(view)
    assert marked(rf.get("/")).text == "seen"
    settings.ENVIRONMENT = "production"
    with pytest.raises(Http404):
        marked(rf.get("/"))
