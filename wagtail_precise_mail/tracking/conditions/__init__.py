"""Conditions on what contacts do: with mails in general, on the site, and in surveys. Machines count for nothing."""

# isort: skip_file
# They register themselves when they are imported, in the order in which the editor offers them.
from wagtail_precise_mail.tracking.conditions import clicks  # noqa: F401
from wagtail_precise_mail.tracking.conditions import engagement  # noqa: F401
from wagtail_precise_mail.tracking.conditions import activity  # noqa: F401
from wagtail_precise_mail.tracking.conditions import bounces  # noqa: F401
from wagtail_precise_mail.tracking.conditions import visits  # noqa: F401
from wagtail_precise_mail.tracking.conditions import surveys  # noqa: F401
