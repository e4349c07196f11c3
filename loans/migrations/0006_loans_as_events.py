import core.models
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


def nothing_to_lose(apps, schema_editor):
    """Loans in life become events; those of before were kept as edited columns, and no history can be made of them."""
    if apps.get_model('loans', 'Installment').objects.using(schema_editor.connection.alias).exists():
        raise RuntimeError('This database has loans from before they were kept as events. Erase the trial data (make reset) and start again.')


class Migration(migrations.Migration):

    dependencies = [
        ('loans', '0005_how_precisely_a_listing_speaks'),
    ]

    operations = [
        migrations.RunPython(nothing_to_lose, migrations.RunPython.noop),
        migrations.DeleteModel(
            name='Share',
        ),
        migrations.DeleteModel(
            name='Portion',
        ),
        migrations.DeleteModel(
            name='Charge',
        ),
        migrations.DeleteModel(
            name='Repayment',
        ),
        migrations.DeleteModel(
            name='Installment',
        ),
        migrations.DeleteModel(
            name='DayRun',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='loan',
            name='legal_moves',
        ),
        migrations.AddField(
            model_name='loan',
            name='autopay',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='loan',
            name='default_after_days',
            field=models.IntegerField(default=90),
        ),
        migrations.AddField(
            model_name='loan',
            name='payment_order',
            field=models.CharField(default='due:penalty,fee,interest,principal;advance:penalty,fee,interest,principal', max_length=120),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='loan',
            trigger=pgtrigger.compiler.Trigger(name='legal_moves', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF TG_OP = \'INSERT\' THEN IF NOT (NEW."state" = ANY(ARRAY[\'agreed\']::text[])) THEN RAISE EXCEPTION USING ERRCODE = \'check_violation\', TABLE = \'loans_loan\', CONSTRAINT = \'loans_loan_state_legal_move\', MESSAGE = \'loans_loan: a row cannot be born in this state: \' || NEW."state"; END IF; ELSIF OLD."state" IS DISTINCT FROM NEW."state" AND NOT ((OLD."state" || \'>\' || NEW."state") = ANY(ARRAY[\'agreed>funded\', \'agreed>cancelled\', \'funded>active\', \'funded>cancelled\', \'active>late\', \'active>repaid\', \'late>active\', \'late>defaulted\', \'late>repaid\', \'defaulted>late\', \'defaulted>active\', \'defaulted>repaid\', \'defaulted>written_off\', \'written_off>repaid\', \'written_off>defaulted\', \'repaid>active\', \'repaid>written_off\']::text[])) THEN RAISE EXCEPTION USING ERRCODE = \'check_violation\', TABLE = \'loans_loan\', CONSTRAINT = \'loans_loan_state_legal_move\', MESSAGE = \'loans_loan: illegal move: \' || OLD."state" || \'>\' || NEW."state"; END IF; RETURN NEW;', hash='ed6dc83769352a04f7aa214141928ca14a80245f', operation='INSERT OR UPDATE OF "state"', pgid='pgtrigger_legal_moves_a39a6', table='loans_loan', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='LoanEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('loan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='loans.loan')),
                ('number', models.IntegerField()),
                ('kind', models.CharField(choices=[('payment', 'Payment'), ('settlement', 'Early settlement'), ('goodwill', 'Goodwill credit'), ('recovery', 'Recovery after write-off'), ('void', 'Undone'), ('chargeback', 'Chargeback'), ('fee', 'Fee'), ('waiver', 'Waiver'), ('pause', 'Pause of late days'), ('reschedule', 'New schedule'), ('write_off', 'Write-off'), ('returned', 'Overpayment returned'), ('note', 'Note')], max_length=12)),
                ('on', models.DateField()),
                ('booked_on', models.DateField()),
                ('amount', models.BigIntegerField(default=0)),
                ('data', models.JSONField(default=dict)),
                ('undoes', models.IntegerField(blank=True, null=True)),
                ('key', models.CharField(max_length=100, unique=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'loan event',
                'verbose_name_plural': 'loan events',
                'constraints': [models.UniqueConstraint(fields=('loan', 'number'), name='loans_loanevent_number'), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('number__gte', 1)), name='loans_loanevent_amount'), models.CheckConstraint(condition=models.Q(('on__lte', models.F('booked_on'))), name='loans_loanevent_not_ahead'), models.CheckConstraint(condition=models.Q(('undoes', None), models.Q(('kind__in', ['void', 'chargeback']), ('undoes__lt', models.F('number'))), _connector='OR'), name='loans_loanevent_undoes')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='DayRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(unique=True)),
                ('phase', models.IntegerField(choices=[(1, 'Closing the day'), (2, 'Collecting what falls due'), (3, 'Proving the books'), (4, 'Finished')], default=1)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('figures', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'end-of-day run',
                'verbose_name_plural': 'end-of-day runs',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('phase', 4)), models.Q(models.Q(('phase', 4), _negated=True), ('finished_at', None)), _connector='OR'), name='loans_dayrun_finished')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='DayShard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shards', to='loans.dayrun')),
                ('phase', models.IntegerField()),
                ('number', models.IntegerField()),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('done', models.BooleanField(default=False)),
                ('figures', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'part of a run',
                'verbose_name_plural': 'parts of a run',
                'constraints': [models.UniqueConstraint(fields=('run', 'phase', 'number'), name='loans_dayshard_number')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='DayBook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='book', to='loans.dayrun')),
                ('on', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('bucket', models.CharField(max_length=8)),
                ('loans', models.IntegerField()),
                ('outstanding', models.BigIntegerField()),
                ('accrued', models.BigIntegerField()),
                ('provision', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'day book',
                'verbose_name_plural': 'day books',
                'constraints': [models.UniqueConstraint(fields=('on', 'currency', 'bucket'), name='loans_daybook_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='AutopayOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='orders', to='loans.dayrun')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='autopay_orders', to='loans.loan')),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.party')),
                ('amount', models.BigIntegerField()),
                ('affordable', models.BooleanField()),
                ('outcome', models.CharField(blank=True, max_length=24)),
            ],
            options={
                'verbose_name': 'autopay order',
                'verbose_name_plural': 'autopay orders',
                'constraints': [models.UniqueConstraint(fields=('run', 'loan'), name='loans_autopayorder_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='ParkedLoan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parkings', to='loans.loan')),
                ('on', models.DateField()),
                ('reason', models.CharField(max_length=200)),
                ('parked_at', models.DateTimeField()),
                ('released_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'parked loan',
                'verbose_name_plural': 'parked loans',
                'permissions': [('release_loan', 'Can let parked loans catch up')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('loan',), name='loans_parkedloan_one')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Installment',
            fields=[
                ('pk', models.CompositePrimaryKey('loan_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('loan', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='installments', to='loans.loan')),
                ('number', models.IntegerField()),
                ('starts_on', models.DateField()),
                ('due_on', models.DateField()),
                ('principal', models.BigIntegerField()),
                ('interest', models.BigIntegerField()),
                ('fees', models.BigIntegerField(db_default=0, default=0)),
                ('penalties', models.BigIntegerField(db_default=0, default=0)),
                ('balance_after', models.BigIntegerField()),
                ('paid_principal', models.BigIntegerField(db_default=0, default=0)),
                ('paid_interest', models.BigIntegerField(db_default=0, default=0)),
                ('paid_fees', models.BigIntegerField(db_default=0, default=0)),
                ('paid_penalties', models.BigIntegerField(db_default=0, default=0)),
                ('waived_interest', models.BigIntegerField(db_default=0, default=0)),
                ('waived_fees', models.BigIntegerField(db_default=0, default=0)),
                ('waived_penalties', models.BigIntegerField(db_default=0, default=0)),
                ('carried_interest', models.BigIntegerField(db_default=0, default=0)),
                ('paid_on', models.DateField(blank=True, null=True)),
                ('moved_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'installment',
                'verbose_name_plural': 'installments',
                'constraints': [models.CheckConstraint(condition=models.Q(('paid_principal__gte', 0), ('principal__gte', models.F('paid_principal')), ('interest__gte', django.db.models.expressions.CombinedExpression(models.F('paid_interest'), '+', models.F('waived_interest'))), ('paid_interest__gte', 0), ('waived_interest__gte', 0), ('fees__gte', django.db.models.expressions.CombinedExpression(models.F('paid_fees'), '+', models.F('waived_fees'))), ('paid_fees__gte', 0), ('waived_fees__gte', 0), ('paid_penalties__gte', 0), ('penalties__gte', django.db.models.expressions.CombinedExpression(models.F('paid_penalties'), '+', models.F('waived_penalties'))), ('waived_penalties__gte', 0)), name='loans_installment_amounts'), models.CheckConstraint(condition=models.Q(('paid_on', None), models.Q(('fees', django.db.models.expressions.CombinedExpression(models.F('paid_fees'), '+', models.F('waived_fees'))), ('interest', django.db.models.expressions.CombinedExpression(models.F('paid_interest'), '+', models.F('waived_interest'))), ('paid_principal', models.F('principal')), ('penalties', django.db.models.expressions.CombinedExpression(models.F('paid_penalties'), '+', models.F('waived_penalties')))), _connector='OR'), name='loans_installment_paid')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('loan', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='standing', serialize=False, to='loans.loan')),
                ('currency', models.CharField(max_length=3)),
                ('closed_to', models.DateField()),
                ('live', models.BooleanField(default=True)),
                ('parked', models.BooleanField(default=False)),
                ('outstanding', models.BigIntegerField()),
                ('accrued', models.BigIntegerField(default=0)),
                ('accrued_base', models.BigIntegerField(default=0)),
                ('overpaid', models.BigIntegerField(default=0)),
                ('period_from', models.DateField(blank=True, null=True)),
                ('period_due', models.DateField(blank=True, null=True)),
                ('period_interest', models.BigIntegerField(default=0)),
                ('period_cap', models.BigIntegerField(default=0)),
                ('oldest_unpaid_on', models.DateField(blank=True, null=True)),
                ('days_late', models.IntegerField(default=0)),
                ('paused_days', models.IntegerField(default=0)),
                ('pause_from', models.DateField(blank=True, null=True)),
                ('pause_until', models.DateField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'standing',
                'verbose_name_plural': 'standings',
                'constraints': [models.CheckConstraint(condition=models.Q(('accrued__gte', 0), ('days_late__gte', 0), ('outstanding__gte', 0), ('overpaid__gte', 0)), name='loans_standing_amounts')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('loan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='loans.loan')),
                ('number', models.IntegerField()),
                ('kind', models.CharField(choices=[('penalties', 'Late penalty'), ('fees', 'Fee')], max_length=10)),
                ('amount', models.BigIntegerField()),
                ('charged_on', models.DateField()),
                ('event', models.IntegerField(default=0)),
            ],
            options={
                'verbose_name': 'charge',
                'verbose_name_plural': 'charges',
                'constraints': [models.UniqueConstraint(fields=('loan', 'number', 'kind', 'charged_on', 'event'), name='loans_charge_once'), models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='loans_charge_amount')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Accrual',
            fields=[
                ('pk', models.CompositePrimaryKey('on', 'loan_id', 'event', blank=True, editable=False, primary_key=True, serialize=False)),
                ('on', models.DateField()),
                ('loan', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='accruals', to='loans.loan')),
                ('event', models.IntegerField(default=0)),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'accrual',
                'verbose_name_plural': 'accruals',
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='PayoffQuote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', core.models.ReferenceField(editable=False, max_length=20, unique=True, verbose_name='reference')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payoff_quotes', to='loans.loan')),
                ('quoted_on', models.DateField()),
                ('expires_on', models.DateField()),
                ('days', models.JSONField()),
                ('after_event', models.IntegerField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'payoff quote',
                'verbose_name_plural': 'payoff quotes',
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_on__gte', models.F('quoted_on'))), name='loans_payoffquote_expires')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Repayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', core.models.ReferenceField(editable=False, max_length=20, unique=True, verbose_name='reference')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repayments', to='loans.loan')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repayments', to='loans.loanevent')),
                ('kind', models.CharField(choices=[('payment', 'Repayment'), ('settlement', 'Early settlement'), ('goodwill', 'Goodwill credit'), ('recovery', 'Recovery'), ('chargeback', 'Chargeback'), ('correction', 'Correction')], max_length=12)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('amount', models.BigIntegerField()),
                ('principal', models.BigIntegerField()),
                ('interest', models.BigIntegerField()),
                ('fees', models.BigIntegerField()),
                ('penalties', models.BigIntegerField()),
                ('paid_on', models.DateField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'repayment',
                'verbose_name_plural': 'repayments',
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('principal'), '+', models.F('interest')), '+', models.F('fees')), '+', models.F('penalties')))), name='loans_repayment_parts_sum'), models.CheckConstraint(condition=models.Q(('kind', 'correction'), models.Q(('amount__lt', 0), ('fees__lte', 0), ('interest__lte', 0), ('kind', 'chargeback'), ('penalties__lte', 0), ('principal__lte', 0)), models.Q(models.Q(('kind', 'chargeback'), _negated=True), ('amount__gt', 0), ('fees__gte', 0), ('interest__gte', 0), ('penalties__gte', 0), ('principal__gte', 0)), _connector='OR'), name='loans_repayment_signs')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Clawback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('participation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clawbacks', to='loans.participation')),
                ('repayment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clawbacks', to='loans.repayment')),
                ('amount', models.BigIntegerField()),
                ('recovered', models.BigIntegerField(default=0)),
                ('advanced_from', models.CharField(max_length=24)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'clawback',
                'verbose_name_plural': 'clawbacks',
                'indexes': [models.Index(condition=models.Q(('recovered__lt', models.F('amount'))), fields=['participation'], name='loans_clawback_open')],
                'constraints': [models.UniqueConstraint(fields=('participation', 'repayment'), name='loans_clawback_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('recovered__gte', 0), ('recovered__lte', models.F('amount'))), name='loans_clawback_amounts')],
            },
        ),
        migrations.CreateModel(
            name='Portion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('repayment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='portions', to='loans.repayment')),
                ('number', models.IntegerField()),
                ('principal', models.BigIntegerField()),
                ('interest', models.BigIntegerField()),
                ('fees', models.BigIntegerField()),
                ('penalties', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'portion',
                'verbose_name_plural': 'portions',
                'constraints': [models.UniqueConstraint(fields=('repayment', 'number'), name='loans_portion_once')],
                'indexes': [],
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('repayment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='loans.repayment')),
                ('participation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='loans.participation')),
                ('principal', models.BigIntegerField()),
                ('interest', models.BigIntegerField()),
                ('fees', models.BigIntegerField()),
                ('penalties', models.BigIntegerField()),
                ('servicing_fee', models.BigIntegerField()),
                ('net', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'share',
                'verbose_name_plural': 'shares',
                'constraints': [models.UniqueConstraint(fields=('repayment', 'participation'), name='loans_share_once'), models.CheckConstraint(condition=models.Q(('net', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('principal'), '+', models.F('interest')), '+', models.F('fees')), '+', models.F('penalties')), '-', models.F('servicing_fee')))), name='loans_share_net')],
                'indexes': [],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='loanevent',
            trigger=pgtrigger.compiler.Trigger(name='loanevent_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='40e816c920b6009d9a04dc5882f000264802a8cf', operation='UPDATE OR DELETE', pgid='pgtrigger_loanevent_append_only_ab791', table='loans_loanevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='payoffquote',
            trigger=pgtrigger.compiler.Trigger(name='payoffquote_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c719a292f3522786e21a2c074c603ab16484a3be', operation='UPDATE OR DELETE', pgid='pgtrigger_payoffquote_append_only_a6f39', table='loans_payoffquote', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='repayment',
            trigger=pgtrigger.compiler.Trigger(name='repayment_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='3cbd24c61b0f954af680978780a3ef1e0d21125d', operation='UPDATE OR DELETE', pgid='pgtrigger_repayment_append_only_d1477', table='loans_repayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='portion',
            trigger=pgtrigger.compiler.Trigger(name='portion_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4953bb41e0acfa941232ffd0f7d2ec9caccd1337', operation='UPDATE OR DELETE', pgid='pgtrigger_portion_append_only_12632', table='loans_portion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='share',
            trigger=pgtrigger.compiler.Trigger(name='share_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4e4969fb3cb80dfa1a27fb0a9c3f16e3edf558fb', operation='UPDATE OR DELETE', pgid='pgtrigger_share_append_only_1431c', table='loans_share', when='BEFORE')),
        ),
        migrations.RunSQL(  # touched every night: room for the new version of a row beside the old one
            'ALTER TABLE loans_standing SET (fillfactor = 70)',
            'ALTER TABLE loans_standing RESET (fillfactor)',
        ),
    ]
