"""The segments that every site has: prospects, who never bought, and customers."""

from django.db import migrations
from django.db.models import JSONField, Value

SEGMENTS = [
    (
        "prospects",
        "Prospects",
        "Contacts who never ordered. Follows every order by itself.",
        [{"type": "order_count", "id": "5b0f1c9e-6b8e-4f53-9a40-6a2f6f0d7a01", "value": {"min": None, "max": 0, "days": None}}],
    ),
    (
        "customers",
        "Customers",
        "Contacts with at least one order. Follows every order by itself.",
        [{"type": "order_count", "id": "5b0f1c9e-6b8e-4f53-9a40-6a2f6f0d7a02", "value": {"min": 1, "max": None, "days": None}}],
    ),
]


def create(apps, schema_editor):
    segments = apps.get_model("wagtail_precise_mail", "Segment").objects.using(schema_editor.connection.alias)
    for slug, name, description, rules in SEGMENTS:
        if not segments.filter(slug=slug).exists():
            segment = segments.create(slug=slug, name=name, description=description, is_system=True, locked=True)
            # Here the field knows no blocks and would drop them: the column is written as the JSON it is.
            segments.filter(pk=segment.pk).update(rules=Value(rules, JSONField()))


class Migration(migrations.Migration):
    dependencies = [("wagtail_precise_mail", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
