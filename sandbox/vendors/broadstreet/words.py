"""The vocabulary and the whitespace that names are made of."""

from __future__ import annotations

TREES = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Juniper", "Larch",
    "Maple", "Oak", "Poplar", "Rowan", "Spruce", "Teak", "Willow", "Yew",
)  # fmt: skip
TRADES = ("Média", "Kultur", "Bühne", "Café", "Verein", "Möbel", "Oper", "Reisen", "日本語", "Ærø")
SECTIONS = ("Home", "Sports", "Culture", "Travel", "Newsletter", "Food", "Events", "Archive")
PLACES = ("Sidebar", "Top Banner", "Leaderboard", "Footer", "Between Articles", "Popup")
SHAPES = ("SQ 300x250", "PT 300x600", "LS 728x90", "LS 970x250", "SQ 336x280")
CREATIVES = ("Creative", "Motiv", "Plakat", "Teaser", "Spot")
# Before and behind a name: what people paste. All but the last two are seen at the vendor.
OUTER_SPACE = (
    ("\n", ""), ("", " "), ("\N{NO-BREAK SPACE}", ""), ("\t", "\n"), ("", "\N{NO-BREAK SPACE}"),
    ("  ", ""), ("", "\r\n"), ("\N{ZERO WIDTH SPACE}", ""),
)  # fmt: skip
INNER_SPACE = (" ", "  ", "\N{NO-BREAK SPACE}")
DISPLAY_TYPES = ("allow_repeat_advertisement", "no_repeat", "allow_repeat_campaign")
WEIGHTS = {0.0: "remnant", 0.5: "low", 1.0: "default", 1.5: "high", 127.0: "sponsorship"}
RESTRICTIONS = ("phone", "non_phone", "tablet", "desktop", "mobile")
