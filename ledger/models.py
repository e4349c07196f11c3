"""Accounts and transfers: double entry in which imbalance cannot be written.

A transfer has one debit account, one credit account and one positive amount in the currency of both, so the books balance by
construction. It is posted at once, or pending and later settled (in part, the rest released) or voided; each of these is a new row and
no row ever changes. The balances on an account are kept by the database (ledger/triggers.py) in the statement that adds the transfers.
Amounts are integers in minor units of the currency.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .chart import CHART, AccountCode, Entry
from .constraints import FillFactor, FunctionCheck
from .triggers import ACCOUNT_TRIGGERS, TRANSFER_TRIGGERS

BALANCES = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")


class Account(models.Model):
    """A pot of money of one owner in one currency. The owner is opaque here: `party:7`, `loan:12`, `rail:sandbox`, `platform`."""

    code = models.CharField(_("account code"), max_length=24, choices=AccountCode.choices)
    owner = models.CharField(_("owner"), max_length=40)
    currency = models.CharField(_("currency"), max_length=3)
    debits_must_not_exceed_credits = models.BooleanField(_("debits must not exceed credits"))
    credits_must_not_exceed_debits = models.BooleanField(_("credits must not exceed debits"))
    debits_posted = models.BigIntegerField(_("debits posted"), default=0, db_default=0)
    credits_posted = models.BigIntegerField(_("credits posted"), default=0, db_default=0)
    debits_pending = models.BigIntegerField(_("debits pending"), default=0, db_default=0)
    credits_pending = models.BigIntegerField(_("credits pending"), default=0, db_default=0)
    opened_at = models.DateTimeField(_("opened at"), db_default=Now())

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(fields=["code", "owner", "currency"], name="ledger_account_once"),
            FunctionCheck(
                name="ledger_account_sums_not_negative",
                columns=dict.fromkeys(BALANCES, "bigint"),
                rule="least(debits_posted, credits_posted, debits_pending, credits_pending) >= 0",
            ),
            models.CheckConstraint(
                condition=Q(debits_must_not_exceed_credits=False) | Q(credits_posted__gte=models.F("debits_posted") + models.F("debits_pending")),
                name="ledger_account_debits_covered",
            ),
            models.CheckConstraint(
                condition=Q(credits_must_not_exceed_debits=False) | Q(debits_posted__gte=models.F("credits_posted") + models.F("credits_pending")),
                name="ledger_account_credits_covered",
            ),
            # Every transfer rewrites two balances: with room on the page the new version needs no new index entries.
            FillFactor(name="ledger_account_fill_factor", percent=60),
        ]
        triggers = ACCOUNT_TRIGGERS

    def __str__(self) -> str:
        return f"{self.code} {self.owner} {self.currency}"

    @property
    def entry(self) -> Entry:
        return CHART[AccountCode(self.code)]


class Phase(models.TextChoices):
    POSTED = "posted", _("Posted")
    PENDING = "pending", _("Pending")
    SETTLED = "settled", _("Settled")
    VOIDED = "voided", _("Voided")


class Transfer(models.Model):
    """One movement between two accounts of one currency. Never updated, never deleted; a correction is a new transfer.

    `key` is made from the business fact (`repayment:123:holder:9`) and is unique; `input_hash` tells a replay from a contradiction.
    `booked_on` is the business day, `reference` what the business calls the affair. For settled and voided rows `pending` names the hold.
    """

    # apply_transfers proves that both accounts exist, in this currency, for all new rows together.
    debit_account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("debit account"))
    credit_account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("credit account"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    phase = models.CharField(_("phase"), max_length=8, choices=Phase.choices)
    # The trigger proves that the pending transfer exists and fits; a foreign key would prove half of it a second time.
    pending = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="resolutions", db_index=False, db_constraint=False, verbose_name=_("pending transfer")
    )
    key = models.CharField(_("key"), max_length=160)
    kind = models.CharField(_("kind"), max_length=40)
    reference = models.CharField(_("reference"), max_length=80)
    booked_on = models.DateField(_("booked on"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    input_hash = models.BinaryField(_("input hash"), db_default=b"")

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="ledger_transfer_key_once"),
            models.UniqueConstraint(fields=["pending"], condition=Q(pending__isnull=False), name="ledger_transfer_pending_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(debit_account=models.F("credit_account")), name="ledger_transfer_two_accounts"),
            FunctionCheck(
                name="ledger_transfer_phase_pending",
                columns={"phase": "text", "pending_id": "bigint"},
                rule="CASE WHEN pending_id IS NULL THEN phase IN ('posted', 'pending') ELSE phase IN ('settled', 'voided') END",
            ),
            FunctionCheck(
                name="ledger_transfer_plain_text",
                columns={"key": "text", "kind": "text", "reference": "text"},
                rule=r"key <> '' AND key || reference !~ '[^!-\[\]-{}~]' AND kind ~ '^[a-z][a-z0-9_.]*$'",
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "id"], name="ledger_transfer_by_debit"),
            models.Index(fields=["credit_account", "id"], name="ledger_transfer_by_credit"),
            models.Index(fields=["reference"], name="ledger_transfer_by_reference"),
        ]
        triggers = TRANSFER_TRIGGERS

    def __str__(self) -> str:
        return f"{self.key} {self.phase}"
