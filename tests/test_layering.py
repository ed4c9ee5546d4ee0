"""Who may import whom: downwards only, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "emogen"
MODULES = sorted(p for p in PACKAGE.rglob("*.py"))

CORE = {
    "emogen.conditioning." + name
    for name in (
        "atoms",
        "emotion",
        "likelihood",
        "personality",
        "polarity",
        "spec",
        "state",
        "taxonomies",
        "track",
        "vocabulary",
        "wording",
    )
}
FREE = {
    "emogen",
    "emogen.errors",
    "emogen.limits",
    "emogen.registry",
    "emogen._version",
    "emogen.compiled",
    "emogen.diffusing",
    "emogen.checkpoints",
    "emogen.tables",
    "emogen.versions",
}
#: First match wins; a module may import modules of its own level or below (a higher number is higher up).
LEVELS = [
    (("emogen.cli", "emogen.__main__", "emogen.demo", "emogen.doctor", "emogen.calls"), 6),
    (("emogen.batch", "emogen.evaluation", "emogen.training"), 5),
    (("emogen.pipelines",), 4),
    (("emogen.conditioning", "emogen.codecs", "emogen.models"), 3),
    (("emogen.media",), 2),
]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def level(module: str) -> int:
    if module in FREE or module.startswith("emogen.checkpoints"):
        return 0
    if module in CORE or module == "emogen.conditioning":
        return 1
    return next(n for prefixes, n in LEVELS if any(module == p or module.startswith(p + ".") for p in prefixes))


def imports(path: Path) -> set[str]:
    """Every emogen module imported by a file, at its top or inside functions; type-checking blocks left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {
                f"{node.module}.{a.name}" if is_module(f"{node.module}.{a.name}") else node.module for a in node.names
            }
    return {m for m in found if m.split(".")[0] == "emogen"}


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_downwards(path: Path) -> None:
    me = name_of(path)
    if me == "emogen":
        pytest.skip("the public names are lazy imports from everywhere")
    upwards = {m for m in imports(path) if level(m) > level(me)}
    # Words and references in an emotion are read by a recogniser that is loaded only then.
    allowed = {"emogen.conditioning.text", "emogen.conditioning.recognition"} if level(me) == 1 else set()
    assert not upwards - allowed, f"{me} imports upwards: {sorted(upwards - allowed)}"


def test_diffusers_is_imported_in_one_place() -> None:
    """Elsewhere it would bring the networks of others with it, whoever comes first."""
    importing = {
        name_of(path)
        for path in MODULES
        if any(line.split()[:1] in (["import"], ["from"]) and line.split()[1].split(".")[0] == "diffusers"
               for line in path.read_text(encoding="utf-8").splitlines())
    }  # fmt: skip
    assert importing == {"emogen.diffusing"}


#: A film is a picture in motion.
BUILDS_ON = {"video": "image"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modalities_do_not_import_each_other(path: Path) -> None:
    me = name_of(path).split(".")
    if me[:2] != ["emogen", "pipelines"] or len(me) < 4 or me[2] == "performance":
        return
    others = {
        m
        for m in imports(path)
        if m.startswith("emogen.pipelines.") and len(m.split(".")) > 3 and m.split(".")[2] not in (me[2], BUILDS_ON.get(me[2]))
    }
    assert not others, f"{'.'.join(me)} imports another modality: {sorted(others)}"


@pytest.mark.parametrize("module", sorted(CORE))
def test_the_core_needs_numpy_alone(module: str) -> None:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        pytest.skip(f"{module} does not exist")
    foreign = {
        name.split(".")[0]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        for name in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert foreign <= set(sys.stdlib_module_names) | {"numpy", "emogen"}


def test_import_emogen_loads_nothing_heavy() -> None:
    code = "import sys, emogen; print([m for m in ('torch', 'diffusers', 'cv2', 'av', 'scipy', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_exist() -> None:
    import emogen

    for name in emogen.__all__:
        assert getattr(emogen, name) is not None


def test_files_stay_short() -> None:
    long = {name_of(p): n for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long
