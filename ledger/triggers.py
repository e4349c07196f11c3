"""The rules the database itself keeps: transfers are only added, and balances follow from them in the same statement.

`pgtrigger.ignore` switches off ordinary triggers for a session; books that can be switched off are not books, so the triggers
here are `Firm`. Only the guard against TRUNCATE is an ordinary one, so that a test database can be flushed.
"""

from typing import Any

import pgtrigger
from django.db.models import Model
from pgtrigger import compiler

from .chart import chart_rule


class FirmTriggerSql(compiler.UpsertTriggerSql):
    """A trigger without the ignore switch."""

    settings = ""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}()
            RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql SETTINGS_OF_FUNCTION;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """.replace("SETTINGS_OF_FUNCTION", self.settings)


class IndexedTriggerSql(FirmTriggerSql):
    """A firm trigger whose plans always walk indexes.

    PL/pgSQL keeps the first plan of a session for later calls: planned on a batch of thousands, a single transfer would scan
    the whole table for ever after (measured: 60 ms instead of 1.5). With these settings the plan is right at every size.
    """

    settings = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off"


class Firm(pgtrigger.Trigger):
    """A trigger that no session setting turns off."""

    sql_class: type[FirmTriggerSql] = FirmTriggerSql

    def compile(self, model: Model) -> compiler.Trigger:
        plain = super().compile(model)
        arguments: dict[str, Any] = {name: value for name, value in plain.sql.kwargs.items() if name != "ignore_func_name"}
        return compiler.Trigger(name=plain.name, sql=self.sql_class(**arguments))


class FirmAndIndexed(Firm):
    sql_class = IndexedTriggerSql


def refuse(message: str) -> str:
    return f"RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = '{message}';"


# The only writer of balances; it locks accounts in the order of their ids. One new transfer, the common case, is two updates in that order.
# Otherwise: legality of settle and void, then the locks, then one aggregated update, a statement of its own so that it sees what it waited for.
# Both sides of every transfer must have found their account in their currency. That is all two foreign keys would prove, row by row and at a third
# of the price of the whole statement: accounts are never deleted and keep id and currency (below), so what held once holds.
APPLY_VARIABLES = [
    ("n", "bigint"),
    ("resolves", "boolean"),
    ("debit", "bigint"),
    ("credit", "bigint"),
    ("money", "text"),
    ("posted", "bigint"),
    ("held", "bigint"),
    ("sides", "bigint := 0"),
]
APPLY_TRANSFERS = """
SELECT count(*), coalesce(bool_or(f.pending_id IS NOT NULL), false), min(f.debit_account_id), min(f.credit_account_id), min(f.currency),
       coalesce(min(f.amount) FILTER (WHERE f.phase = 'posted'), 0), coalesce(min(f.amount) FILTER (WHERE f.phase = 'pending'), 0)
  INTO n, resolves, debit, credit, money, posted, held FROM fresh f;
IF n = 1 AND NOT resolves THEN
  IF debit < credit THEN
    UPDATE ledger_account a SET debits_posted = a.debits_posted + posted, debits_pending = a.debits_pending + held WHERE a.id = debit AND a.currency = money;
    sides := sides + FOUND::int;
  END IF;
  UPDATE ledger_account a SET credits_posted = a.credits_posted + posted, credits_pending = a.credits_pending + held WHERE a.id = credit AND a.currency = money;
  sides := sides + FOUND::int;
  IF debit > credit THEN
    UPDATE ledger_account a SET debits_posted = a.debits_posted + posted, debits_pending = a.debits_pending + held WHERE a.id = debit AND a.currency = money;
    sides := sides + FOUND::int;
  END IF;
END IF;

IF resolves THEN
  PERFORM FROM fresh f LEFT JOIN ledger_transfer p ON p.id = f.pending_id
    WHERE f.pending_id IS NOT NULL AND NOT coalesce(
      p.phase = 'pending' AND p.debit_account_id = f.debit_account_id AND p.credit_account_id = f.credit_account_id AND p.currency = f.currency
      AND (f.amount = p.amount OR (f.phase = 'settled' AND f.amount < p.amount)), false);
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transfer_resolves_pending', TABLE = 'ledger_transfer',
      MESSAGE = 'a settle or void must name a pending transfer between the same accounts and at most its amount';
  END IF;
END IF;

IF n > 1 OR resolves THEN
  PERFORM FROM ledger_account a
    WHERE a.id IN (SELECT debit_account_id FROM fresh UNION SELECT credit_account_id FROM fresh)
    ORDER BY a.id FOR NO KEY UPDATE;

  WITH moved AS (
    UPDATE ledger_account a SET
        debits_posted = a.debits_posted + m.debits_posted, credits_posted = a.credits_posted + m.credits_posted,
        debits_pending = a.debits_pending + m.debits_pending, credits_pending = a.credits_pending + m.credits_pending
      FROM (
        SELECT leg.account_id, leg.currency, count(*) AS sides,
            coalesce(sum(leg.posted) FILTER (WHERE leg.is_debit), 0)::bigint AS debits_posted,
            coalesce(sum(leg.posted) FILTER (WHERE NOT leg.is_debit), 0)::bigint AS credits_posted,
            coalesce(sum(leg.held) FILTER (WHERE leg.is_debit), 0)::bigint AS debits_pending,
            coalesce(sum(leg.held) FILTER (WHERE NOT leg.is_debit), 0)::bigint AS credits_pending
          FROM (
            SELECT side.account_id, side.is_debit, side.currency, CASE WHEN side.phase IN ('posted', 'settled') THEN side.amount END AS posted,
                CASE WHEN side.phase = 'pending' THEN side.amount
                     WHEN side.pending_id IS NOT NULL THEN -(SELECT p.amount FROM ledger_transfer p WHERE p.id = side.pending_id) END AS held
              FROM (SELECT true AS is_debit, debit_account_id AS account_id, currency, phase, amount, pending_id FROM fresh
                    UNION ALL SELECT false, credit_account_id, currency, phase, amount, pending_id FROM fresh) side
          ) leg GROUP BY leg.account_id, leg.currency
      ) m WHERE a.id = m.account_id AND a.currency = m.currency RETURNING m.sides)
  SELECT coalesce(sum(moved.sides), 0) INTO sides FROM moved;
END IF;

IF sides <> 2 * n THEN
  RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_transfer_accounts', TABLE = 'ledger_transfer',
    MESSAGE = 'an account is missing or of another currency';
END IF;
RETURN NULL;
"""

# No "|" and no backslash in the text columns (CHECK on the table), so the joined text has one reading. `{0}` is a row with its dot.
FINGERPRINT = (
    "sha256(concat_ws('|', {0}debit_account_id, {0}credit_account_id, {0}currency, {0}amount, {0}phase, coalesce({0}pending_id::text, ''),"
    " {0}kind, {0}reference, {0}booked_on - DATE '2000-01-01')::bytea)"
)

TRANSFER_TRIGGERS = [
    # Computed here, it cannot disagree with the row. An incomplete row has one too: the refusal names the column that is missing.
    Firm(
        name="hash_the_input",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"NEW.input_hash := {FINGERPRINT.format('NEW.')}; RETURN NEW;",
    ),
    FirmAndIndexed(
        name="apply_transfers",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="fresh"),
        declare=APPLY_VARIABLES,
        func=APPLY_TRANSFERS,
    ),
    Firm(
        name="transfers_are_final",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=refuse("transfers are append-only: correct with a new transfer"),
    ),
    pgtrigger.Trigger(
        name="transfers_stay",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=refuse("transfers are append-only: correct with a new transfer"),
    ),
]

# What an account is called is judged when it opens, and stays. A CHECK would ask again with each of its balances: a tenth of a repayment to thousands.
NAMES = ("code", "owner", "currency", "debits_must_not_exceed_credits", "credits_must_not_exceed_debits")
NAME_IS_IN_ORDER = """
IF ({rule}) IS FALSE THEN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_in_chart', TABLE = 'ledger_account', MESSAGE = 'not in the chart';
END IF;
IF NEW.currency !~ '^[A-Z]{{3}}$' THEN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_currency_code', TABLE = 'ledger_account', MESSAGE = 'no currency';
END IF;
RETURN NEW;
"""

ACCOUNT_TRIGGERS = [
    Firm(
        name="accounts_in_chart",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=NAME_IS_IN_ORDER.format(rule=chart_rule("NEW")),
    ),
    Firm(
        name="accounts_keep_their_names",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("id", *NAMES),
        func=refuse("an account keeps its id, name and currency: transfers lean on them"),
    ),
    # Depth 1 is this trigger under a statement of a session; the balances are written one deeper, from inside apply_transfers.
    Firm(
        name="balances_follow_transfers",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"IF pg_trigger_depth() < 2 THEN {refuse('balances follow from transfers and are never written directly')} END IF; RETURN NULL;",
    ),
    Firm(
        name="accounts_open_empty",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.debits_posted <> 0 OR NEW.credits_posted <> 0 OR NEW.debits_pending <> 0 OR NEW.credits_pending <> 0"),
        func=refuse("an account opens empty"),
    ),
    Firm(
        name="accounts_stay",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func=refuse("accounts are never deleted"),
    ),
    pgtrigger.Trigger(
        name="accounts_are_kept",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=refuse("accounts are never deleted"),
    ),
]
