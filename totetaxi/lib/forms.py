"""Forms in the site's looks: crispy helper, and the summary of what is to be fixed."""

from collections.abc import Iterable
from dataclasses import dataclass

from crispy_forms.helper import FormHelper
from django import forms

COUNTS = ("", "One thing", "Two things", "Three things", "Four things", "Five things", "Six things")


# Ticks are styled by the .check around them.
TICKS = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


class InputClass:
    """What crispy-tailwind asks for the class of a widget: here .input or none.

    A field with an error is styled by the .has-error around it, so there is no class for that.
    """

    error_border = ""

    def get_input_class(self, field: forms.BoundField) -> str:
        """The class of the field's control."""
        return "" if field.is_hidden or isinstance(field.field.widget, TICKS) else "input"


class Helper(FormHelper):  # type: ignore[misc]  # crispy has no types
    """A crispy helper that renders fields only: the page writes <form>, token and buttons."""

    def __init__(self, form: forms.BaseForm | None = None) -> None:
        super().__init__(form)
        # Must be an attribute of the instance: crispy reads __dict__.
        self.css_container = InputClass()
        self.form_tag = False
        self.disable_csrf = True
        # The summary at the top of the page shows what belongs to no field.
        self.form_show_errors = True


@dataclass(frozen=True)
class ErrorLink:
    """One thing to fix: what to do, and where ("#id_email"; empty if it belongs to no field)."""

    href: str
    message: str


@dataclass(frozen=True)
class ErrorSummary:
    """All there is to fix, in the order of the page; false if there is nothing."""

    links: tuple[ErrorLink, ...]

    def __bool__(self) -> bool:
        return bool(self.links)

    @property
    def heading(self) -> str:
        """Three things to fix before you continue."""
        number = len(self.links)
        words = COUNTS[number] if number < len(COUNTS) else f"{number} things"
        return f"{words} to fix before you continue"


def summarise(form: forms.BaseForm, others: Iterable[ErrorLink] = ()) -> ErrorSummary:
    """The errors of ``form``, those of no field first, then ``others``."""
    if not form.is_bound:
        return ErrorSummary(tuple(others))
    links = [ErrorLink("", str(message)) for message in form.non_field_errors()]
    for name, messages in form.errors.items():
        if name in form.fields:
            links += [ErrorLink(_anchor(form[name]), str(message)) for message in messages]
    order = {f"#{_first_id(form[name])}": place for place, name in enumerate(form.fields)}
    links.sort(key=lambda link: order.get(link.href, -1))
    return ErrorSummary((*links, *others))


def _anchor(field: forms.BoundField) -> str:
    """The fragment that leads to a field; nothing for one the customer cannot see."""
    return "" if field.is_hidden else f"#{_first_id(field)}"


def _first_id(field: forms.BoundField) -> str:
    """The id of a field's control, or of the first one in a group."""
    if not field.use_fieldset:
        return field.id_for_label
    return next((str(widget.id_for_label) for widget in field.subwidgets), field.auto_id)
