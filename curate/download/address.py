"""Which addresses may be asked: a list of hosts, https, public networks. Checked before every request and redirect."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from rigmill.outcomes import Refusal, Reject

MAX_ADDRESS_CHARACTERS = 4096


class PrivateNetwork(Exception):
    """A public name that leads into a private network: a mistake of its owner, or an attack on ours."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """`allowed` are host names; one that begins with a dot stands for every name below it.

    `trusted` ones (a mirror in your own network, a test's loopback server) may also be asked over plain http, at any
    port, and may have private addresses.
    """

    allowed: tuple[str, ...]
    trusted: tuple[str, ...] = ()

    def check(self, url: str) -> str:
        """The host of an address that may be asked; a Refusal for any other."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise Refusal(Reject.FOREIGN_ADDRESS, "the address cannot be read") from None
        if len(url) > MAX_ADDRESS_CHARACTERS or any(character <= " " or character == "\\" for character in url):
            raise Refusal(Reject.FOREIGN_ADDRESS, "the address holds blanks or is too long")
        if parts.username is not None or parts.password is not None:
            raise Refusal(Reject.FOREIGN_ADDRESS, "the address holds a user name")
        if host in self.trusted:
            if parts.scheme not in ("http", "https"):
                raise Refusal(Reject.FOREIGN_ADDRESS, f"'{parts.scheme[:20]}' is neither http nor https")
            return host
        if parts.scheme != "https":
            raise Refusal(Reject.FOREIGN_ADDRESS, f"'{parts.scheme[:20]}' is not https")
        if not any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.allowed):
            raise Refusal(Reject.FOREIGN_ADDRESS, f"the host '{host[:100]}' is not among the source's hosts")
        if port not in (None, 443):
            raise Refusal(Reject.FOREIGN_ADDRESS, f"port {port} is not that of https")
        return host


class PublicResolver(AbstractResolver):
    """Names to addresses. What it returns is what is connected to, so a name cannot change its mind in between."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = frozenset(trusted)
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if host in self._trusted:
            return found
        public = [entry for entry in found if ipaddress.ip_address(entry["host"].partition("%")[0]).is_global]
        if not public:
            raise PrivateNetwork(host)
        return public

    async def close(self) -> None:
        await self._system.close()
