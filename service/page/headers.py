"""What a browser is told beside each page: load nothing from elsewhere, run nothing, keep nothing.

A paper is told apart: browsers show it with parts of their own, which need their own style.
"""

from collections.abc import Mapping

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "

OF_PAGES: Mapping[str, str] = {
    **_ALWAYS,
    "cache-control": "no-store",
    "content-security-policy": (
        _NOTHING + "form-action 'self'; style-src 'self'; img-src 'self'; script-src 'self'"
    ),
}
OF_STYLE: Mapping[str, str] = {
    **_ALWAYS,
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": _NOTHING + "form-action 'none'",
}
"""Of what everybody may have, under an address that changes with it."""
OF_PAPERS: Mapping[str, str] = {
    **_ALWAYS,
    "cache-control": "no-store",
    "content-security-policy": _NOTHING + "form-action 'none'; sandbox",
}
