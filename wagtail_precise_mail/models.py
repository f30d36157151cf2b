"""Every table of the package, gathered from its rooms."""

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.sunset import Sunset, SunsetMember
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
from wagtail_precise_mail.contacts.cleanups import Cleanup, CleanupFinding
from wagtail_precise_mail.contacts.exports import ContactExport
from wagtail_precise_mail.contacts.imports import (
    ImportBatch,
    ImportedChange,
    ImportedRow,
    ImportMapping,
    ImportPiece,
    ImportRefusal,
)
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    Contact,
    ContactList,
    ServiceNote,
    Suppression,
    Topic,
)
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
    "Cleanup",
    "CleanupFinding",
    "CompiledEmail",
    "Consent",
    "ConsentChange",
    "Contact",
    "ContactExport",
    "ContactList",
    "CouponCode",
    "CouponPool",
    "Email",
    "Idea",
    "ImageRights",
    "ImportBatch",
    "ImportMapping",
    "ImportPiece",
    "ImportRefusal",
    "ImportedChange",
    "ImportedRow",
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
    "Sunset",
    "SunsetMember",
    "Suppression",
    "SurveyAnswer",
    "Topic",
]
