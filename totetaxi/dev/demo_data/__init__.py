"""Made-up bookings in any number, priced by the real engine and true to every invariant.

``loading.load`` plans all orders (``plans``), prices their baskets (``baskets``), writes them as
rows (``rows``) and streams those into the database (``sheets``). Nothing is announced: no mail,
no driver. The money is marked as demonstration and never counted with real money (rule R951).
"""
