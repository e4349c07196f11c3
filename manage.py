#!/usr/bin/env python
"""Django's command line for Xinqiao."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["recompute"] and not any(word.startswith("--stored") for word in sys.argv):
        # Recomputing from a file needs no settings, hence no secret, database or service, and not even Django.
        from config.recompute import main as recompute

        sys.exit(recompute(sys.argv[2:]))
    if sys.argv[1:2] == ["score_dataset"]:
        # A model is plain data and so is the file it scores: no settings here either.
        from credit.score_dataset import main as score_dataset

        sys.exit(score_dataset(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
