"""
The text that goes out with the page of a calendar: what it is, and how to subscribe.
"""

from service.core.text import one_line
from service.core.vevent import Translate


def write_handout(translate: Translate, title: str, page_url: str) -> str:
    """Return a text for a mail or a chat to whoever is to have the page of a calendar."""
    heading = translate("Calendar of TrueConf conferences “{title}”: {page}")
    # The title last: it may hold a word in braces.
    heading = heading.replace("{page}", page_url).replace("{title}", one_line(title))
    how = translate(
        "Open this page, choose your calendar program and subscribe: the conferences appear in your calendar "
        "and change by themselves."
    )
    secret = translate("Keep the link to yourself: whoever has it sees the calendar.")
    return f"{heading}\n{how} {secret}"
