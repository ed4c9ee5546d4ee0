"""Which half of a data set makers learn from and which the judge: one fixed rule for music, body and image.

Some packs are the only data of their kind here. Generators and guides learn from one half, the judge from the
other. What must stay together (a song, a theme, a take) has one key, and the key alone decides.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Half = Literal["judge", "maker"]


def half(key: str) -> Half:
    """The half of a song ("emopia/<song>"), theme ("oasis/<theme>") or content ("bandai_namco/<content>")."""
    return "judge" if hashlib.sha256(key.encode("utf-8")).digest()[0] % 2 else "maker"
