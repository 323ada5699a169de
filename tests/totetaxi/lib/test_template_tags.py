import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.template import TemplateDoesNotExist, engines

from totetaxi.lib import clock, template_tags

LATE = datetime(2026, 6, 14, 3, 30, tzinfo=UTC)  # 23:30 on Saturday in New York


def render(source, **context):
    return engines["django"].from_string(source).render(context)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("{{ v|usd }}", 1_725_00, "$1,725.00"),
        ("{{ v|usd }}", None, ""),
        ("{{ v|usd_short }}", 1_725_00, "$1,725"),
        ("{{ v|usd_short }}", None, ""),
        ("{{ v|long_date }}", date(2026, 6, 13), "Saturday, June 13"),
        ("{{ v|long_date }}", LATE, "Saturday, June 13"),
        ("{{ v|long_date }}", None, ""),
        ("{{ v|full_date }}", date(2026, 7, 4), "Saturday, July 4, 2026"),
        ("{{ v|full_date }}", LATE, "Saturday, June 13, 2026"),
        ("{{ v|full_date }}", None, ""),
        ("{{ v|clock_time }}", time(9), "9 AM"),
        ("{{ v|clock_time }}", time(12, 59), "12:59 PM"),
        ("{{ v|clock_time }}", time(0, 5), "12:05 AM"),
        ("{{ v|clock_time }}", time(12), "12 PM"),
        ("{{ v|clock_time }}", LATE, "11:30 PM"),
        ("{{ v|clock_time }}", 8, "8 AM"),
        ("{{ v|clock_time }}", 0, "12 AM"),
        ("{{ v|clock_time }}", None, ""),
        ("{{ v|phone }}", "+12125550142", "(212) 555-0142"),
        ("{{ v|phone }}", "212.555.0142", "(212) 555-0142"),
        ("{{ v|phone }}", "(631) 595-5100", "(631) 595-5100"),
        ("{{ v|phone }}", "+442079460958", "+442079460958"),
        ("{{ v|phone }}", "+4420794609", "+4420794609"),
        ("{{ v|phone }}", "", ""),
        ("{{ v|tel }}", "(631) 595-5100", "tel:+16315955100"),
        ("{{ v|tel }}", "+1 631 595 5100", "tel:+16315955100"),
        ("{{ v|tel }}", "+44 20 7946 0958", "tel:+442079460958"),
        ("{{ v|phone }}", None, ""),
    ],
)
def test_filters_write_values_as_people_do(source, value, expected):
    assert render(source, v=value) == expected


def test_long_date_keeps_a_clock_time_of_new_york():
    assert (
        render("{{ v|long_date }}", v=clock.at(date(2026, 11, 1), time(0))) == "Sunday, November 1"
    )


def test_icon_inlines_the_drawing():
    svg = render('{% icon "check" %}')
    assert svg.startswith("<svg ")
    assert 'class="i"' in svg
    assert 'aria-hidden="true"' in svg


def test_icon_takes_more_classes_and_escapes_them():
    assert 'class="mt-1 soft i"' in render('{% icon "check" "mt-1 soft" %}')
    assert '"><script>' not in render('{% icon "check" css %}', css='"><script>')


@pytest.mark.parametrize("name", ["../base", "Check", "", "a/b"])
def test_icon_refuses_what_is_no_name(name):
    with pytest.raises(ValueError, match="no name of an icon"):
        template_tags.icon(name)


def test_icon_that_does_not_exist_is_an_error():
    with pytest.raises(TemplateDoesNotExist):
        template_tags.icon("no-such-icon")


def test_every_icon_named_in_a_template_exists():
    folder = Path(project_settings.BASE_DIR) / "templates"
    named = {
        name
        for page in folder.rglob("*.html")
        for name in re.findall(r"""{% icon ["']([^"']+)["']""", page.read_text())
    }
    drawn = {file.stem for file in (folder / "icons").glob("*.svg")}
    assert named - drawn == set()
