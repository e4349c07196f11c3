
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0004_the_model_in_life'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='decision_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'decision_not_emptied: this table is never emptied';", hash='2afdd103617524befb801b83c4b001c1ad5b9a12', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_decision_not_emptied_6464f', table='credit_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shadowscore',
            trigger=pgtrigger.compiler.Trigger(name='shadow_not_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = 'shadow_not_emptied: this table is never emptied';", hash='0ee30fead998ae4749d37ef1b95578e71f29885f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_shadow_not_emptied_4a7af', table='credit_shadowscore', when='BEFORE')),
        ),
    ]
