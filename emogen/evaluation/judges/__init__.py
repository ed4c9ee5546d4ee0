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


def judge(modality: str, backend: str = "embedded") -> Recognizer:
    """A judge of a modality.

    Args:
        modality: A key of `EMBEDDED`.
        backend: "embedded".

    Raises:
        InputError: No such modality or backend.
        CheckpointError: Its checkpoint is missing or altered.
    """
    if modality not in EMBEDDED:
        raise InputError("modality", f'no judge of "{modality}"', f"There are: {', '.join(EMBEDDED)}.")
    if backend != "embedded":
        raise InputError("judge", f'unknown backend "{backend}"', "Accepted: embedded.")
    module, _, name = EMBEDDED[modality].partition(":")
    loaded: Recognizer = getattr(import_module(module), name).load("embedded")
    return loaded
