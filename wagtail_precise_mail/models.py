"""Every table of the package, gathered from its rooms."""

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.commerce.models import (
    Category,
    CouponCode,
    CouponPool,
    Order,
    OrderLine,
    Product,
    ProductPair,
)
from wagtail_precise_mail.commerce.reviews import Review
from wagtail_precise_mail.commerce.stores import Store
from wagtail_precise_mail.contacts.changes import ContactChange
from wagtail_precise_mail.contacts.departures import Departure
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    Contact,
    ContactList,
    ServiceNote,
    Suppression,
    Topic,
)
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest, SubjectRequestStep
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, Send, SendVersion, SentItem
from wagtail_precise_mail.emails.models import ApprovedContent, BrandSettings, CompiledEmail, Email, SavedBlock
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer

__all__ = [
    "ApprovedContent",
    "BrandSettings",
    "Campaign",
    "Category",
    "CompiledEmail",
    "Consent",
    "ConsentChange",
    "Contact",
    "ContactChange",
    "ContactList",
    "CouponCode",
    "CouponPool",
    "Departure",
    "Email",
    "Idea",
    "ImageRights",
    "LegalSettings",
    "MessageContent",
    "MessageEvent",
    "Order",
    "OrderLine",
    "OutboxMessage",
    "Product",
    "ProductPair",
    "Review",
    "SavedBlock",
    "Segment",
    "Send",
    "SendVersion",
    "SentItem",
    "ServiceNote",
    "Store",
    "SubjectRequest",
    "SubjectRequestStep",
    "Suppression",
    "SurveyAnswer",
    "Topic",
]
