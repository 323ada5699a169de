"""Onfleet in a box, for development and tests: ``python -m logistics.sandbox``.

A separate process with the part of Onfleet's API that we use (version 2), its checks, its rate
limit, its signed webhooks and a page on which anybody can play the driver. Standard library only.
"""
