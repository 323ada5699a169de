"""The customer's own pages over bookings, payments and tracking."""
