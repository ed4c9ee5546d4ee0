"""Every limit on what emogen reads or renders, in one place.

The limits guard against files that decompress to far more than they weigh and against slips of the
keyboard; they are wide enough for a film's scene. A message that refuses something names the field here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Upper bounds, inclusive, with the unit in each name."""

    emotion_chars: int = 10_000
    emotion_depth: int = 32
    keyframes: int = 10_000
    intensity: float = 1.5
    text_chars: int = 100_000
    script_bytes: int = 2_000_000
    script_lines: int = 20_000
    media_bytes: int = 2_000_000_000
    audio_s: float = 3_600.0
    audio_channels: int = 8
    audio_rate_hz: int = 384_000
    audio_samples: int = 200_000_000
    image_pixels: int = 50_000_000
    image_min_side_px: int = 32
    face_min_side_px: int = 80
    video_s: float = 3_600.0
    video_side_px: int = 4_096
    video_fps: float = 120.0
    midi_s: float = 3_600.0
    midi_notes: int = 200_000
    midi_bytes: int = 20_000_000
    bvh_frames: int = 500_000
    bvh_joints: int = 512
    bvh_depth: int = 128
    bvh_bytes: int = 200_000_000
    npz_bytes: int = 500_000_000
    music_s: float = 1_800.0
    render_s: float = 3_600.0
    json_bytes: int = 20_000_000
    json_depth: int = 64
    csv_bytes: int = 200_000_000
    csv_frames: int = 500_000
    subtitle_bytes: int = 20_000_000
    subtitle_cues: int = 50_000
    items: int = 20_000
    cache_bytes: int = 2_000_000_000
    checkpoint_header_bytes: int = 10_000_000


LIMITS = Limits()
