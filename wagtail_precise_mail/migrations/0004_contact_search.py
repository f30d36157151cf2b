"""The indexes behind the search of contacts, where the database has such."""

from django.db import migrations

from wagtail_precise_mail.contacts import search_index


class Migration(migrations.Migration):

    dependencies = [
        ('wagtail_precise_mail', '0003_landing_page'),
    ]

    operations = [
        migrations.RunPython(search_index.create, search_index.drop),
    ]
