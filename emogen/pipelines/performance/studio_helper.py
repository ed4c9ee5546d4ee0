"""The process of `helper`: started as a script, with the folder of the package, and fed through its pipes."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    sys.path[0] = sys.argv[1]  # not this folder, whose modules would hide others of their names
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    from emogen.pipelines.performance.helper import serve

    serve(sys.stdin.buffer, sink)
