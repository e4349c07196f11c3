"""Parts of addresses."""

from django.urls import register_converter


class ReferenceConverter:
    """A public reference; anything else is no address of ours, so nothing odd reaches a query."""

    regex = "[A-Z]{2}-[0-9A-Z]{8}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")
