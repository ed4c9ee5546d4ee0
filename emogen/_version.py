"""The version of the package; checkpoints carry versions of their own."""

__version__ = "0.1.0"
