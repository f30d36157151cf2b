"""Every table of the package, gathered from its rooms."""

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.landing.models import LandingPageMixin
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.sunset import Sunset, SunsetMember
from wagtail_precise_mail.commerce.figure_settings import FigureSettings
from wagtail_precise_mail.commerce.models import (
    BasketCount,
    BasketItem,
    Cart,
    CartLine,
    Category,
    CategoryForecast,
    CategoryPair,
    Cluster,
    ClusterRun,
    ContactFigures,
    ContactForecast,
    ContactStanding,
    CouponCode,
    CouponPool,
    ExchangeRate,
    FiguresDue,
    ForecastModel,
    Order,
    OrderCoupon,
    OrderLine,
    Product,
    ProductImage,
    ProductPair,
    ProductTag,
    ProductVariant,
    RecommenderRun,
    ShopRhythm,
    ViewedPair,
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
from wagtail_precise_mail.contacts.freshness import JobRun
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
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.domains.models import DomainDay, DomainReport
from wagtail_precise_mail.delivery.inbound.models import Reply
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, Send, SendVersion, SentItem
from wagtail_precise_mail.delivery.operations.models import WorkerBeat
from wagtail_precise_mail.delivery.pacing.models import (
    Alarm,
    Bucket,
    HostedDomain,
    SendingLimit,
    Slowdown,
    WarmUp,
    WarmUpDay,
    Watch,
)
from wagtail_precise_mail.delivery.seeds.models import SeedAddress, SeedArrival
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent
from wagtail_precise_mail.emails.models import ApprovedContent, BrandSettings, CompiledEmail, Email, SavedBlock
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.reports.day_counts import DayCount
from wagtail_precise_mail.reports.models import ProspectRun, RankedProspect
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.notices import MovementNotice
from wagtail_precise_mail.segments.sizes import SegmentSize
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.hit_pages import HitPage
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.site_views import SiteView

__all__ = [
    "Alarm",
    "ApprovedContent",
    "BasketCount",
    "BasketItem",
    "Bounce",
    "BrandSettings",
    "Bucket",
    "Campaign",
    "Cart",
    "CartLine",
    "Category",
    "CategoryForecast",
    "CategoryPair",
    "Cleanup",
    "CleanupFinding",
    "Cluster",
    "ClusterRun",
    "CompiledEmail",
    "Consent",
    "ConsentChange",
    "ConsentWording",
    "Contact",
    "ContactChange",
    "ContactEngagement",
    "ContactExport",
    "ContactField",
    "ContactFigures",
    "ContactForecast",
    "ContactList",
    "ContactMerge",
    "ContactStanding",
    "ContactTag",
    "CouponCode",
    "CouponPool",
    "DayCount",
    "Departure",
    "DigestIssue",
    "DomainDay",
    "DomainReport",
    "DuplicatePair",
    "Email",
    "ErasedContact",
    "ExchangeRate",
    "FigureSettings",
    "FiguresDue",
    "ForecastModel",
    "FormerContact",
    "HitPage",
    "HostedDomain",
    "Idea",
    "ImageRights",
    "ImportBatch",
    "ImportMapping",
    "ImportPiece",
    "ImportRefusal",
    "ImportedChange",
    "ImportedRow",
    "Incentive",
    "JobRun",
    "LandingPageMixin",
    "LegalSettings",
    "MessageContent",
    "MessageEvent",
    "Movement",
    "MovementNotice",
    "Order",
    "OrderCoupon",
    "OrderLine",
    "OutboxMessage",
    "PrivacyPolicy",
    "Product",
    "ProductImage",
    "ProductPair",
    "ProductTag",
    "ProductVariant",
    "ProductView",
    "ProspectRun",
    "ProviderEvent",
    "RankedProspect",
    "RecommenderRun",
    "Reply",
    "Review",
    "SavedBlock",
    "SeedAddress",
    "SeedArrival",
    "Segment",
    "SegmentSize",
    "Send",
    "SendVersion",
    "SenderIdentity",
    "SendingLimit",
    "SentItem",
    "ServiceNote",
    "ShopRhythm",
    "SignUp",
    "SignUpChoice",
    "SignUpQuestion",
    "SignUpSource",
    "SiteView",
    "Slowdown",
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
    "ViewedPair",
    "WarmUp",
    "WarmUpDay",
    "Watch",
    "WelcomeCoupon",
    "WorkerBeat",
]
