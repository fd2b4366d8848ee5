"""Why the relay was used."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nova_sonic_sessions", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="voicesession",
            name="fallback",
            field=models.CharField(
                blank=True,
                help_text="What made the relay necessary, as its page says: the code of an error.",
                max_length=64,
                verbose_name="fallback",
            ),
        ),
    ]
