"""Files of several formats -> `Script`."""

from emogen.pipelines.performance.readers.reading import parse_script, read_script

__all__ = ["parse_script", "read_script"]
