"""Small lead sheets for the tests of arrangement and sound."""

from __future__ import annotations

from emogen.codecs.lead_sheet import Chord, LeadSheet
from emogen.media.score import Note
from emogen.pipelines.music.attributes import Attributes

#: C, A minor, F, G and a tune of quarters over them.
ROOTS = ((0, (0, 4, 7)), (9, (0, 3, 7)), (5, (0, 4, 7)), (7, (0, 4, 7)))
TUNE = (72, 76, 79, 76, 72, 76, 81, 76, 77, 81, 79, 77, 79, 74, 71, 74)


def sheet(bars: int = 8, beats: int = 4, *, accompanied: bool = True) -> LeadSheet:
    """A tune in quarters; with a left hand (root and fifth) and a right hand (off-beat chords)."""
    melody, chords, under = [], [], []
    for bar in range(bars):
        root, tones = ROOTS[bar % 4] if bar < bars - 1 else ROOTS[0]
        start = float(bar * beats)
        chords.append(Chord(start, float(beats), root, tones, root))
        melody += [Note(start + b, 1.0, TUNE[(bar * 4 + b) % len(TUNE)], 80) for b in range(beats)]
        if accompanied:
            under.append(Note(start, 2.0, 36 + root, 70))
            under += [Note(start + b, 0.5, 60 + (root + t) % 12, 60) for b in range(1, beats) for t in tones]
    return LeadSheet(0, "major", beats, bars, tuple(melody), tuple(chords), tuple(sorted(under)))


def attributes(**changed: object) -> Attributes:
    """Middling attributes, some of them changed."""
    usual: dict[str, object] = {
        "tempo": 120.0, "mode": 0.9, "register": 0.0, "density": 1.0, "rhythm": 1.0, "polyphony": 3.0,
        "articulation": 0.9, "loudness": 75.0, "dynamics": 10.0, "dissonance": 0.0, "harmony": 1.0, "bass": 0.5,
        "brightness": 0.5, "feeling": "neutral",
    }  # fmt: skip
    return Attributes(**(usual | changed))  # type: ignore[arg-type]
