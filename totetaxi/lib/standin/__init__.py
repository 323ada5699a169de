"""What every stand-in for an outside service is made of; standard library only.

A stand-in is a small process of its own that behaves like the service, spoken to over HTTP, so
that the code that talks to the world is the code that is tested. Production refuses them.
"""
