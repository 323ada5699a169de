"""Who a customer is: sign-up, confirmed email, sign-in, password. django-allauth in our words."""
