"""A page of HTML as a browser's parser sees it, for tests: its words, tables, files and links."""

from __future__ import annotations

from html.parser import HTMLParser

_UNCLOSED = {"meta", "img", "br"}


class Page(HTMLParser):
    """What is on a page. Tables are lists of rows, rows lists of the cells' words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.files: list[str] = []
        self.pictures: list[str] = []
        self.headings: list[str] = []
        self.tables: list[list[list[str]]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    @property
    def text(self) -> str:
        """All words, with one space where there is any."""
        return " ".join("".join(self._words).split())

    def table(self, *heading: str) -> list[list[str]]:
        """The rows of the one table whose heading begins with these words, without the heading."""
        (found,) = (rows for first, *rows in self.tables if tuple(first[: len(heading)]) == heading)
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _UNCLOSED:
            self._open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in ("src", "poster"):
                self.files.append(value or "")
                if tag == "img":
                    self.pictures.append(value or "")
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if tag in ("br", "td", "th", "p", "figure", "text"):
            self._words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self._words.append(data)
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data
        if {"h1", "h2", "h3"} & set(self._open):
            self.headings[-1] += data
