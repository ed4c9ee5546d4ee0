"""How performances come across: `python -m emogen.training.performance_standing --out docs/performance.md --cache FOLDER`."""
