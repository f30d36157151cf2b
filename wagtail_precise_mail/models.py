"""Every table of the package, gathered from its rooms."""

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.landing.models import LandingPageMixin
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
from wagtail_precise_mail.commerce.viewed import ProductView
from wagtail_precise_mail.commerce.welcome import Incentive, WelcomeCoupon
from wagtail_precise_mail.contacts.changes import ContactChange
from wagtail_precise_mail.contacts.cleanups import Cleanup, CleanupFinding
from wagtail_precise_mail.contacts.departures import Departure
from wagtail_precise_mail.contacts.erased import ErasedContact
from wagtail_precise_mail.contacts.exports import ContactExport
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.imports import (
    ImportBatch,
    ImportedChange,
    ImportedRow,
    ImportMapping,
    ImportPiece,
    ImportRefusal,
)
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.merges import ContactMerge, DuplicatePair, FormerContact
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    Contact,
    ContactList,
    ServiceNote,
    Suppression,
    Topic,
)
from wagtail_precise_mail.contacts.questions import SignUpChoice, SignUpQuestion
from wagtail_precise_mail.contacts.sign_ups import SignUp, SignUpSource
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest, SubjectRequestStep
from wagtail_precise_mail.contacts.tags import ContactTag, Tag, TagChange
from wagtail_precise_mail.contacts.wordings import ConsentWording, PrivacyPolicy, TopicTranslation
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, Send, SendVersion, SentItem
from wagtail_precise_mail.emails.models import ApprovedContent, BrandSettings, CompiledEmail, Email, SavedBlock
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.emails.senders import SenderIdentity
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
    "ConsentWording",
    "Contact",
    "ContactChange",
    "ContactExport",
    "ContactField",
    "ContactList",
    "ContactMerge",
    "ContactTag",
    "CouponCode",
    "CouponPool",
    "Departure",
    "DigestIssue",
    "DuplicatePair",
    "Email",
    "ErasedContact",
    "FormerContact",
    "Idea",
    "ImageRights",
    "ImportBatch",
    "ImportMapping",
    "ImportPiece",
    "ImportRefusal",
    "ImportedChange",
    "ImportedRow",
    "Incentive",
    "LandingPageMixin",
    "LegalSettings",
    "MessageContent",
    "MessageEvent",
    "Order",
    "OrderLine",
    "OutboxMessage",
    "PrivacyPolicy",
    "Product",
    "ProductPair",
    "ProductView",
    "Review",
    "SavedBlock",
    "Segment",
    "Send",
    "SendVersion",
    "SenderIdentity",
    "SentItem",
    "ServiceNote",
    "SignUp",
    "SignUpChoice",
    "SignUpQuestion",
    "SignUpSource",
    "Store",
    "SubjectRequest",
    "SubjectRequestStep",
    "Sunset",
    "SunsetMember",
    "Suppression",
    "SurveyAnswer",
    "Tag",
    "TagChange",
    "Topic",
    "TopicTranslation",
    "WelcomeCoupon",
]
