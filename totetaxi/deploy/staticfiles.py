"""Which static files are served."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class ServedStaticFiles(StaticFilesConfig):
    """All but the source that the style sheet is built from."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "app.css"]
