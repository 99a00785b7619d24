"""The secret that a server wants: read from the environment, sent where it is safe, shown nowhere."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import NoReturn
from urllib.parse import quote, urlsplit

from rigmill.errors import UserError

NO_KEY = "none"  # what a server of one's own is told: the protocol wants a word
_HIDDEN = "<key>"
_SECRET_FROM = 8  # characters; shorter words (none, EMPTY, token) are no secrets, and do occur in answers
_OWN_NAMES = (".local", ".internal", ".lan", ".localhost", ".svc")  # never found outside of a network of one's own


class Key:
    """A secret that can be used, and neither shown, copied into a file, nor sent to another process.

    Every process reads it from its own environment. A local Ray takes the driver's along when it starts; on a cluster
    the variable has to be set on every node before its Ray is started.
    """

    __slots__ = ("_value", "variable")

    def __init__(self, variable: str, value: str = "") -> None:
        self.variable, self._value = variable, value.strip()
        if not all("!" <= letter <= "~" for letter in self._value):
            raise UserError(
                f"environment variable {variable} holds no key",
                why="there is a space, a line break or another character in it that no key has",
                fix=f"set {variable} again, to the key alone",
                code="E401",
            )

    @classmethod
    def from_environment(cls, variable: str) -> Key:
        return cls(variable, os.environ.get(variable, ""))

    @property
    def is_given(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
        """The secret itself, for the header of a request and nothing else."""
        return self._value or NO_KEY

    def scrub(self, text: str) -> str:
        """The text with every spelling of the secret taken out."""
        if len(self._value) < _SECRET_FROM:
            return text
        for spelling in (self._value, quote(self._value, safe="")):
            text = text.replace(spelling, _HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"<key of {self.variable}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key never leaves its process: read it from the environment there")


def checked_address(base_url: str, key: Key) -> str:
    """The address as it may be shown; a UserError where it is none, or where the key would travel in the clear."""
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        raise _no_address("it cannot be read as an address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _no_address("it has to begin with http:// or https:// and name a server")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _no_address("it holds a name, a password, or a part after ? or #: an address holds no secrets")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
    if key.is_given and parts.scheme == "http" and not in_own_network(parts.hostname):
        raise UserError(
            f"no key is sent to {shown}: it is not https",
            why=f"whoever listens on the way could read the key in {key.variable}",
            fix="set caption.endpoint.base_url to an https address, or have no key in that variable",
            code="E401",
        )
    return key.scrub(shown)


def in_own_network(host: str) -> bool:
    """Whether the host is this machine, or by its name or number one of a private network. Nothing is looked up."""
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:  # 127.1 and 0x7f000001 are numbers too, to the system
            number = ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            name = host.lower().rstrip(".")
            return "." not in name or name.endswith(_OWN_NAMES)
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped
    return number.is_private or number.is_loopback


def is_this_machine(base_url: str) -> bool:
    """Whether the address is of the loopback interface: a proxy has no business there."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_address(why: str) -> UserError:
    return UserError(
        "caption.endpoint.base_url is no address of a server",
        why=why,
        fix="correct it; it looks like http://127.0.0.1:8000/v1",
        code="E400",
    )
