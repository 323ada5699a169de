"""Static files: with hashed names, one that is missing costs the whole page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

STATIC_TAG = re.compile(r"""{% static ['"]([^'"]+)['"]""")


def named_in_templates():
    """The files that templates name, and the templates."""
    return sorted(
        (name, str(template.relative_to(settings.BASE_DIR)))
        for template in Path(settings.BASE_DIR, "templates").rglob("*.*")
        for name in STATIC_TAG.findall(template.read_text())
    )


@pytest.mark.parametrize(("name", "template"), named_in_templates())
def test_static_file_of_a_template_exists(name, template):
    assert finders.find(name), f"{template} names {name}"


def test_collected_files_leave_out_the_source_of_the_style_sheet(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    assert not (tmp_path / "css" / "app.css").exists()
    assert (tmp_path / "css" / "site.css").exists()
