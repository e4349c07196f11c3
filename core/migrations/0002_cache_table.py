"""The table of the shared cache (settings.CACHES), as `createcachetable` would make it: migrate alone sets up everything."""

from django.db import migrations

CREATE = """
CREATE TABLE IF NOT EXISTS core_cache (cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamp with time zone NOT NULL);
CREATE INDEX IF NOT EXISTS core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE IF EXISTS core_cache")]
