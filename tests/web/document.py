"""
What a browser makes of a page, as far as tests without one ask.
"""

from html.parser import HTMLParser


class Document(HTMLParser):
    """
    Tags, attributes, links, and the texts that TrueConf told (those in `<bdi>`).
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.links: list[str] = []
        self.told: list[str] = []
        self.words = ""
        self._in_told = False
        self.feed(text)
        self.close()
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.words += " " if tag in {"br", "dd", "dt", "li", "p", "td", "th"} else ""
        self.attributes += given
        self.links += [given["href"] or ""] if tag == "a" else []
        if tag == "bdi":
            self._in_told = True
            self.told.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            self._in_told = False

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._in_told:
            self.told[-1] += data
