"""
QR codes, drawn here: no address leaves the house for one.
"""

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup | None:
    """
    Return a QR code as an SVG element without a size, dark on light in every color scheme.

    Returns None for a text that no QR code holds: at this level of correction, more than 2,331 bytes.
    """
    try:
        code = segno.make(text, error="m", micro=False)
    except ValueError:
        return None
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None)
    # segno writes numbers and colors only; nothing of `text` is in it.
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704
