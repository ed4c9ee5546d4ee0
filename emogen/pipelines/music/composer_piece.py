"""One piece while the composer writes it: what it is told of each bar, sampling, decoding, and the rules after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from emogen.codecs.lead_frames import CHORD, CHORDS, FIRST, HOLD, MELODY, MELODY_LOW, MELODY_STATES, to_c
from emogen.codecs.lead_sheet import LeadSheet
from emogen.conditioning.encoder import FEATURES
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
from emogen.models.diffusion import Conditions, Draft, Flow, Guidance, sample_window, window_generator
from emogen.models.sequence import Content
from emogen.pipelines.music.attributes import MODES
from emogen.pipelines.music.composer_color import bass_at, below, roughened
from emogen.pipelines.music.composer_content import FADED, FORM, Floats, content_of, form_row
from emogen.pipelines.music.composer_decoding import Steps, chosen_chords, melody_states, struck
from emogen.pipelines.music.composer_rules import (
    BAR,
    LEADING,
    SHADES,
    TO_MAJOR,
    TO_MINOR,
    TONIC,
    chord_row,
    clean,
    close,
    held_chord,
    in_tune,
    moved_degrees,
)
from emogen.pipelines.music.form import BarPlan

if TYPE_CHECKING:
    from emogen.pipelines.music.composer import Composer

#: Steps of the sampling, and the scale of its guidance by the plan; own choice.
STEPS_SAMPLED, GUIDANCE = 16, 1.5
#: A fader beyond what the songs hold is shown as so many standard deviations; the rest is done by choice of notes.
MOST = 2.5
#: The noise level from which a bar that is like another is sampled, as a power of its variation: latents are robust to a
#: little noise, by which nothing would change.
VARYING = 0.5
#: How much higher it is for each standard deviation by which a fader of the two bars differs; own choice.
BY_FADERS = 0.25
#: Dissonance that songs have by themselves; nothing is added for less.
SMOOTH = 0.08
#: Bars written at once: the piece so far is what they go on from.
AT_ONCE = 8
#: The column of `FORM` that tells whether somebody sings.
SINGS = FORM.index("sings")


def minor(bar: BarPlan) -> bool:
    """Whether a bar is told in a minor mode."""
    return 3 in MODES[bar.attributes.scale]


class Piece:
    """All bars of a piece, as far as they are planned; `frames` are those that are written."""

    def __init__(
        self, model: Composer, plan: Sequence[BarPlan], tonic: int, seed: int, melody: LeadSheet | None
    ) -> None:
        self.model, self.plan, self.seed = model, plan, seed
        self.coder = model.autoencoder
        self.chords = self.coder.chords.numpy()
        self.asked = np.repeat([[getattr(b.attributes, n) for n in FADED] for b in plan], 2, axis=0).astype(np.float32)
        self.octaves = self._octaves(tonic)
        self.asked[:, 0] += to_c(tonic) - 12 * np.repeat(self.octaves, 2)
        self.form = np.array([
            form_row(b.place, b.length, second=second, cadence=b.cadence, final=b.final, sings=not b.intro, minor=minor(b))
            for b in plan for second in (False, True)
        ], np.float32)  # fmt: skip
        self.tune = None if melody is None else self._tune(melody)
        if self.tune is not None:
            sung = (Steps.of(self.tune).melody.reshape(len(plan), BAR) >= HOLD).any(axis=1)
            self.form[:, SINGS] = np.repeat(sung, 2)
        self.frames = np.zeros((0, model.codec.width), np.float32)

    def written(self, first: int) -> Floats:
        """Frames of the bars from `first` on, modes shaded; those before stand already."""
        for start, stop in self._stretches(first):
            self.frames = np.concatenate([self.frames, self._stretch(start, stop)])
        steps = Steps.of(self.frames[2 * first :])
        for i, bar in enumerate(self.plan[first:]):
            moved_degrees(steps, i, SHADES.get(bar.attributes.scale, {}))
            octaves = self.octaves[first + i]
            if self.tune is None and octaves:
                part = steps.melody[i * BAR : (i + 1) * BAR]
                part[part >= FIRST] = np.clip(part[part >= FIRST] + 12 * octaves, FIRST, MELODY_STATES - 1)
                if octaves < 0:
                    below(steps, i)
        return steps.frames()

    def _octaves(self, tonic: int) -> np.ndarray:
        """By how many octaves the melody of each bar is moved beyond where songs sing: the same for a whole phrase."""
        wanted = np.array([b.attributes.register for b in self.plan]) + to_c(tonic) - float(self.model.fader_mean[0])
        found = np.zeros(len(self.plan), dtype=int)
        starts = [i for i, b in enumerate(self.plan) if i == 0 or b.place == 0]
        for a, b in zip(starts, [*starts[1:], len(found)], strict=True):
            found[a:b] = round(float(wanted[a:b].mean()) / 12)
        return found

    def _tune(self, melody: LeadSheet) -> Floats:
        """Frames of the given tune, as long as the plan, in its modes."""
        given = self.model.codec.encode(replace(melody, accompaniment=()))[: 2 * len(self.plan)]
        frames = np.zeros((2 * len(self.plan), self.model.codec.width), np.float32)
        frames[:, MELODY] = np.tile(np.eye(MELODY_STATES)[0], MELODY.stop // MELODY_STATES)[
            : MELODY.stop - MELODY.start
        ]
        frames[: len(given)] = given
        steps = Steps.of(frames)
        for i, bar in enumerate(self.plan):
            if minor(bar) != (melody.mode == "minor"):
                moved_degrees(steps, i, TO_MINOR if minor(bar) else TO_MAJOR)
        return steps.frames()

    def _stretches(self, start: int) -> Iterator[tuple[int, int]]:
        """(first bar, bar after the last) of what is written at once: in one mode, and what a bar is like stands already."""
        for i in range(start + 1, len(self.plan) + 1):
            whole = i == len(self.plan) or i - start == AT_ONCE or self._turns(i)
            like = None if whole else self.plan[i].like
            if whole or (like is not None and like >= start):
                yield start, i
                start = i

    def _turns(self, bar: int) -> bool:
        """Whether minor turns to major here, or major to minor."""
        return bar > 0 and minor(self.plan[bar]) != minor(self.plan[bar - 1])

    def _again(self, bar: int, like: int) -> Floats:
        """Frames [2, width] of the earlier bar that one is like, in the mode of this one: degree by degree."""
        frames = self.frames[2 * like : 2 * like + 2]
        if minor(self.plan[bar]) == minor(self.plan[like]):
            return frames
        steps = Steps.of(frames)
        moved_degrees(steps, 0, TO_MINOR if minor(self.plan[bar]) else TO_MAJOR)
        return steps.frames()

    def _stretch(self, start: int, stop: int) -> Floats:
        """The bars from `start` to before `stop`."""
        copied = [b.like is not None and b.variation == 0 for b in self.plan[start:stop]]
        if not all(copied):
            made = self._decoded(self._sampled(start, stop), start, stop)
        else:
            made = np.zeros((2 * (stop - start), self.frames.shape[1]), np.float32)
        for i, bar in enumerate(self.plan[start:stop]):
            if copied[i] and bar.like is not None:
                made[2 * i : 2 * i + 2] = self._again(start + i, bar.like)
                if self.tune is not None:
                    made[2 * i : 2 * i + 2, MELODY] = self.tune[2 * (start + i) : 2 * (start + i) + 2, MELODY]
        return made

    def _sampled(self, start: int, stop: int) -> Tensor:
        """Latents of the bars [2 bars, channels]."""
        config = self.model.config
        first = max(0, 2 * start - config.overlap)
        before = self.coder.encode(torch.from_numpy(self.frames[first:]))
        content = torch.from_numpy(self._content(first, 2 * start, 2 * stop))[None]
        length = 2 * stop - first
        nothing = self.model.emotion_encoder(
            torch.zeros(1, length, FEATURES), length, null=torch.ones(1, dtype=torch.bool)
        )
        noise = torch.randn((1, config.window, self.coder.channels), generator=window_generator(self.seed, start))
        latents = sample_window(
            Flow(self.model.denoiser), FlowMatchEulerDiscreteScheduler(),
            Conditions(nothing, nothing, Content(frames=content), torch.ones(length)), noise[:, :length],
            num_inference_steps=STEPS_SAMPLED, guidance=Guidance(GUIDANCE, GUIDANCE), known=before[None] if first < 2 * start
            else None, draft=self._draft(first, start, stop),
        )  # fmt: skip
        return latents[0, 2 * start - first :]

    def _content(self, first: int, start: int, stop: int) -> Floats:
        """Content of the half bars from `first` on; harmony is given where it stands already or is a cadence's."""
        parts = self.coder.parts
        faders = self._told(first, stop)
        faders[(self.form[first:stop, SINGS] == 0) | (self.tune is not None), :2] = np.nan  # the tune says so itself
        melody = np.full((stop - first, parts["melody"].stop - parts["melody"].start), np.nan, np.float32)
        if self.tune is not None:
            melody = self.coder.encode(torch.from_numpy(self.tune[first:stop]))[:, parts["melody"]].numpy()
        harmony = np.full((stop - first, parts["harmony"].stop), np.nan, np.float32)
        for frame, row in self._cadences(start // 2, stop // 2).items():
            harmony[frame - first] = self._harmony(row)
        return content_of(faders, self.form[first:stop], melody, harmony)

    def _harmony(self, row: Floats) -> Floats:
        """Normalised latents of half a bar of one chord."""
        raw = self.coder.of_chords(torch.from_numpy(np.tile(row, 2)))
        part = self.coder.parts["harmony"]
        return ((raw - self.coder.mean[part]) / self.coder.std[part]).numpy()

    def _cadences(self, start: int, stop: int) -> dict[int, Floats]:
        """Half bar -> the tonic's chord, where a full close, the end or a new mode wants it."""
        closed = [i for i in range(start, stop) if self.plan[i].final or self.plan[i].cadence == "full"]
        halves = {2 * i + half for i in closed for half in (0, 1)} | {2 * i for i in range(start, stop) if self._turns(i)}
        return {half: chord_row(*TONIC[minor(self.plan[half // 2])]) for half in sorted(halves)}

    def _allowed(self, start: int, stop: int) -> dict[int, np.ndarray]:
        """Beat from bar `start` on -> which of the known chords cadences allow there."""
        found: dict[int, np.ndarray] = {}
        for i in range(start, stop):
            bar, beat = self.plan[i], 4 * (i - start)
            leads = self.chords[:, list(LEADING[minor(bar)])].any(axis=1)
            tonic = np.arange(len(self.chords)) == self._known(chord_row(*TONIC[minor(bar)]))
            if self._turns(i):
                found |= {beat: tonic, beat + 1: tonic}
            if bar.final or bar.cadence == "full":
                found |= {beat + k: tonic for k in range(4)} | {
                    beat - k: leads for k in (1, 2) if beat and not bar.final
                }
            elif bar.cadence == "half":
                found |= {beat + k: leads for k in (2, 3)}
        return found

    def _draft(self, first: int, start: int, stop: int) -> Draft | None:
        """What sampling is held to: the bars that others are like, and the chords of cadences."""
        length, parts = 2 * stop - first, self.coder.parts
        frames = torch.zeros(1, length, self.coder.channels)
        kept = torch.zeros(1, length, self.coder.channels)
        until = torch.ones(1, length)
        for i in range(start, stop):
            bar, at = self.plan[i], 2 * i - first
            if bar.like is not None:
                frames[0, at : at + 2] = self.coder.encode(torch.from_numpy(self._again(i, bar.like)))
                until[0, at : at + 2] = min(1.0, bar.variation**VARYING + BY_FADERS * self._moved(i, bar.like))
        for frame, row in self._cadences(start, stop).items():
            frames[0, frame - first, parts["harmony"]] = torch.from_numpy(self._harmony(row))
            kept[0, frame - first, parts["harmony"]] = 1.0
        if self.tune is not None:
            part = parts["melody"]
            frames[0, :, part] = self.coder.encode(torch.from_numpy(self.tune[first : 2 * stop]))[:, part]
            kept[0, :, part] = 1.0
        return Draft(frames, 1.0, kept, until)

    def _moved(self, bar: int, like: int) -> float:
        """Largest difference of what is asked of two bars, in standard deviations of the songs."""
        return float((np.abs(self._told(2 * bar, 2 * bar + 1) - self._told(2 * like, 2 * like + 1))).max())

    def _told(self, first: int, stop: int) -> Floats:
        """Normalised faders of half bars, none beyond `MOST`."""
        mean, std = self.model.fader_mean.numpy(), self.model.fader_std.numpy()
        return np.clip((self.asked[first:stop] - mean) / std, -MOST, MOST)

    def _decoded(self, latents: Tensor, start: int, stop: int) -> Floats:
        """Frames of the bars from their latents: the likeliest notes that the faders ask for, by the rules of the craft."""
        asked = np.repeat(self.asked[2 * start : 2 * stop], 2, axis=0)  # of each beat
        bars = self.plan[start:stop]
        before = self.frames[-1, CHORDS][CHORD:] if len(self.frames) else None
        found = chosen_chords(
            self.coder.chord_distances(latents).numpy().astype(float), self.chords, self.coder.chord_shares.numpy(),
            asked[:, FADED.index("harmony")], asked[:, FADED.index("dissonance")],
            np.repeat([b.attributes.mode for b in bars], 4), np.repeat([minor(b) for b in bars], 4),
            None if before is None else self._known(before), self._allowed(start, stop),
        )  # fmt: skip
        chords = self.chords[found]
        said = self.coder.logits(latents, torch.from_numpy(chords.reshape(len(latents), -1)))
        of_step = np.repeat(asked, 4, axis=0)
        sings = np.repeat([not b.intro for b in bars], BAR)
        if self.tune is None:
            logits = said.melody.flatten(0, 1).log_softmax(-1).numpy().astype(float)
            melody = melody_states(
                logits,
                sings,
                of_step[:, FADED.index("density")],
                self.model.intervals.double().numpy(),
                self._last_sung(),
            )
        else:
            melody = Steps.of(self.tune[2 * start : 2 * stop]).melody
        onsets, sounding = struck(
            said.onsets.flatten(0, 1).numpy().astype(float), said.sounding.flatten(0, 1).numpy().astype(float), chords,
            of_step[:, FADED.index("rhythm")], of_step[:, FADED.index("polyphony")],
        )  # fmt: skip
        steps = Steps(chords, melody, onsets, sounding)
        self._polished(steps, bars, of_step[:, FADED.index("dissonance")], of_step[:, FADED.index("bass")])
        return steps.frames()

    def _last_sung(self) -> int | None:
        """The state of the melody's last pitch so far."""
        states = (
            self.frames[:, MELODY].reshape(-1, MELODY_STATES).argmax(axis=1) if len(self.frames) else np.zeros(0, int)
        )
        sung = states[states >= FIRST]
        return int(sung[-1]) if len(sung) else None

    def _known(self, row: Floats) -> int:
        """The known chord nearest to one."""
        return int(((self.chords - row) ** 2).sum(axis=1).argmin())

    def _polished(self, steps: Steps, bars: Sequence[BarPlan], rough: np.ndarray, bass: np.ndarray) -> None:
        scale = MODES["minor" if minor(bars[0]) else "major"]
        if self.tune is None:
            last = self._last_sung()
            in_tune(steps, scale, None if last is None else last - FIRST + MELODY_LOW)
            for i, bar in enumerate(bars):
                if bar.final or bar.cadence:
                    close(
                        steps,
                        i,
                        "full" if bar.final else bar.cadence,
                        bar.final,
                        None if last is None else last - FIRST + MELODY_LOW,
                    )
        clean(steps, scale, rough)
        for i, bar in enumerate(bars):
            if bar.final:
                held_chord(steps, i, round(bar.attributes.polyphony))
            bass_at(steps, i, float(bass[i * BAR]))
            if rough[i * BAR] > SMOOTH and not bar.final:
                roughened(steps, i, float(rough[i * BAR]), scale)
