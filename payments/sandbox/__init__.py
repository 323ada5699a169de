"""A stand-in for Stripe: a separate process with its API, hosted checkout page and signed webhooks.

Standard library only, and nothing of the site: the site talks to it over HTTP through the real
``stripe`` library, exactly as it talks to Stripe. Never for production.
"""
