"""What Django's Meta has no word for, as model constraints, so that migrations carry it: a composite foreign key, a fill factor, a long rule."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Model
from django.db.models.constraints import BaseConstraint


class SchemaSetting(BaseConstraint):
    """A statement about a table, run when the migration ends; there is nothing to say before the database speaks."""

    def forward(self, table: str) -> str:
        raise NotImplementedError

    def backward(self, table: str) -> str:
        raise NotImplementedError

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return self.create_sql(model, schema_editor)

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Django defers unique constraints to the end of a migration; the key that leans on one must follow it."""
        assert schema_editor is not None
        assert model is not None
        schema_editor.deferred_sql.append(self.forward(schema_editor.quote_name(model._meta.db_table)))
        return ""

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert schema_editor is not None
        assert model is not None
        return self.backward(schema_editor.quote_name(model._meta.db_table))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Rows are written by set-based statements only; no form asks."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SchemaSetting) and self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__


class FillFactor(SchemaSetting):
    """How full the pages of a table are packed, in percent."""

    def __init__(self, *, name: str, percent: int) -> None:
        super().__init__(name=name)
        self.percent = percent

    def forward(self, table: str) -> str:
        return f"ALTER TABLE {table} SET (fillfactor = {self.percent})"

    def backward(self, table: str) -> str:
        return f"ALTER TABLE {table} RESET (fillfactor)"

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (), {**kwargs, "percent": self.percent}


class CompositeForeignKey(SchemaSetting):
    """FOREIGN KEY (columns) REFERENCES to_table (to_columns). The target columns need their own unique constraint."""

    def __init__(self, *, name: str, columns: list[str], to_table: str, to_columns: list[str]) -> None:
        super().__init__(name=name)
        self.columns, self.to_table, self.to_columns = columns, to_table, to_columns

    def forward(self, table: str) -> str:
        here, there = (", ".join(f'"{column}"' for column in columns) for columns in (self.columns, self.to_columns))
        return f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" FOREIGN KEY ({here}) REFERENCES "{self.to_table}" ({there})'

    def backward(self, table: str) -> str:
        return f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"'

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (), {**kwargs, "columns": self.columns, "to_table": self.to_table, "to_columns": self.to_columns}


class FunctionCheck(SchemaSetting):
    """CHECK (function(columns)), the rule being the function's body, in which the columns go by their names. `columns`: name → type.

    A plain CHECK is kept as a tree in text which every statement that writes the table reads anew, whatever it changes: a long rule costs
    more than the row it guards. A function is read once a session.
    """

    def __init__(self, *, name: str, columns: dict[str, str], rule: str) -> None:
        super().__init__(name=name)
        self.columns, self.rule = columns, rule

    def forward(self, table: str) -> str:
        typed, given = (", ".join(parts) for parts in ([f"{name} {kind}" for name, kind in self.columns.items()], self.columns))
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}({typed}) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql"
            f' AS $rule$ BEGIN RETURN {self.rule}; END $rule$; ALTER TABLE {table} ADD CONSTRAINT "{self.name}" CHECK ({self.name}({given}))'
        )

    def backward(self, table: str) -> str:
        return f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"; DROP FUNCTION {self.name}({", ".join(self.columns.values())})'

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (), {**kwargs, "columns": self.columns, "rule": self.rule}
