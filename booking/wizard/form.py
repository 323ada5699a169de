"""What the forms of all steps share: from saved answers to inputs and back."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any, ClassVar, Final, Self

from django import forms

from booking.wizard.basket import Basket
from booking.wizard.fields import SPECIALTY_PREFIX, Data, Words
from catalog.choices import PICKUP_HOURS, PickupTime, ServiceType
from catalog.pricing import Evaluation

#: Problems of a field that has no input of its own are shown with another one.
SHOWN_WITH: Final = {"specific_pickup_hour": "pickup_time"}


def card_of(service_type: object) -> str:
    """The service card that stands for a service: specialty orders are deliveries (rule R303)."""
    if service_type == ServiceType.SPECIALTY_ITEM:
        return ServiceType.STANDARD_DELIVERY.value
    return service_type if isinstance(service_type, str) else ""


class StepForm(forms.Form):
    """What all steps share: from saved answers to inputs and back, and the problems beside them."""

    step: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: Data, basket: Basket) -> None:
        self.basket = basket
        super().__init__(data)
        self.shape()
        for name, field in self.fields.items():
            # Nothing is required before the rules have spoken; people see what is optional.
            vars(field)["hide_optional"] = name not in self.optional

    @classmethod
    def from_answers(cls, basket: Basket) -> Self:
        """The form as the saved answers fill it."""
        return cls(inputs_of(basket.answers), basket)

    def shape(self) -> None:
        """Keep the fields that this order asks for."""

    def answers(self) -> dict[str, Any]:
        """What was read, as the draft stores it; None for what was empty or could not be read."""
        self.full_clean()
        return {name: _stored(self.cleaned_data.get(name)) for name in self.fields}

    def judge(self, evaluation: Evaluation) -> bool:
        """Put every problem of this step beside its field; whether there is none at all."""
        for problem in evaluation.problems_for(self.step):
            name = SHOWN_WITH.get(problem.field, problem.field)
            if name not in self.fields:
                self.add_error(None, problem.message)
            elif name not in self.errors:
                self.add_error(name, problem.message)
        return not self.errors

    def judge_answered(self, evaluation: Evaluation, answers: Mapping[str, Any]) -> None:
        """Show what is wrong with answers given earlier; what is still empty is no mistake yet."""
        problems = evaluation.problems_for(self.step)
        self.judge(
            Evaluation(
                evaluation.request,
                evaluation.quote,
                tuple(one for one in problems if answers.get(one.field)),
            )
        )


def line(label: str, autocomplete: str, **attrs: Any) -> Words:
    """One line of text."""
    return Words(label=label, widget=forms.TextInput(attrs={"autocomplete": autocomplete, **attrs}))


def inputs_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Saved answers as a browser would send them."""
    inputs: dict[str, Any] = {}
    for name, value in answers.items():
        if name == "specialty_items" and isinstance(value, dict):
            inputs |= {f"{SPECIALTY_PREFIX}{key}": quantity for key, quantity in value.items()}
        elif value is True:
            inputs[name] = "on"
        elif value is not None and value is not False:
            inputs[name] = value
    inputs["service_type"] = card_of(answers.get("service_type"))
    hour = answers.get("specific_pickup_hour")
    if answers.get("pickup_time") == PickupTime.MORNING_SPECIFIC and hour in PICKUP_HOURS:
        inputs["pickup_time"] = f"{PickupTime.MORNING_SPECIFIC.value}-{hour}"
    return inputs


def _stored(value: Any) -> Any:
    """A cleaned value as JSON; None for an empty one, but not for a number of 0."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", {}) else value
