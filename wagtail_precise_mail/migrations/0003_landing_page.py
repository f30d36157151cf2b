"""The landing page of the package, where pages are Wagtail's own.

Since Wagtail 8.0 a site may swap the model of pages. No package can make a type of such pages, so there is no table
then: the site makes its own type of ``LandingPageMixin``.
"""

import django.db.models.deletion
import wagtail_precise_mail.fields
from django.db import migrations, models

PAGE = wagtail_precise_mail.fields.page_model_name().lower()

LANDING_PAGE = migrations.CreateModel(
    name='LandingPage',
    fields=[
        ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=PAGE)),
        ('body', wagtail_precise_mail.fields.RegistryStreamField(blank=True, verbose_name='body')),
        ('goal', models.CharField(choices=[('press', 'press the goal button'), ('buy', 'buy something'), ('other', 'do something that your site records')], default='press', max_length=10, verbose_name='visitors should')),
        ('is_indexable', models.BooleanField(default=False, help_text='They see it as strangers do, with fallbacks.', verbose_name='search engines may list it')),
        ('campaign', models.ForeignKey(blank=True, help_text='Whose mails lead here: its page shows what became of the visitors.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtail_precise_mail.campaign', verbose_name='campaign')),
    ],
    options={
        'verbose_name': 'landing page',
        'verbose_name_plural': 'landing pages',
    },
    bases=(PAGE, models.Model),
)


class Migration(migrations.Migration):

    dependencies = [
        ('wagtail_precise_mail', '0002_system_segments'),
        ('wagtailcore', '0097_baselogentry_uuid_action_timestamp_indexes'),
    ]

    operations = [LANDING_PAGE] if PAGE == wagtail_precise_mail.fields.WAGTAILS_PAGE else []
