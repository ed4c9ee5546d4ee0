"""What stimuli are like apart from their feeling: named measures of the sound, the face, the picture and the movement in a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emogen.media.loudness import loudness_lufs, peak_dbfs, rms_dbfs

Measures = dict[str, float]
PAUSE_S = 0.15  # silences from this length on are pauses, shorter ones belong to stops (own assumption)
FACE_FPS = 12.5  # pictures a second of a video that are looked at
#: Measure -> unit and what it is. In the table they stand in this order.
TOLD: dict[str, tuple[str, str]] = {
    "duration_s": ("s", "Length of the file's sound, or of its pictures."),
    "loudness_lufs": ("LUFS", "Programme loudness, ITU-R BS.1770-4 with both gates."),
    "level_rms_db": ("dBFS", "Root mean square of all samples."),
    "peak_db": ("dBFS", "Largest sample."),
    "f0_mean_hz": ("Hz", "Mean fundamental frequency of voiced frames (10 ms), by autocorrelation after Boersma (1993)."),
    "f0_sd_st": ("semitones", "Standard deviation of the fundamental frequency."),
    "f0_range_st": ("semitones", "From its 5th to its 95th percentile."),
    "speech_rate_syl_s": ("1/s", "Peaks of the smoothed level, about one a syllable, by time without pauses."),
    "pauses": ("count", f"Silences of {PAUSE_S:g} s or more within the sound; silence is 35 dB below the loudest frame."),
    "pause_share": ("0..1", "Their part of the time between the first and the last sound."),
    "voiced_share": ("0..1", "Part of the sounding frames that are voiced."),
    "pitch_shake_st": ("semitones", "Mean second difference of F0 over 10 ms frames: what jitter does, not cycle by cycle."),
    "level_shake_db": ("dB", "Mean change of level between voiced 10 ms frames: what shimmer does, not cycle by cycle."),
    "hnr_db": ("dB", "Harmonics-to-noise ratio, 10 log10(r / (1 - r)) of the mean autocorrelation peak r of voiced frames."),
    "centroid_hz": ("Hz", "Spectral centroid of voiced frames."),
    "alpha_ratio_db": ("dB", "Energy of 1-5 kHz over 50 Hz-1 kHz: vocal effort (eGeMAPS)."),
    "hammarberg_db": ("dB", "Strongest peak below 2 kHz over the strongest of 2-5 kHz (Hammarberg et al. 1980)."),
    "face_found": ("0..1", "Part of the pictures in which a face was found."),
    "head_speed_deg_s": ("deg/s", "Mean angular speed of the head."),
    "head_energy": ("(deg/s)^2", "Mean squared angular speed of the head."),
    "luminance": ("0..1", "Mean relative luminance (BT.709) of the pictures."),
    "rms_contrast": ("0..1", "Standard deviation of the luminance within a picture."),
    "flicker": ("0..1", "Mean change of the mean luminance from picture to picture."),
}
FACE_TOLD = "Mean over the pictures, in distances between the outer eye corners; the face is laid on a mean face first: "
PICTURE_TOLD = "Of the picture, as conditioning.image_measures measures it: "
BODY_TOLD = "Of 14 joints, lengths in body heights, speeds in body heights a second: "


def measured(path: Path) -> Measures:
    """Every measure that a file's kind allows.

    Raises:
        EmogenError: It cannot be read.
    """
    from emogen.media.sniff import kind_of

    kind = kind_of(path)
    if kind in ("wav", "flac", "ogg", "mp3"):
        return _sound(path)
    if kind in ("mp4", "matroska"):
        return _film(path)
    if kind in ("png", "jpeg", "webp"):
        return _picture(path)
    return _movement(path) if kind == "bvh" else {}


def told(name: str) -> tuple[str, str]:
    """Unit and meaning of a measure."""
    from emogen.conditioning import face_measures, image_measures, motion_measures

    if name in TOLD:
        return TOLD[name]
    kind, _, rest = name.partition("_")
    phrases: Mapping[str, tuple[str, str]]
    unit, text, phrases = {
        "face": ("eye distances", FACE_TOLD, face_measures.PHRASES),
        "image": ("", PICTURE_TOLD, image_measures.PHRASES),
        "body": ("", BODY_TOLD, motion_measures.PHRASES),
    }[kind]
    low, high = next((p for n, p in phrases.items() if _column(n) == rest), ("low", "high"))
    return unit, f"{text}from {low} to {high}."


def _column(name: str) -> str:
    return name.replace(" ", "_")


# -- sound ---------------------------------------------------------------------------------------------------
def _sound(path: Path) -> Measures:
    from emogen.media.audio import read_audio

    sound = read_audio(path, mono=False)
    found = {
        "duration_s": sound.duration_s,
        "loudness_lufs": loudness_lufs(sound.samples, sound.sample_rate),
        "level_rms_db": rms_dbfs(sound.samples),
        "peak_db": peak_dbfs(sound.samples),
    }
    return found | voice(sound.mono().resampled(16_000).samples)


def voice(samples: NDArray[np.float32]) -> Measures:
    """Measures of a voice, mono at 16 kHz; nothing of pitch where nothing is voiced."""
    from emogen.conditioning.voice_measures import HOP, NAMES, SAMPLE_RATE_HZ, frames, measure

    seen = frames(samples)
    named = dict(zip(NAMES, measure(seen).tolist(), strict=True))
    heard = np.flatnonzero(seen.heard)
    silent = ~seen.heard[heard[0] : heard[-1] + 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(int), [0]])))
    lengths = (edges[1::2] - edges[::2]) * HOP / SAMPLE_RATE_HZ
    long = lengths[lengths >= PAUSE_S]
    found = {
        "speech_rate_syl_s": named["syllable rate"],
        "pauses": float(len(long)),
        "pause_share": float(long.sum() / (len(silent) * HOP / SAMPLE_RATE_HZ)),
        "voiced_share": named["voiced share"],
    }
    f0 = seen.pitch_hz[seen.voiced]
    if len(f0) < 5:
        return found
    semitones = 12.0 * np.log2(f0 / f0.mean())
    clear = min(max(named["clearness"], 1e-3), 1.0 - 1e-3)
    return {
        "f0_mean_hz": float(f0.mean()),
        "f0_sd_st": float(semitones.std()),
        "f0_range_st": float(np.ptp(np.percentile(semitones, (5, 95)))),
        **found,
        "pitch_shake_st": named["shake"],
        "level_shake_db": named["shimmer"],
        "hnr_db": float(10.0 * np.log10(clear / (1.0 - clear))),
        "centroid_hz": 1000.0 * named["brightness"],
        "alpha_ratio_db": named["effort"],
        "hammarberg_db": named["steep spectrum"],
    }


# -- pictures ------------------------------------------------------------------------------------------------
def _film(path: Path) -> Measures:
    from emogen.conditioning.face_mesh import watch
    from emogen.media.video import probe, read_frames

    info = probe(path)
    fps = min(FACE_FPS, info.fps)
    found: Measures = _sound(path) if info.audio_rate else {"duration_s": info.duration_s}
    lights: list[tuple[float, float]] = []

    def pictures() -> Any:
        for picture in read_frames(path, fps=fps):
            light = _luminance(picture)
            lights.append((float(light.mean()), float(light.std())))
            yield picture

    found |= _face(watch(pictures(), fps))
    means, spreads = np.asarray(lights).T
    flicker = float(np.abs(np.diff(means)).mean()) if len(means) > 1 else 0.0
    return found | {"luminance": float(means.mean()), "rms_contrast": float(spreads.mean()), "flicker": flicker}


def _face(watched: Any) -> Measures:
    from emogen.conditioning import face_measures

    there = watched.there
    found = {"face_found": float(there.mean()) if len(there) else 0.0}
    if there.sum() < 2:
        return found if found["face_found"] else {}
    laid, pose = face_measures.aligned(watched.points[there], _mean_face())
    named = face_measures.measure(laid).mean(axis=0)
    turns = np.linalg.norm(np.diff(pose, axis=0), axis=1) * watched.fps
    found |= {f"face_{_column(n)}": float(v) for n, v in zip(face_measures.NAMES, named, strict=True)}
    return found | {"head_speed_deg_s": float(turns.mean()), "head_energy": float((turns**2).mean())}


@cache
def _mean_face() -> NDArray[np.float64]:
    """[70, 3] on which every face is laid: that of the guide's checkpoint."""
    from emogen.conditioning.learned import folder_of, read_config

    return np.asarray(read_config(folder_of("face", "embedded"))["template"], dtype=float)


def _picture(path: Path) -> Measures:
    from emogen.conditioning import image_measures
    from emogen.media.image import read_image

    picture = read_image(path)
    light = _luminance(picture)
    named = dict(zip(image_measures.NAMES, image_measures.measure(picture).tolist(), strict=True))
    return {
        "luminance": float(light.mean()),
        "rms_contrast": float(light.std()),
        **{f"image_{_column(name)}": value for name, value in named.items()},
    }


def _luminance(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance 0..1 of sRGB (IEC 61966-2-1)."""
    linear = _LINEAR[picture]
    light: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return light


_CODES = np.arange(256) / 255.0
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)


def _movement(path: Path) -> Measures:
    from emogen.conditioning import motion_measures
    from emogen.conditioning.body_pose import bvh_positions
    from emogen.media.motion import read_bvh

    motion = read_bvh(path)
    named = motion_measures.measure(motion_measures.normalised(bvh_positions(motion), motion.fps))
    return {
        "duration_s": motion.duration_s,
        **{f"body_{name}": float(v) for name, v in zip(motion_measures.NAMES, named, strict=True)},
    }
