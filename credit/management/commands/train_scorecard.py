"""`manage.py train_scorecard SET`: fit the set's model on the files in CREDIT_DATA; writes the sealed model and its card."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Train the scorecard of a set from its Parquet file (folder named by CREDIT_DATA) and write the model and its card."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("set", metavar="SET")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from credit.training import reading, train  # LightGBM is a tool of developers: the product runs without it
        except ImportError as error:
            raise CommandError(f"training needs the developers' packages (requirements/develop.txt): {error}") from None
        try:
            card = train.train(options["set"])
        except reading.UnableToTrain as error:
            raise CommandError(str(error)) from None
        found = card["set_aside"]
        self.stdout.write(f"{card['name']}@{card['model_sha256']}")
        self.stdout.write(f"set aside: AUC {found['champion']['auc']:.4f}, unrestricted {found['challenger']['auc']:.4f}, ECE {found['champion']['ece']:.4f}")
