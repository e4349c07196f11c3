
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('loans', '0013_shares_and_money_in_one_statement'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='disbursement',
            trigger=pgtrigger.compiler.Trigger(name='disbursement_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='737d3708826aed118afa4fe523ab3c86165f1d9c', operation='DELETE', pgid='pgtrigger_disbursement_kept_23c42', table='loans_disbursement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='portion',
            trigger=pgtrigger.compiler.Trigger(name='portion_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'portion_not_emptied: this table is never emptied';", hash='3748db4013ca54a9738f01e6f48a03f4300102c3', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_portion_not_emptied_e0790', table='loans_portion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='repayment',
            trigger=pgtrigger.compiler.Trigger(name='repayment_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'repayment_not_emptied: this table is never emptied';", hash='3fb365b60993ab388fb2d9b499c700fc4076f87d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_repayment_not_emptied_5f716', table='loans_repayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reply',
            trigger=pgtrigger.compiler.Trigger(name='reply_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='fad5cf7d5a62c5bbe0a62f340d6df86a71c94ce2', operation='UPDATE OR DELETE', pgid='pgtrigger_reply_append_only_bc95f', table='loans_reply', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reply',
            trigger=pgtrigger.compiler.Trigger(name='reply_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'reply_not_emptied: this table is never emptied';", hash='97191d3e3f579c89f280714cfc6232f20a78b43c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_reply_not_emptied_00b40', table='loans_reply', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='review',
            trigger=pgtrigger.compiler.Trigger(name='review_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b30c6f8ee97173ecf8832c36fdfd2f7ac8aa2a37', operation='UPDATE OR DELETE', pgid='pgtrigger_review_append_only_ba439', table='loans_review', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='review',
            trigger=pgtrigger.compiler.Trigger(name='review_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'review_not_emptied: this table is never emptied';", hash='e6daf9f15cba2830b47bd1fbc0e55811a5cb5c4d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_review_not_emptied_5e146', table='loans_review', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='share',
            trigger=pgtrigger.compiler.Trigger(name='share_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'share_not_emptied: this table is never emptied';", hash='dd03ea7ebf72d74d158201e70b9be80f7a4a7dbd', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_share_not_emptied_d0aa8', table='loans_share', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='signature_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='2afef9001ea125fe78412b3e6126532d934689a4', operation='UPDATE OR DELETE', pgid='pgtrigger_signature_append_only_ba69c', table='loans_signature', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='signature_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'signature_not_emptied: this table is never emptied';", hash='4d6ad506b425b3cd2339ad21030d5bf4bd11984d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_signature_not_emptied_9c688', table='loans_signature', when='BEFORE')),
        ),
    ]
