"""Helpers with no models and no domain words; every app may import them."""
