#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL started for the commands that need it."""

import os
import sys

# These neither read nor write the database.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "diffsettings",
    "help",
    "version",
    "--help",
    "--version",
}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "totetaxi.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        embedded_postgres = settings.EMBEDDED_POSTGRES
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    if embedded_postgres and not WITHOUT_DATABASE.intersection(sys.argv[1:2] or ["help"]):
        from totetaxi.dev.postgres import Cluster, PostgresError

        try:
            Cluster.for_environment(settings.ENVIRONMENT).hold()
        except PostgresError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
