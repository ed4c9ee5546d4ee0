"""glTF 2.0 in one file (.glb): the container that heads and figures are kept in.

Buffer views and accessors are collected by a `Writer`, and read by `accessor_values`. Written after the Khronos
specification, revision 2.0.1.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emogen._version import __version__
from emogen.errors import FormatError
from emogen.media.atomic import atomic_path

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
#: Component type -> numpy (specification, table in 3.6.2.2).
KINDS: dict[int, Any] = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
CODES: dict[Any, int] = {np.dtype(v): k for k, v in KINDS.items()}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
#: Largest file that is read (bytes); own assumption.
MOST_BYTES = 64 * 2**20


class Writer:
    """Collects buffer views and accessors."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def view(self, data: bytes, **more: Any) -> int:
        """Adds bytes, aligned to four."""
        self.blob += b"\0" * (-len(self.blob) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(data), **more})
        self.blob += data
        return len(self.views) - 1

    def accessor(
        self, values: np.ndarray, kind: str, *, bounds: bool = False, unit: bool = False, vertex: bool = False
    ) -> int:
        """Adds values [n, width] as they are; `unit`: integers stand for -1..1 or 0..1."""
        size = values.dtype.itemsize * WIDTHS[kind]
        stride = size + (-size % 4) if vertex else size
        rows = np.zeros((len(values), stride), np.uint8)
        rows[:, :size] = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), size)
        more: dict[str, Any] = {"target": 34962} if vertex else {}
        if vertex and stride != size:
            more["byteStride"] = stride
        out = self._described(values, kind, len(values), bounds, unit)
        self.accessors.append({"bufferView": self.view(rows.tobytes(), **more), **out})
        return len(self.accessors) - 1

    def indices(self, faces: np.ndarray, count: int) -> int:
        """Adds triangles [F, 3] of a mesh of `count` points."""
        values = faces.ravel().astype(np.uint16 if count < 65_535 else np.uint32)
        self.accessors.append(
            {
                "bufferView": self.view(values.tobytes(), target=34963),
                "componentType": CODES[values.dtype],
                "count": len(values),
                "type": "SCALAR",
            }
        )
        return len(self.accessors) - 1

    def sparse(self, values: np.ndarray, *, unit: bool) -> int:
        """Adds a morph target [V, 3]: only rows that are not 0 are stored (at least one)."""
        rows = np.flatnonzero(values.any(axis=1))
        rows = rows if len(rows) else np.array([0])
        index = rows.astype(np.uint16 if len(values) < 65_535 else np.uint32)
        out = self._described(values, "VEC3", len(values), True, unit)
        out["sparse"] = {
            "count": len(rows),
            "indices": {"bufferView": self.view(index.tobytes()), "componentType": CODES[index.dtype]},
            "values": {"bufferView": self.view(np.ascontiguousarray(values[rows]).tobytes())},
        }
        self.accessors.append(out)
        return len(self.accessors) - 1

    @staticmethod
    def _described(values: np.ndarray, kind: str, count: int, bounds: bool, unit: bool) -> dict[str, Any]:
        out: dict[str, Any] = {"componentType": CODES[values.dtype], "count": count, "type": kind}
        if unit:
            out["normalized"] = True
        if bounds:
            rows = values.reshape(count, -1)
            out["min"], out["max"] = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
        return out


def asset(extras: Mapping[str, Any] | None) -> dict[str, Any]:
    """The head of a document of ours."""
    out: dict[str, Any] = {"version": "2.0", "generator": f"emogen {__version__}"}
    if extras:
        out["extras"] = dict(extras)
    return out


def write_file(path: str | Path, document: dict[str, Any], w: Writer) -> Path:
    """Writes a document and what its accessors hold."""
    document["accessors"], document["bufferViews"] = w.accessors, w.views
    document["buffers"] = [{"byteLength": len(w.blob)}]
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    blob = bytes(w.blob) + b"\0" * (-len(w.blob) % 4)
    whole = 12 + 8 + len(text) + 8 + len(blob)
    with atomic_path(path) as part:
        part.write_bytes(
            struct.pack("<III", MAGIC, 2, whole)
            + struct.pack("<II", len(text), JSON_CHUNK)
            + text
            + struct.pack("<II", len(blob), BIN_CHUNK)
            + blob
        )
    return Path(path)


def read_file(path: Path, what: str) -> tuple[dict[str, Any], bytes]:
    """The document and its buffer; `what` it should hold is named in the error.

    Raises:
        FormatError: Not a glTF 2.0 file in one piece, broken, or larger than `MOST_BYTES`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise FormatError(path.name, f"larger than {MOST_BYTES >> 20} MB")
    try:
        return _chunks(path.read_bytes())
    except (KeyError, IndexError, ValueError, TypeError, struct.error) as error:
        raise FormatError(path.name, f"no {what} in glTF 2.0 ({type(error).__name__})") from None


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, whole = struct.unpack_from("<III", data)
    if magic != MAGIC or version != 2 or whole != len(data):
        raise ValueError("header")
    size, kind = struct.unpack_from("<II", data, 12)
    if kind != JSON_CHUNK:
        raise ValueError("first chunk")
    document = json.loads(data[20 : 20 + size])
    length, kind = struct.unpack_from("<II", data, 20 + size)
    if kind != BIN_CHUNK:
        raise ValueError("second chunk")
    return document, data[28 + size : 28 + size + length]


def accessor_values(document: dict[str, Any], blob: bytes, number: int) -> np.ndarray:
    """An accessor's values, float32 where they stand for fractions: [n, width]."""
    a = document["accessors"][number]
    kind, width, count = np.dtype(KINDS[a["componentType"]]), WIDTHS[a["type"]], a["count"]

    def rows(view: int, n: int, dtype: np.dtype[Any], columns: int) -> np.ndarray:
        v = document["bufferViews"][view]
        stride = v.get("byteStride", dtype.itemsize * columns)
        return np.ndarray((n, columns), dtype, blob, v["byteOffset"], (stride, dtype.itemsize)).copy()

    values = rows(a["bufferView"], count, kind, width) if "bufferView" in a else np.zeros((count, width), kind)
    if "sparse" in a:
        s = a["sparse"]
        index = rows(s["indices"]["bufferView"], s["count"], np.dtype(KINDS[s["indices"]["componentType"]]), 1)[:, 0]
        values[index] = rows(s["values"]["bufferView"], s["count"], kind, width)
    if a.get("normalized"):
        return (values / np.float32(np.iinfo(kind).max)).astype(np.float32)
    return values
