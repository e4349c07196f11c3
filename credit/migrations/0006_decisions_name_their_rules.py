from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0005_records_are_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='rules',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
    ]
