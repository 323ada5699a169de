"""Every URL says who may call it."""

from django.urls import URLResolver, get_resolver

from totetaxi.lib.access import audience_of

# Path, package of the view, and why it needs no declaration of ours.
GUARDED_ELSEWHERE = (
    ("admin/", "", "Django admin asks each of its views for a signed-in member of staff"),
)


def walk(resolver, prefix=""):
    """Every (path, callback) below ``resolver``."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, path)
        else:
            yield path, entry.callback


def is_guarded_elsewhere(path, callback):
    return any(
        path.startswith(prefix) and callback.__module__.startswith(package)
        for prefix, package, _ in GUARDED_ELSEWHERE
    )


def test_every_view_declares_its_audience():
    undeclared = [
        path
        for path, callback in walk(get_resolver())
        if audience_of(callback) is None and not is_guarded_elsewhere(path, callback)
    ]
    assert undeclared == []


def test_the_walk_reaches_views_inside_includes():
    audiences = {path: audience_of(callback) for path, callback in walk(get_resolver())}
    assert audiences["admin/login/"] is None
    assert audiences["sandbox/mail/<uuid:mail_id>/"] == "sandbox"
