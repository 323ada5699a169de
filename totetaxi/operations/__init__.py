"""Keeping the site: backups, restores and releases."""
