"""Sends the sandbox bank's own tables to the sandbox bank's own connection, so that what the bank did outlives our rollbacks."""


class SandboxBankRouter:
    def db_for_read(self, model, **hints):
        return "sandbox_bank" if getattr(model, "kept_by_sandbox_bank", False) else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"
