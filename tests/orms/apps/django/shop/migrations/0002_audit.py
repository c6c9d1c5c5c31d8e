"""An audit trail, with its first entries."""

# ruff: noqa: RUF012  (lists are how Django writes them)

from django.db import migrations, models


def begin(apps, schema_editor):
    audit = apps.get_model("shop", "Audit")
    audit.objects.bulk_create([audit(text="begun"), audit(text="übernommen", level=2)])


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("level", models.IntegerField(db_index=True, default=1)),
            ],
        ),
        migrations.RunPython(begin),
    ]
