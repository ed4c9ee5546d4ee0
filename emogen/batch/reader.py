"""A line of a manifest -> a job, or everything that is wrong with it."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emogen.batch.checks import checks
from emogen.batch.feeling import AUTO, Named, felt
from emogen.batch.job import Job, derived_seed, written_by
from emogen.batch.kinds import INLINE, KINDS, TAKES_AUTO, is_heavy, needs, options, suffixes
from emogen.batch.rows import Row
from emogen.batch.values import flaw, typed
from emogen.conditioning.reference import inside
from emogen.errors import EmogenError, InputError
from emogen.media.sniff import expect_kind

if TYPE_CHECKING:
    from emogen.batch.scripts import Needed

Found = TypeVar("Found")
#: Fields that every call has.
COMMON = ("id", "call", "emotion", "intensity", "seed", "suffix", "backend")
#: Other names of the field `call`.
CALL_NAMES = ("call", "task", "modality")
ID = re.compile(r"\w[\w.-]*")
ID_CHARS = 100
#: Of `media.atomic.NAME_BYTES`; what is left is for suffixes.
ID_BYTES = 230
#: What Windows takes for a device, whatever the suffix.
DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")))
#: What a batch writes beside its media, and the ids that are taken by it.
OWN = ("ledger.jsonl", "results.csv", "failures.csv", "stimuli.csv", "stimuli.json", "lists.csv")
RESERVED = tuple(dict.fromkeys(name.partition(".")[0] for name in OWN))
MOST_SEED = 2**63 - 1
NAMED = ("avatar:", "sample:")  # portraits that are no files


@dataclass(frozen=True)
class Refused:
    """A line that is no job: where it stands, its id where it has one, and everything that is wrong with it."""

    line: int
    id: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"line": self.line, "id": self.id, "why": self.why}


class Reader:
    """Reads lines of one manifest; what repeats in them is looked at once.

    Args:
        folder: Where the files lie that it names.
        escape: Whether a path may lead out of it (a command line's: yes; a manifest's: no).
        seed: Of the batch; that of a job is derived from it and the job's id.
    """

    def __init__(self, folder: Path, *, escape: bool = False, seed: int = 0) -> None:
        self.folder, self.escape, self.seed = folder, escape, seed
        self._looked_at: dict[Any, Any] = {}
        self._taken: dict[str, int] = {}
        self._repeated: dict[str, int] = {}

    def read(self, row: Row, *, seeded_as: str = "") -> Job | Refused:
        """One line.

        Args:
            row: From `read_rows`.
            seeded_as: From what the seed is derived, in place of the id.
        """
        if row.problem:
            return Refused(row.line, "", _printable(row.problem))
        problems = _Problems()
        job = self._job(row, problems, seeded_as)
        if job is not None and not problems.found:
            problems.of(lambda: self._claim(job))
        if job is None or problems.found:
            name = str(row.values.get("id", ""))[:ID_CHARS]
            return Refused(row.line, _printable(name), _printable(" ".join(problems.found)))
        return job

    def _job(self, row: Row, problems: _Problems, seeded_as: str) -> Job | None:
        values = dict(row.values)
        for flawed in [name for name, value in values.items() if flaw(name) or flaw(value)]:
            problems.add(flawed, flaw(flawed) or flaw(values.pop(flawed)))
        opened = problems.of(lambda: self._backend(str(values.get("backend", "embedded"))))
        call = problems.of(lambda: called(values))
        if call is None or opened is None:
            return None
        backend, files = opened
        takes = problems.of(lambda: self._once(("takes", call, backend), lambda: options(call, backend)))
        if takes is None:
            return None
        given = {n: v for n, v in values.items() if n not in (*COMMON, *CALL_NAMES)}
        arguments, named = self._arguments(call, takes, given, row.written, problems)
        files += named
        emotion = self._emotion(call, values, row.written, problems, files)
        suffix = problems.of(lambda: _suffix(call, values.get("suffix")))
        if not any(name in row.values for name in KINDS[call].either) and KINDS[call].either:
            problems.add(" or ".join(KINDS[call].either), "is missing", f"{call} needs it.")
        embedded = not is_heavy(call, backend)
        for number, (names, check) in enumerate(checks(call, embedded)):
            looked = {n: arguments[n] for n in names if n in arguments}
            if looked and all(n in arguments for n in names if n in row.values):
                key = ("check", call, embedded, number, json.dumps(looked, sort_keys=True))
                problems.of(partial(self._once, key, partial(check, looked)))
        if call == "perform" and "script" in arguments and ("cast" in arguments or "cast" not in row.values):
            needed = problems.of(partial(self._script, arguments, embedded))
            if needed is not None:
                files += needed.files
                arguments.setdefault("subtitles", needed.subtitles)
        name = problems.of(lambda: self._id(call, values, given))
        seed = problems.of(lambda: _seed(values.get("seed"), row.written))
        if name is None or suffix is None:
            return None
        chosen = seed if seed is not None else derived_seed(self.seed, seeded_as or name)
        asked = {**arguments, **emotion, **({} if backend == "embedded" else {"backend": backend})}
        return Job(id=name, call=call, arguments=asked, suffix=suffix, seed=chosen, line=row.line,
                   needs=needs(call, backend), folder=str(self.folder.resolve()),
                   files=tuple(sorted(set(files))))  # fmt: skip

    def _backend(self, written: str) -> tuple[str, list[str]]:
        """A backend and the files that it is opened from: those of a saved pipeline, whose folder becomes absolute."""
        place = self.folder / written
        if written == "embedded" or not os.path.isdir(place):
            return written, []
        if not (place / "model_index.json").is_file():
            found = f'"{written:.100}" is a folder without a model_index.json'
            raise InputError("backend", found, "Accepted: one of a saved pipeline.")
        files = self._once(("backend", written), lambda: [str(path) for path in place.resolve().rglob("*") if path.is_file()])
        return str(place.resolve()), list(files)

    # -- arguments -------------------------------------------------------------------------------------------
    def _arguments(self, call: str, takes: Mapping[str, str], given: Mapping[str, Any], written: bool,
                   problems: _Problems) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
        arguments: dict[str, Any] = {}
        files: list[str] = []
        for name, value in given.items():
            if name not in takes:
                near = difflib.get_close_matches(name, (*takes, *COMMON), n=1, cutoff=0.5)
                hint = f'Did you mean "{near[0]}"? ' if near else ""
                problems.add(name, f"{call} does not take it", f"{hint}Accepted: {', '.join((*takes, *COMMON))}.")
                continue
            found = problems.of(partial(typed, name, value, takes[name], written))
            if found is None:
                continue
            if name in KINDS[call].files and not isinstance(found, (str, dict, list) if name in INLINE else str):
                problems.add(name, f"found {json.dumps(found)[:40]}", "Needed: the name of a file.")
                continue
            if _names_file(call, name, found):
                found = problems.of(partial(self._file, call, name, found))
                if found is None:
                    continue
                files.append(found)
            arguments[name] = found
        content = arguments.get(KINDS[call].content)
        if call in ("dialogue", "perform") and content is not None and content not in files:
            arguments["folder"] = str(self.folder.resolve())
        return arguments, files

    def _file(self, call: str, field: str, name: str) -> str:
        """The absolute path of an input file.

        Raises:
            EmogenError: It is not there, may not be read, or is of another kind.
        """
        kinds = KINDS[call].files[field]

        def look() -> str:
            path = self._path(name, field)
            try:
                kind = expect_kind(path, *kinds)
            except EmogenError as error:
                raise type(error)(f'{field} "{name:.100}"', error.found, error.accepted) from error
            if kind == "zip" and path.suffix.lower() != ".npz":
                raise InputError(f'{field} "{name:.100}"', "is a zip archive", "Accepted: .bvh, .npz.")
            return str(path)

        return self._once(("file", name, kinds), look)

    def _script(self, arguments: Mapping[str, Any], embedded: bool) -> Needed:
        from emogen.batch.scripts import looked_through

        looked = {name: arguments[name] for name in ("script", "cast", "folder") if name in arguments}
        key = ("script", embedded, json.dumps(looked, sort_keys=True))
        return self._once(key, lambda: looked_through(looked, embedded))

    def _path(self, name: str, field: str) -> Path:
        if self.escape:
            return (self.folder / name).resolve() if "\0" not in name else Path(name)
        try:
            return inside(self.folder, name, field)
        except InputError:
            place = "this folder" if self.folder == Path() else self.folder
            found = f'"{name:.100}" is not a file in {place}'
            raise InputError(field, found, "Paths start in the folder of the manifest and may not leave it.") from None

    # -- emotion, id, seed -----------------------------------------------------------------------------------
    def _emotion(self, call: str, values: Mapping[str, Any], written: bool, problems: _Problems,
                 files: list[str]) -> dict[str, Any]:  # fmt: skip
        """`emotion` and `intensity` as a job has them; adds the files that the emotion names to `files`."""
        given, factor = values.get("emotion"), values.get("intensity")
        found: dict[str, Any] = {}
        if factor is not None:
            factor = problems.of(lambda: typed("intensity", factor, "float", written))
            if factor is not None and factor < 0:
                problems.add("intensity", f"{factor:g}", "Accepted: a factor of 0 or more on the emotion.")
                factor = None
            if given is None or (isinstance(given, str) and given.strip().lower() == AUTO):
                problems.add("intensity", f"given with {given or 'no emotion'}", "It is a factor on a written emotion.")
                factor = None
            if factor is not None:
                found["intensity"] = factor
        if given is None:
            return found
        if not isinstance(given, str):
            problems.add("emotion", f"found {json.dumps(given)[:40]}", 'Write it as text such as "joy:0.8".')
            return found
        if given.strip().lower() == AUTO and call not in TAKES_AUTO:
            problems.add("emotion", f'{call} does not take "auto"', "Write it out.")
            return found
        named = problems.of(lambda: self._once(("emotion", given, factor), lambda: self._named_in(given, factor)))
        files += named or ()
        return {"emotion": given, **found}

    def _named_in(self, written: str, intensity: float | None) -> tuple[str, ...]:
        """Parses an emotion; the files that it names."""
        resolver = Named(lambda name: self._path(name, f"@{name}"))
        felt(written, intensity, resolver)
        return tuple(str(path) for path in resolver.files)

    def _id(self, call: str, values: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        """The id that is given, or one made of what is asked for, never of where it stands."""
        name = values.get("id")
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if isinstance(name, str):
            name = unicodedata.normalize("NFC", name)
        if name is not None:
            if not isinstance(name, str) or len(name) > ID_CHARS or not ID.fullmatch(name) or name.endswith("."):
                accepted = f"Accepted: up to {ID_CHARS} letters, digits, _, - and dots inside; it becomes the file's name."
                raise InputError("id", f"{name!r:.40}", accepted)
            if len(name.encode()) > ID_BYTES:
                accepted = f"Accepted: up to {ID_BYTES}; it becomes the file's name."
                raise InputError("id", f"{len(name.encode())} bytes", accepted)
            if same(name).split(".")[0] in DEVICES:
                raise InputError("id", f'"{name}" is the name of a device on Windows', "Give it another one.")
            return name
        content = values.get(KINDS[call].content) or next((str(v) for v in given.values()), "")
        asked = json.dumps([call, {k: v for k, v in values.items() if k not in CALL_NAMES}], sort_keys=True)
        digest = hashlib.sha256(asked.encode()).hexdigest()[:8]
        made = "-".join(filter(None, (call, slug(str(content)), slug(str(values.get("emotion", ""))), digest)))
        self._repeated[made] = count = self._repeated.get(made, 0) + 1
        return made if count == 1 else f"{made}-{count}"

    def _claim(self, job: Job) -> None:
        """Refuses a job that would write what another one writes."""
        names = [same(name) for name in written_by(job)]
        for name in names:
            if name in self._taken:
                raise InputError("id", f'"{job.id}" would write {name}, as line {self._taken[name]} does', "Give it another one.")
            if name.split(".")[0] in RESERVED:
                raise InputError("id", f'"{job.id}"', f"These names are the batch's own: {', '.join(RESERVED)}.")
        self._taken.update(dict.fromkeys(names, job.line))

    def _once(self, key: Any, look: Callable[[], Found]) -> Found:
        """What `look` gives or raises, asked once for a key."""
        if key not in self._looked_at:
            try:
                self._looked_at[key] = look()
            except EmogenError as error:
                self._looked_at[key] = error
        found = self._looked_at[key]
        if isinstance(found, EmogenError):
            raise found
        return found  # type: ignore[no-any-return]


class _Problems:
    """What is wrong with a line."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, field: str, found: str, accepted: str = "") -> None:
        self.of(lambda: _refuse(InputError(field, found, accepted)))

    def of(self, look: Callable[[], Found]) -> Found | None:
        """What `look` gives; None where it raises, which is noted."""
        try:
            return look()
        except EmogenError as error:
            self._note(str(error))
        except Exception as error:  # a slip in a check of ours; one line must not hold up thousands
            self._note(f"unexpected {type(error).__name__}: {error!s:.200}")
        return None

    def _note(self, text: str) -> None:
        self.found.append(text if text.endswith((".", "!", "?")) else f"{text}.")


def _refuse(error: EmogenError) -> None:
    raise error


def called(values: Mapping[str, Any]) -> str:
    """The call of a line: as written, or the only one that its fields can mean.

    Raises:
        InputError: An unknown call, or fields that several calls take.
    """
    named = [name for name in CALL_NAMES if name in values]
    if len(named) > 1:
        raise InputError(named[1], f"given together with {named[0]}", "Give one of the two.")
    if named:
        asked = str(values[named[0]]).strip().lower().replace("-", "_")
        by_modality = {kind.modality: name for name, kind in KINDS.items()}
        found = asked if asked in KINDS else by_modality.get(asked)
        if found is None:
            near = difflib.get_close_matches(asked, KINDS, n=1)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            raise InputError(named[0], f'unknown call "{asked:.40}"', f"{hint}Accepted: {', '.join(KINDS)}.")
        return found
    every = {name: options(name) for name in KINDS}
    known = {name for takes in every.values() for name in takes}
    given = {name for name in values if name in known}
    fitting = [
        name for name, takes in every.items()
        if given <= takes.keys() and (not KINDS[name].either or given & set(KINDS[name].either))
    ]  # fmt: skip
    if len(fitting) == 1:
        return fitting[0]
    if "speak" in fitting:  # a text and nothing that is not of a voice
        return "speak"
    fields = ", ".join(sorted(given)) or "these fields"
    means = f"{fields} could be {', '.join(fitting)}" if fitting else f"no call takes {fields} together"
    raise InputError("call", f"is missing, and {means}", f"Accepted: {', '.join(fitting or KINDS)}.")


def slug(text: str, chars: int = 24) -> str:
    """A text as part of a file's name: lower-case ASCII words with hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:chars].strip("-")


def same(name: str) -> str:
    """What tells file names apart on every file system."""
    return unicodedata.normalize("NFC", name).casefold()


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _names_file(call: str, field: str, value: Any) -> bool:
    if field not in KINDS[call].files or not isinstance(value, str):
        return False
    if field == "portrait":
        return not value.startswith(NAMED)
    if field == "script":
        return "\n" not in value
    return field != "text" or (value.endswith(".txt") and "\n" not in value)


def _suffix(call: str, given: Any) -> str:
    if given is None:
        return KINDS[call].suffix
    found = f".{str(given).strip().lower().lstrip('.')}"
    if found not in suffixes(call):
        raise InputError("suffix", f'{call} cannot be written as "{found:.20}"', f"Accepted: {', '.join(suffixes(call))}.")
    return found


def _seed(given: Any, written: bool) -> int | None:
    if given is None:
        return None
    found: int = typed("seed", given, "int", written)
    if not 0 <= found <= MOST_SEED:
        raise InputError("seed", f"{found}", f"Accepted: a whole number from 0 to {MOST_SEED}.")
    return found
