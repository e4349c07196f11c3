"""Parts of addresses."""

from django.urls import register_converter


class ReferenceConverter:
    """A public reference; anything else is no address of ours, so nothing odd reaches a query."""

    regex = "[A-Z]{2}-[0-9A-Z]{8}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class NumberConverter:
    """A whole number of few digits, as `regex` of the subclass allows."""

    regex = ""

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class YearConverter(NumberConverter):
    """1000 to 9999: no other is a date's."""

    regex = "[1-9][0-9]{3}"


class MonthConverter(NumberConverter):
    """1 to 12, with or without a zero in front."""

    regex = "0?[1-9]|1[0-2]"


register_converter(ReferenceConverter, "reference")
register_converter(YearConverter, "year")
register_converter(MonthConverter, "month")
