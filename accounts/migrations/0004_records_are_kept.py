
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_access_token'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='act',
            trigger=pgtrigger.compiler.Trigger(name='act_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'act_not_emptied: this table is never emptied';", hash='b84c1ea041b98bd68bd7b360b7deeb3f7d7765e3', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_act_not_emptied_0a786', table='accounts_act', when='BEFORE')),
        ),
    ]
