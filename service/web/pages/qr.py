"""
QR codes, drawn here: no address leaves the house for one.
"""

import segno
from markupsafe import Markup

MOST_BYTES = 2331
"""What a QR code holds at the level of correction that is used."""


def fits_qr(text: str) -> bool:
    """Return whether a QR code surely holds a text."""
    return len(text.encode()) <= MOST_BYTES


def qr_svg(text: str) -> Markup | None:
    """
    Return a QR code as an SVG image without a size, dark on light in every color scheme.

    Returns None for a text that no QR code holds: at this level of correction, more than `MOST_BYTES`.
    """
    try:
        code = segno.make(text, error="m", micro=False)
    except ValueError:
        return None
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None)
    # Numbers and colors, and nothing of `text`.
    return Markup(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S704
