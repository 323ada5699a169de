"""Jobs and messages as the office sees them (rules R658 to R661)."""
