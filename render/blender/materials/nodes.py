"""Walking a material's nodes: where a socket's value comes from, through groups, reroutes and muted nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class NotReproduced(Exception):
    """The rasteriser cannot show this; the text goes on after the material's name."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input socket, and the group nodes that its tree is inside of."""

    socket: Any
    path: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """An output socket that gives a value."""

    node: Any
    output: str  # its name
    path: tuple[Any, ...] = ()

    def input(self, which: str | int) -> Input:
        """An input of the node; a name means the one that the node uses now."""
        if isinstance(which, int):
            return Input(self.node.inputs[which], self.path)
        sockets = [socket for socket in self.node.inputs if socket.name == which]
        used = [socket for socket in sockets if socket.enabled and not socket.is_unavailable]
        if not sockets:
            raise NotReproduced(f"has a node without the input {which}")
        return Input((used or sockets)[0], self.path)

    def inputs(self) -> list[Input]:
        """The inputs that the node uses now."""
        return [Input(each, self.path) for each in self.node.inputs if each.enabled and not each.is_unavailable]


def origin(given: Input) -> Origin | None:
    """What gives an input its value; None where nothing is linked (see `constant_of`)."""
    found = _follow(given)
    return found if isinstance(found, Origin) else None


def constant_of(given: Input) -> Any:
    """The value of an input that nothing is linked to."""
    found = _follow(given)
    return found.socket.default_value if isinstance(found, Input) else None


def _follow(given: Input) -> Origin | Input:
    while True:
        link = next((link for link in given.socket.links if link.is_valid and not link.is_muted), None)
        if link is None:
            return given
        node, output, path = link.from_node, link.from_socket, given.path
        if node.mute:
            inner = next((item for item in node.internal_links if item.to_socket == output), None)
            if inner is None:
                raise NotReproduced(f"has a muted {node.bl_label} node")
            given = Input(inner.from_socket, path)
        elif node.type == "REROUTE":
            given = Input(node.inputs[0], path)
        elif node.type == "GROUP":
            given = Input(_group_result(node, output), (*path, node))
        elif node.type == "GROUP_INPUT" and path:
            given = Input(_by_identifier(path[-1].inputs, output), path[:-1])
        else:
            return Origin(node, output.name, path)


def _group_result(group: Any, output: Any) -> Any:
    nodes = group.node_tree.nodes if group.node_tree is not None else ()
    ends = [node for node in nodes if node.type == "GROUP_OUTPUT"]
    if not ends:
        raise NotReproduced("has an empty node group")
    end = next((node for node in ends if node.is_active_output), ends[0])
    return _by_identifier(end.inputs, output)


def _by_identifier(sockets: Any, wanted: Any) -> Any:
    found = next((socket for socket in sockets if socket.identifier == wanted.identifier), None)
    if found is None:
        raise NotReproduced("has a node group with an output that nothing inside gives")
    return found


def origins(given: Input) -> Iterator[Origin]:
    """Everything that an input's value comes from, however far up, itself first."""
    stack, seen = [given], set()
    while stack:
        found = origin(stack.pop())
        if found is None:
            continue
        key = (found.node.as_pointer(), found.output, tuple(group.as_pointer() for group in found.path))
        if key in seen:
            continue
        seen.add(key)
        yield found
        stack.extend(found.inputs())


def surface_input(material: Any, name: str = "Surface") -> Input | None:
    """An input of the output node that Cycles renders."""
    nodes = [node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL"]
    usable = [node for node in nodes if node.target in ("ALL", "CYCLES")]
    active = [node for node in usable if node.is_active_output] or usable
    return Input(active[0].inputs[name]) if active else None
