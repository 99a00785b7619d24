"""What the head of a server's answer says: how large the file is, which version, how long to wait, how it is packed."""

from __future__ import annotations

import email.utils
import re
import time
import zlib

from aiohttp import ClientResponse

from curate.download.limits import DownloadFailed
from curate.download.partial_file import PartialFile

REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410, 451})
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def total_size(response: ClientResponse, partial: PartialFile) -> int | None:
    """The size of the whole file, as far as it is stated. A part that the answer does not continue is emptied."""
    if _encoding(response) != "identity":
        raise _unasked_encoding()
    match = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if response.status == 200:
        partial.restart(_validator(response))
        return response.content_length
    total = int(match[3]) if match and match[3] != "*" else None
    if response.status == 206 and (match is None or match[1] is None or int(match[1]) != partial.size):
        partial.restart()
        raise DownloadFailed("the server sent another range than it was asked for")
    return total


def retry_after_s(response: ClientResponse) -> float | None:
    """Seconds that the server wants to be left alone, at least 0; None when it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


class Unpacker:
    """The bytes of a body that may be gzip: some servers store their files so and ask nobody."""

    def __init__(self, response: ClientResponse) -> None:
        encoding = _encoding(response)
        if encoding not in ("identity", "gzip"):
            raise _unasked_encoding()
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None

    @property
    def is_packed(self) -> bool:
        return self._gzip is not None

    def feed(self, data: bytes, max_bytes: int) -> bytes:
        """What `data` goes on with, at most `max_bytes` of it where it is packed: a small body may unpack to a huge."""
        if self._gzip is None:
            return data
        try:
            return self._gzip.decompress(data, max_bytes)
        except zlib.error:
            raise DownloadFailed("the answer is broken or ended early") from None

    def finish(self) -> None:
        """DownloadFailed where the packed body is not whole."""
        if self._gzip is not None and not self._gzip.eof:
            raise DownloadFailed("the answer is broken or ended early")


def _encoding(response: ClientResponse) -> str:
    return response.headers.get("Content-Encoding", "identity").lower()


def _unasked_encoding() -> DownloadFailed:
    return DownloadFailed("the server sends a compressed answer that nobody asked for", again=False)


def _validator(response: ClientResponse) -> str:
    """What names this version of the file in If-Range: a strong ETag, else the date of its last change."""
    tag = response.headers.get("ETag", "")
    if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', tag):
        return tag
    date = response.headers.get("Last-Modified", "")
    return date if re.fullmatch(r"[\w ,:+-]{10,40}", date) else ""
