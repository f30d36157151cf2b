"""The indexes behind searches of contacts and their birthdays, where the database has such."""

from django.db import migrations

from wagtail_precise_mail.contacts import birthday_index, search_index


class Migration(migrations.Migration):

    dependencies = [
        ('wagtail_precise_mail', '0003_landing_page'),
    ]

    operations = [
        migrations.RunPython(search_index.create, search_index.drop),
        migrations.RunPython(birthday_index.create, birthday_index.drop),
    ]
