"""Deliveries in the office: what the dispatcher's page asks and shows."""
