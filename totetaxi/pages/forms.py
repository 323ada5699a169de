"""The contact form."""

from typing import Any

from django import forms

from totetaxi.lib.forms import Helper
from totetaxi.lib.traps import Trapped
from totetaxi.pages.models import ContactMessage


class ContactForm(Trapped, forms.ModelForm[ContactMessage]):
    """A message to the office. A robot is told that it was heard."""

    pretends = True

    class Meta:
        model = ContactMessage
        fields = ("name", "email", "phone", "subject", "message")
        labels = {
            "name": "Your name",
            "email": "Email",
            "phone": "Phone",
            "subject": "What is it about?",
            "message": "Message",
        }
        help_texts = {"subject": "With your booking number, if you have one."}
        error_messages = {
            "name": {"required": "Enter your name."},
            "email": {
                "required": "Enter your email, so that we can answer.",
                "invalid": "Enter a full email, like name@example.com.",
            },
            "subject": {"required": "Say in a few words what it is about."},
            "message": {"required": "Write your message."},
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
            "message": forms.Textarea(attrs={"rows": 6}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)
