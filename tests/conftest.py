"""What holds for all tests."""

from __future__ import annotations

import os

# The networks under test are so small that a second thread costs more in waiting than it brings; read when torch loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
