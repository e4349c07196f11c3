"""A composite foreign key as a model constraint: Django has none, and both accounts of a transfer must share its currency."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Model
from django.db.models.constraints import BaseConstraint


class CompositeForeignKey(BaseConstraint):
    """FOREIGN KEY (columns) REFERENCES to_table (to_columns). The target columns need their own unique constraint."""

    def __init__(self, *, name: str, columns: list[str], to_table: str, to_columns: list[str]) -> None:
        super().__init__(name=name)
        self.columns, self.to_table, self.to_columns = columns, to_table, to_columns

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        self._defer(model, schema_editor)
        return ""

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        self._defer(model, schema_editor)
        return ""

    def _defer(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        """Django defers unique constraints to the end of a migration; the key that leans on one must follow it."""
        assert schema_editor is not None
        assert model is not None
        quote = schema_editor.quote_name
        here, there = (", ".join(map(quote, names)) for names in (self.columns, self.to_columns))
        schema_editor.deferred_sql.append(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} FOREIGN KEY ({here}) REFERENCES {quote(self.to_table)} ({there})"
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert schema_editor is not None
        assert model is not None
        return f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to say before the database speaks: rows are written by set-based statements only."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompositeForeignKey) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (), {**kwargs, "columns": self.columns, "to_table": self.to_table, "to_columns": self.to_columns}
