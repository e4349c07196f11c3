
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0006_runs'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='pledge',
            trigger=pgtrigger.compiler.Trigger(name='pledge_kept', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='1ef3293ff8e232252d8e304dc786433c7bbf09c6', operation='DELETE', pgid='pgtrigger_pledge_kept_5faeb', table='marketplace_pledge', when='BEFORE')),
        ),
    ]
