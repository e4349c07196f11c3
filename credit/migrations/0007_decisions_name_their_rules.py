from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0006_what_is_written_of_a_model_is_sealed'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='rules',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
    ]
