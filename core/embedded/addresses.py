"""How to reach the embedded services: known before they run, so that any command of the same checkout finds them."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from core.embedded.places import places
from core.embedded.secret import secret

DATABASE = "xinqiao"
PORT = "5432"  # part of the socket's name only; nothing listens on the network


def database_settings() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": DATABASE,
        "PASSWORD": secret("POSTGRES_PASSWORD"),
        "HOST": str(places().sockets),
        "PORT": PORT,
    }


def valkey_socket() -> str:
    return str(places().sockets / "valkey.sock")


def redis_url() -> str:
    return f"unix://:{quote(secret('VALKEY_PASSWORD'), safe='')}@{valkey_socket()}?db=0"


def broker_url(url: str) -> str:
    """The same server in the spelling Celery understands: it wants Unix sockets as redis+socket, with the database in the query."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    password = f":{parts.password}@" if parts.password else ""
    return f"redis+socket://{password}{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"
