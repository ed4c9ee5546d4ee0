"""Judges: recognisers that score what was made. No generator learns from them, nothing is chosen by them.

Every modality has an embedded one, which differs from the guide of that modality in features, architecture and the
people it learnt from.
"""

from __future__ import annotations

from importlib import import_module

from emogen.conditioning.recognition import Recognizer
from emogen.errors import InputError

#: Modality -> import string of its embedded judge.
EMBEDDED: dict[str, str] = {
    "speech": "emogen.evaluation.judges.speech:SpeechJudge",
    "face": "emogen.evaluation.judges.face:FaceJudge",
    "motion": "emogen.evaluation.judges.motion:MotionJudge",
    "image": "emogen.evaluation.judges.image:ImageJudge",
    "music": "emogen.evaluation.judges.music:MusicJudge",
    "text": "emogen.evaluation.judges.text:TextJudge",
}
#: Kind of backend -> modalities.
HUB: dict[str, tuple[str, ...]] = {"transformers": ("speech", "face", "image", "text"), "clip": ("image",)}


def judge(modality: str, backend: str = "embedded") -> Recognizer:
    """A judge of a modality.

    Args:
        modality: A key of `EMBEDDED`.
        backend: "embedded", "transformers:PATH_OR_ID" (speech, face, image, text), "clip:PATH_OR_ID" (image), or "fer"
            (face; needs the package).

    Raises:
        InputError: No such modality or backend.
        BackendMissing: A package or the hub cannot be reached.
        CheckpointError: A checkpoint is missing, altered or of another kind.
    """
    if modality not in EMBEDDED:
        raise InputError("modality", f'no judge of "{modality}"', f"There are: {', '.join(EMBEDDED)}.")
    kind = backend.partition(":")[0]
    if modality in HUB.get(kind, ()):
        loaded: Recognizer = import_module("emogen.evaluation.judges.hub").load(modality, backend)
        return loaded
    if (modality, backend) == ("face", "fer"):
        loaded = import_module("emogen.evaluation.judges.fer").FerJudge()
        return loaded
    if backend != "embedded":
        possible = ["embedded", *(f"{k}:PATH_OR_ID" for k, m in HUB.items() if modality in m)]
        possible += ["fer"] if modality == "face" else []
        raise InputError("judge", f'no backend "{backend}" for {modality}', f"Accepted: {', '.join(possible)}.")
    module, _, name = EMBEDDED[modality].partition(":")
    loaded = getattr(import_module(module), name).load("embedded")
    return loaded
