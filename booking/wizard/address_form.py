"""The addresses step: both ends typed, or chosen among what a member saved."""

from collections.abc import Container, Mapping
from typing import Any, Final, Self

from crispy_forms.layout import HTML, Field, Layout
from django import forms
from django.urls import reverse

from booking.models import SavedAddress
from booking.saved import ADDRESS_FIELDS, MAX_NICKNAME, SIDES, is_same_address
from booking.wizard.basket import Basket
from booking.wizard.fields import Data, Words
from booking.wizard.form import StepForm, inputs_of, line
from catalog.choices import State
from catalog.pricing import Evaluation
from catalog.request import AddressInput
from totetaxi.lib.forms import Helper

STATES: Final = [("", "Choose"), *State.choices]


def _address_fields(side: str) -> dict[str, forms.Field]:
    token = f"section-{side}"
    zip_attrs = {
        "class": "priced",
        "inputmode": "numeric",
        "maxlength": 10,
        "hx-get": f"{reverse('booking:zip')}?side={side}",
        "hx-trigger": "change, input changed delay:500ms",
        "hx-target": f"#{side}-zip-answer",
        "hx-params": f"{side}_zip_code",
        "hx-sync": "this:replace",
    }
    return {
        f"{side}_address_line_1": line("Street address", f"{token} address-line1"),
        f"{side}_address_line_2": line("Apartment, floor or unit", f"{token} address-line2"),
        f"{side}_city": line("City", f"{token} address-level2"),
        f"{side}_state": Words(
            label="State",
            widget=forms.Select(choices=STATES, attrs={"autocomplete": f"{token} address-level1"}),
        ),
        f"{side}_zip_code": line("ZIP code", f"{token} postal-code", **zip_attrs),
    }


def _saved(basket: Basket, saved_id: object) -> SavedAddress | None:
    """The member's saved address of this id; nobody else's."""
    saved = basket.member.saved_addresses if basket.member and saved_id else ()
    return next((one for one in saved if str(one.pk) == saved_id), None)


def _typed(values: Mapping[str, Any], side: str) -> AddressInput:
    fields = {name: str(values.get(f"{side}_{name}") or "") for name in ADDRESS_FIELDS}
    return AddressInput(**fields).stripped()


def _with_chosen(data: Data, basket: Basket) -> Data:
    """``data`` with each saved address that was just chosen written into the fields.

    ``<side>_filled`` says which one the fields held when the page was made: with the same one
    chosen they are the member's to edit. "Another address" empties them, unless something else
    was typed there already.
    """
    if basket.member is None:
        return data
    inputs = dict(data.items())
    for side in SIDES:
        chosen = _saved(basket, inputs.get(f"{side}_saved"))
        before = _saved(basket, inputs.get(f"{side}_filled"))
        if chosen == before:
            continue
        if chosen:
            inputs |= {f"{side}_{name}": getattr(chosen, name) for name in ADDRESS_FIELDS}
            inputs["special_instructions"] = _with_instructions(inputs, chosen)
        elif before and is_same_address(before, _typed(inputs, side)):
            inputs |= {f"{side}_{name}": "" for name in ADDRESS_FIELDS}
    return inputs


def _with_instructions(inputs: Mapping[str, Any], chosen: SavedAddress) -> str:
    """What the driver is told, with what the member noted at the address."""
    told, noted = str(inputs.get("special_instructions") or ""), chosen.delivery_instructions
    return told if noted in told else "\n".join(filter(None, (told, noted)))


def _nickname_problem(nickname: str, taken: Container[str]) -> str:
    if not nickname:
        return "Give this address a nickname, such as Home."
    if len(nickname) > MAX_NICKNAME:
        return f"Shorten the nickname to {MAX_NICKNAME} characters."
    if nickname.casefold() in taken:
        return f"You already have an address called “{nickname}”. Choose another nickname."
    return ""


class AddressesForm(StepForm):
    """Where: both ends, save the one that is the airport, and what the driver should know."""

    step = "addresses"
    optional = frozenset(
        {"pickup_address_line_2", "delivery_address_line_2", "special_instructions"}
    )

    special_instructions = Words(
        label="Instructions for the driver",
        help_text="Front desk, gate code, where to leave things. Up to 1,000 characters.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Data, basket: Basket) -> None:
        super().__init__(_with_chosen(data, basket), basket)

    @classmethod
    def from_answers(cls, basket: Basket) -> Self:
        """The form as saved; a chosen address stands in the fields, perhaps edited since."""
        inputs = inputs_of(basket.answers)
        for side in SIDES:
            inputs[f"{side}_filled"] = inputs.get(f"{side}_saved", "")
        return cls(inputs, basket)

    def shape(self) -> None:
        """Ask for the ends that are not an airport; members may choose and save addresses."""
        instructions = self.fields.pop("special_instructions")
        for side in self.sides:
            if self.basket.member:
                self.fields[f"{side}_saved"] = Words()
            self.fields.update(_address_fields(side))
            if self.basket.member:
                self.fields[f"{side}_save"] = forms.BooleanField(required=False)
                self.fields[f"{side}_nickname"] = line("Nickname", "off")
        self.fields["special_instructions"] = instructions

    def answers(self) -> dict[str, Any]:
        """The fields; an address the member does not have is no choice."""
        read = super().answers()
        for side in self.sides:
            if read.get(f"{side}_saved") and not _saved(self.basket, read[f"{side}_saved"]):
                read[f"{side}_saved"] = None
        return read

    def judge(self, evaluation: Evaluation) -> bool:
        """The rules' problems, and the nickname's: it is nothing that an order depends on."""
        typed = self.answers()
        ends = [_typed(typed, side) for side in self.sides]
        # An address that is saved already keeps its nickname, so any will do.
        others = (one for one in self.saved if not any(is_same_address(one, end) for end in ends))
        taken = {one.nickname.casefold() for one in others}
        for side in self.sides:
            if typed.get(f"{side}_save"):
                nickname = " ".join((typed[f"{side}_nickname"] or "").split())
                if problem := _nickname_problem(nickname, taken):
                    self.add_error(f"{side}_nickname", problem)
                taken.add(nickname.casefold())
        return super().judge(evaluation)

    @property
    def saved(self) -> tuple[SavedAddress, ...]:
        """What the member may choose from."""
        return self.basket.member.saved_addresses if self.basket.member else ()

    def chosen(self, side: str) -> str:
        """The id of the saved address chosen for one end, or ""."""
        saved = _saved(self.basket, self.data.get(f"{side}_saved"))
        return str(saved.pk) if saved else ""

    @property
    def sides(self) -> tuple[str, ...]:
        """The ends to fill in."""
        airport = self.basket.request.airport_side
        return tuple(side for side in ("pickup", "delivery") if side != airport)

    def save_helper(self, side: str) -> Helper:
        """The nickname of an address to save."""
        helper = Helper(self)
        helper.layout = Layout(f"{side}_nickname")
        return helper

    def side_helper(self, side: str) -> Helper:
        """The fields of one end."""
        helper = Helper(self)
        answer = f'<div id="{side}-zip-answer" class="sm:col-span-6 text-fine" role="status"></div>'
        helper.layout = Layout(
            Field(f"{side}_address_line_1", wrapper_class="sm:col-span-6"),
            Field(f"{side}_address_line_2", wrapper_class="sm:col-span-6"),
            Field(f"{side}_city", wrapper_class="sm:col-span-2"),
            Field(f"{side}_state", wrapper_class="sm:col-span-2"),
            Field(f"{side}_zip_code", wrapper_class="sm:col-span-2"),
            HTML(answer),
        )
        return helper

    @property
    def instructions_helper(self) -> Helper:
        """The instructions."""
        helper = Helper(self)
        helper.layout = Layout("special_instructions")
        return helper
