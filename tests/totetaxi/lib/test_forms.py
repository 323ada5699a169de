import re

import pytest
from crispy_forms.layout import Field, Layout
from crispy_forms.utils import render_crispy_form
from django import forms
from django.template.loader import render_to_string

from totetaxi.lib.forms import ErrorLink, Helper, summarise
from totetaxi.lib.template_tags import error_summary


class ContactForm(forms.Form):
    name = forms.CharField(error_messages={"required": "Enter your name."})
    email = forms.EmailField(help_text="Your <confirmation> goes here.")
    floor = forms.CharField(required=False)
    side = forms.ChoiceField(
        choices=[("n", "North"), ("s", "South")],
        widget=forms.RadioSelect,
        help_text="Of the street.",
        error_messages={"required": "Choose a side."},
    )
    state = forms.ChoiceField(choices=[("NY", "New York")])
    terms = forms.BooleanField(label="I <agree>.", error_messages={"required": "Agree first."})
    version = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": "Load the page again."}
    )

    def clean(self):
        raise forms.ValidationError("This date is full.")


@pytest.fixture
def invalid():
    return ContactForm({"email": "ann@", "state": "NY"})


def rendered(form, layout=None):
    helper = Helper(form)
    if layout:
        helper.layout = layout
    return " ".join(render_crispy_form(form, helper).split()).replace(" </", "</")


def test_field_has_label_hint_and_control_in_the_classes_of_the_site():
    html = rendered(ContactForm())
    assert '<label class="label" for="id_name">Name</label>' in html
    assert '<p class="hint" id="id_email_helptext">Your &lt;confirmation&gt; goes here.</p>' in html
    assert 'class="emailinput input"' in html
    assert 'class="select input"' in html
    assert '<span class="font-normal soft">(optional)</span>' in html
    assert html.count("(optional)") == 1
    assert "has-error" not in html
    assert "<form" not in html


def test_error_stands_beside_its_field_and_is_announced_with_it(invalid):
    html = rendered(invalid)
    assert '<div id="div_id_name" class="field has-error">' in html
    assert 'aria-describedby="id_name_error"' in html
    assert '<div id="id_name_error"><p class="error">' in html
    assert "Enter your name.</p>" in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'value="ann@"' in html
    assert '<div id="div_id_floor" class="field">' in html


def test_every_described_by_leads_somewhere(invalid):
    html = rendered(invalid)
    described = {
        target for ids in re.findall(r'aria-describedby="([^"]+)"', html) for target in ids.split()
    }
    present = set(re.findall(r' id="([^"]+)"', html))
    assert described
    assert described - present == set()


def test_choices_are_a_group_with_a_legend(invalid):
    html = rendered(invalid)
    assert 'aria-describedby="id_side_helptext id_side_error"' in html
    assert '<legend class="label">Side</legend>' in html
    assert '<label class="check" for="id_side_0"><input type="radio"' in html
    assert "<span>North</span></label>" in html


def test_tick_box_stands_before_its_label():
    html = rendered(ContactForm())
    assert '<label class="check" for="id_terms"><input type="checkbox"' in html
    assert "<span>I &lt;agree&gt;.</span></label>" in html


def test_layout_may_add_classes_to_a_field():
    html = rendered(ContactForm(), Layout(Field("name", wrapper_class="sm:col-span-2")))
    assert '<div id="div_id_name" class="field sm:col-span-2">' in html


def test_summary_lists_what_to_fix_in_the_order_of_the_page(invalid):
    summary = summarise(invalid, [ErrorLink("/book/schedule/", "Choose a date.")])
    assert summary.links == (
        ErrorLink("", "This date is full."),
        ErrorLink("", "Load the page again."),
        ErrorLink("#id_name", "Enter your name."),
        ErrorLink("#id_email", "Enter a valid email address."),
        ErrorLink("#id_side_0", "Choose a side."),
        ErrorLink("#id_terms", "Agree first."),
        ErrorLink("/book/schedule/", "Choose a date."),
    )
    assert summary.heading == "7 things to fix before you continue"


@pytest.mark.parametrize(("number", "words"), [(1, "One thing"), (2, "Two things")])
def test_summary_counts_in_words(number, words):
    summary = summarise(forms.Form(), [ErrorLink("", "x")] * number)
    assert summary.heading == f"{words} to fix before you continue"


def test_summary_takes_focus_and_links_to_fields(invalid):
    html = render_to_string("_error_summary.html", error_summary(invalid))
    assert 'role="alert"' in html
    assert 'tabindex="-1"' in html
    assert "autofocus" in html
    assert '<a href="#id_name">Enter your name.</a>' in html
    assert "<li>This date is full.</li>" in html


def test_summary_of_a_form_without_errors_is_nothing():
    assert render_to_string("_error_summary.html", error_summary(ContactForm())).strip() == ""
