"""
QR codes, drawn here: no address leaves the house for one.
"""

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """
    Return a QR code as an SVG element without a size, dark on light in every color scheme.
    """
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None)
    # segno writes numbers and colors only; nothing of `text` is in it.
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704
