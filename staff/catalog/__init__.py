"""The catalog in the office: forms, saving with an audit, and what a change does."""
