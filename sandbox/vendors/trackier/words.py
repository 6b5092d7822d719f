"""The vocabulary that names, titles and texts are made of."""

from __future__ import annotations

from sandbox.vendors.seeding import weighted

FIRST_NAMES = (
    "Asha", "Noor", "Ravi", "Lena", "Omar", "Ines", "Kofi", "Mei", "Tomas", "Zoë", "आरव",
    "ليلى",
)  # fmt: skip
BRAND_FIRST = (
    "Amber", "Birch", "Cobalt", "Dune", "Ember", "Fjord", "Granite", "Harbour", "Indigo",
    "Juniper", "Kestrel", "Lumen", "Maple", "Nimbus", "Orchid", "Prairie", "Quartz", "Saffron",
    "Tundra", "Velvet",
)  # fmt: skip
BRAND_SECOND = (
    "Bazaar", "Beauty", "Books", "Café", "Electronics", "Fashion", "Foods", "Games", "Gärten",
    "Home", "Kids", "Mobile", "Outdoor", "Pay", "Pets", "Pharmacy", "Sports", "Tours", "Wear",
    "सेल",
)  # fmt: skip
COMPANY_FORMS = ("Ltd", "GmbH", "Pvt. Ltd.", "LLC", "S.à r.l.", "FZ-LLC", "株式会社")
OFFERS = (
    "Summer Sale", "App Install", "First Order", "Newsletter Signup", "Premium Trial",
    "Free Shipping", "Loyalty Card", "Flash Deal", "Back to School", "Sommerschlussverkauf",
    "Soldes d'été", "दिवाली ऑफ़र", "عرض رمضان", "春のセール", "Café & Crème 50 % off",
    'The "Big" One', "Win 🎁 Today",
)  # fmt: skip
CATEGORIES = (
    "Fashion", "Electronics", "Travel", "Food & Drink", "Finance", "Gaming", "Health",
    "Home & Garden", "Kids", "Beauty", "Books", "Sports", "Education", "Automotive",
    "Mode / Été", "खाना",
)  # fmt: skip
COUNTRIES = (
    "IN", "US", "GB", "DE", "FR", "AE", "SA", "BR", "JP", "ID", "EG", "TR", "ES", "PL", "MX",
)  # fmt: skip
CITIES = ("Mumbai", "Delhi", "Bengaluru", "Pune", "Chennai", "Jaipur")
SENTENCES = (
    "Valid for new customers only.",
    "Brand bidding is not allowed.",
    "Conversions are approved within 30 days.",
    "कूपन साइटों की अनुमति है।",
    "لا يسمح بالرسائل غير المرغوب فيها.",
    "Cashback traffic needs a written approval; incentive traffic is cancelled.",
    "Deep links work on every product page, <b>not</b> on the blog.",
    "Landing page: 50 % off \N{EN DASH} today only 😀.",
)
CURRENCIES = weighted(
    [("INR", 10), ("USD", 6), ("EUR", 3), ("GBP", 2), ("AED", 2), ("JPY", 1), ("KWD", 1)]
)
CAMPAIGN_STATUSES = weighted(
    [
        ("active", 156),
        ("paused", 18),
        ("pending", 10),
        ("disabled", 8),
        ("expired", 6),
        ("suspended", 1),
        ("archived", 1),
    ]
)
ACCOUNT_STATUSES = weighted(
    [("active", 176), ("pending", 10), ("disabled", 8), ("rejected", 5), ("on_hold", 1)]
)
MODELS = weighted(
    [("cpa", 80), ("cps", 50), ("cpi", 25), ("cpl", 25), ("cpc", 12), ("cpm", 6), ("cpv", 2)]
)
VISIBILITIES = weighted([("public", 7), ("private", 2), ("permission", 3)])
REDIRECTS = ("302", "302_hrf", "200", "200_hrf")
