"""Money in the office: what there is to see of it, and what people may do with it."""
