"""Digests of files and directories, as the rest of π-loop computes them."""

import hashlib
import json
from pathlib import Path


def canonical_json(value: object) -> bytes:
    """RFC 8785 for what we digest: strings, integers, booleans, null, lists, objects with ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_json(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_files(directory: Path) -> list[dict[str, object]]:
    """`{name, bytes, sha256}` of every regular file below a directory, sorted by relative posix name."""
    paths = sorted((path.relative_to(directory).as_posix(), path) for path in directory.rglob("*") if path.is_file())
    return [{"bytes": path.stat().st_size, "name": name, "sha256": sha256_file(path)} for name, path in paths]


def directory_digest(directory: Path) -> str:
    """Hex SHA-256 of the canonical JSON of a directory's file list: its identity, wherever it lies."""
    return sha256_json({"files": list_files(directory)})
