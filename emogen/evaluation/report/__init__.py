"""An evaluation -> one HTML file that opens from disk without a network."""

from emogen.evaluation.report.page import write_report

__all__ = ["write_report"]
