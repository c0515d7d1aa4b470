"""What a disk may hold after a power cut, by the steps that were taken on it (Pillai et al., "All file systems are not
created equal", 2014, in a simple form).

A file's content is sure once the file was synced; before that it may be empty, half, zeros, or there. That a name was
given, changed or taken away is sure once its folder was synced; before that the last of these changes may be missing,
or any one of them.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.chaos.failpoints import Step

Tree = frozenset[tuple[str, bytes | None]]
"""Paths within the folder, with their content; None: a folder."""

_DAMAGES = ("none", "empty", "half", "zeros")


@dataclass(eq=False)
class _Node:
    content: bytes | None = None
    """None: a folder"""
    synced: bytes = b""
    entries: "dict[str, _Node]" = field(default_factory=dict)

    def after(self, damage: str) -> bytes | None:
        if self.content is None or self.content == self.synced or damage == "none":
            return self.content
        if damage == "zeros":
            return bytes(len(self.content))
        return self.synced if damage == "empty" else self.content[: (len(self.synced) + len(self.content)) // 2]


def trees_after(folder: Path, before: Tree, steps: Sequence[Step]) -> set[Tree]:
    """Everything that may be there after a power cut behind these steps."""
    past = [
        (name, _within(path, folder), _within(more, folder) if name == "rename" else more) for name, path, more in steps
    ]
    return {
        _tree(before, [step for number, step in enumerate(past) if number not in lost], damage)
        for lost in _losses(past)
        for damage in _DAMAGES
    }


def tree_of(folder: Path) -> Tree:
    """What is there now."""
    return frozenset(
        (str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None) for path in folder.rglob("*")
    )


def put(tree: Tree, folder: Path) -> None:
    """Make it so, in a new folder."""
    folder.mkdir()
    for name, content in sorted(tree, key=lambda one: one[0]):
        if content is None:
            (folder / name).mkdir(parents=True, exist_ok=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def _within(path: str, folder: Path) -> str:
    return str(PurePosixPath(path).relative_to(folder))


def _losses(past: Sequence[Step]) -> Iterator[frozenset[int]]:
    """Which of the steps may not have reached the disk."""
    unsure = [number for number, step in enumerate(past) if _is_name(step) and not _is_sure(past, number)]
    for first in range(len(unsure) + 1):
        yield frozenset(unsure[first:])
    for one in unsure:
        yield frozenset((one,))


def _is_name(step: Step) -> bool:
    return step[0] not in ("write", "sync")


def _is_sure(past: Sequence[Step], number: int) -> bool:
    name, path, target = past[number]
    folders = {str(PurePosixPath(one).parent) for one in ((path, target) if name == "rename" else (path,))}
    return all(any(step[:2] == ("sync", folder) for step in past[number + 1 :]) for folder in folders)


def _tree(before: Tree, steps: Sequence[Step], damage: str) -> Tree:
    root = _Node()
    for path, content in sorted(before, key=lambda one: one[0]):
        _folder_of(root, path)[PurePosixPath(path).name] = _Node(content, synced=content or b"")
    for step in steps:
        with contextlib.suppress(KeyError):  # what it was to change has not reached the disk
            _take(root, *step)
    return frozenset(_listed(root, "", damage))


def _take(root: _Node, name: str, path: str, more: str) -> None:
    last = PurePosixPath(path).name
    if name == "write":
        _node(root, path).content = bytes.fromhex(more)
    elif name == "sync":
        if path != ".":
            node = _node(root, path)
            node.synced = node.content or b""
    elif name in ("make", "make folder"):
        _folder_of(root, path)[last] = _Node(b"" if name == "make" else None)
    elif name == "rename":
        node = _folder_of(root, path).pop(last)
        _folder_of(root, more)[PurePosixPath(more).name] = node
    else:
        del _folder_of(root, path)[last]


def _node(root: _Node, path: str) -> _Node:
    return _folder_of(root, path)[PurePosixPath(path).name]


def _folder_of(root: _Node, path: str) -> dict[str, _Node]:
    node = root
    for part in PurePosixPath(path).parts[:-1]:
        node = node.entries[part]
    return node.entries


def _listed(node: _Node, path: str, damage: str) -> Iterator[tuple[str, bytes | None]]:
    for name, entry in node.entries.items():
        yield f"{path}{name}", entry.after(damage)
        if entry.content is None:
            yield from _listed(entry, f"{path}{name}/", damage)
