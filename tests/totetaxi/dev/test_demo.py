"""Demo data goes into a database without users only."""

from django.contrib.auth import authenticate

from totetaxi.dev import demo
from totetaxi.users.models import User


def test_demo_sign_ins_work(db):
    for _ in range(2):
        [(path, email, password)] = demo.load()
    assert path == "/admin/"
    assert authenticate(username=email, password=password) == User.objects.get()


def test_database_with_users_is_left_alone(db):
    User.objects.create_user("ann@example.com")
    assert demo.load() == []
    assert [user.email for user in User.objects.all()] == ["ann@example.com"]
