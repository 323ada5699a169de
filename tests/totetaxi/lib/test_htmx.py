from typing import Any

import pytest
from django.contrib.messages import add_message, constants
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import (
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from totetaxi.lib.htmx import MessagesMiddleware, RedirectMiddleware, render_page

PAGE = (
    "<html>{% partialdef price inline %}<p>{{ price }}</p>{% endpartialdef %}"
    "{% partialdef secret inline %}hidden{% endpartialdef %}</html>"
)
HX = {"HX-Request": "true"}


@pytest.fixture
def page(settings, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]


def ask(view, headers=HX, path="/part/"):
    """What ``view`` answers behind our middleware, with one message waiting if it adds one."""
    request = RequestFactory().get(path, headers=headers)
    vars(request)["_messages"] = CookieStorage(request)
    ours: Any = RedirectMiddleware(MessagesMiddleware(view))
    return HtmxMiddleware(ours)(request)


def price(request, **options):
    return render_page(
        request, "page.html", {"price": "$5"}, partials={"quote": "price"}, **options
    )


def test_render_page_answers_a_browser_with_the_page(page):
    assert ask(price, headers={}).text == "<html><p>$5</p>hidden</html>"


def test_render_page_answers_htmx_with_the_listed_part(page):
    assert ask(price, {**HX, "HX-Target": "quote"}).text == "<p>$5</p>"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Target": "secret"},  # a partial of the page, but not listed
        {"HX-Target": "price"},  # the partial's name, not the id of an element
        {"HX-Target": "quote", "HX-Boosted": "true"},
        {"HX-Target": "quote", "HX-History-Restore-Request": "true"},
    ],
)
def test_render_page_answers_htmx_with_the_page_otherwise(page, headers):
    assert ask(price, {**HX, **headers}).text == "<html><p>$5</p>hidden</html>"


def test_render_page_tells_caches_what_the_answer_depends_on(page):
    vary = "HX-Request, HX-Target, HX-Boosted, HX-History-Restore-Request"
    for headers in ({}, {**HX, "HX-Target": "quote"}):
        assert ask(price, headers)["Vary"] == vary


def test_render_page_passes_the_status_on(page):
    assert ask(lambda request: price(request, status=422)).status_code == 422


def test_redirect_sends_htmx_to_another_page():
    def view(request):
        response = HttpResponseRedirect("/book/review/")
        response.set_cookie("sessionid", "new")
        return response

    response = ask(view)

    assert (response.status_code, response["HX-Redirect"]) == (204, "/book/review/")
    assert not response.has_header("Location")
    assert response.cookies["sessionid"].value == "new"
    assert response.content == b""


def test_redirect_of_a_browser_stays_one():
    response = ask(lambda request: HttpResponseRedirect("/book/review/"), headers={})
    assert (response.status_code, response["Location"]) == (302, "/book/review/")


def test_not_modified_is_no_redirect():
    assert ask(lambda request: HttpResponseNotModified()).status_code == 304


def test_redirect_to_sign_in_leads_back_to_the_page_not_to_the_fragment(settings):
    settings.LOGIN_URL = "/account/login/"
    headers = {**HX, "HX-Current-URL": "http://testserver/account/profile/?tab=2"}

    response = ask(lambda request: HttpResponseRedirect("/account/login/?next=/part/"), headers)

    assert response["HX-Redirect"] == "/account/login/?next=%2Faccount%2Fprofile%2F%3Ftab%3D2"


@pytest.mark.parametrize("current_url", ["https://evil.example/", "nonsense", ""])
def test_redirect_to_sign_in_never_leads_to_another_site(settings, current_url):
    settings.LOGIN_URL = "/account/login/"
    response = ask(
        lambda request: HttpResponseRedirect("/account/login/?next=/part/"),
        {**HX, "HX-Current-URL": current_url},
    )
    assert response["HX-Redirect"] == "/account/login/?next=/part/"


def with_message(make_response):
    def view(request):
        add_message(request, constants.SUCCESS, "Saved <b>it</b>")
        return make_response(request)

    return view


def test_message_comes_out_of_band_after_a_fragment():
    response = ask(with_message(lambda request: HttpResponse("<p>part</p>")))

    assert response.text.startswith("<p>part</p>")
    assert 'id="messages"' in response.text
    assert "hx-swap-oob" in response.text
    assert "Saved &lt;b&gt;it&lt;/b&gt;" in response.text
    assert "<b>it</b>" not in response.text


def test_fragment_without_messages_stays_as_it_is():
    assert ask(lambda request: HttpResponse("<p>part</p>")).text == "<p>part</p>"


@pytest.mark.parametrize(
    "make_response",
    [
        lambda request: HttpResponse("error", status=500),
        lambda request: HttpResponse(status=204),
        lambda request: JsonResponse({}),
        lambda request: HttpResponse("BEGIN:VCALENDAR", content_type="text/calendar"),
        lambda request: HttpResponse("x", headers={"HX-Redirect": "/"}),
        lambda request: HttpResponse("x", headers={"HX-Refresh": "true"}),
        lambda request: HttpResponseRedirect("/"),
    ],
)
def test_message_waits_for_a_response_that_can_show_it(make_response):
    storages = []

    def view(request):
        storages.append(request._messages)
        return with_message(make_response)(request)

    response = ask(view)

    assert b"messages" not in response.content
    assert not storages[0].used


def test_message_waits_while_a_response_streams():
    response = ask(with_message(lambda request: StreamingHttpResponse(["<p>part</p>"])))
    assert response.getvalue() == b"<p>part</p>"


def test_message_waits_for_a_browser():
    assert ask(with_message(lambda request: HttpResponse("x")), headers={}).text == "x"


def test_message_that_the_page_itself_shows_is_not_shown_twice():
    def page_with_messages(request):
        return HttpResponse("".join(str(message) for message in request._messages))

    assert ask(with_message(page_with_messages)).text == "Saved <b>it</b>"
