"""A finish, a table of colours and small maps -> the planes of a picture, developed band by band.

Planes are Y', Cb, Cr as codes, the two of colour as large as Y' or half of it. What is laid over a picture (light, air,
focus) is linear in what is below, so two small maps say all of it: a factor and an addition for each plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from emogen.pipelines.image import textures
from emogen.pipelines.image.air import FACE_AIR, air, wide_blur
from emogen.pipelines.image.colour import Codes, ColourTable, Floats
from emogen.pipelines.image.look import Finish
from emogen.pipelines.image.places import Places, guided_line

#: How much of a change of tone and of colour reaches a face, and of colour other skin (own choice: people keep their
#: complexion, and still stand in the same light as what is around them).
FACE_TONE, FACE_COLOUR, SKIN_COLOUR = 0.55, 0.30, 0.45
#: Tangent of the hue (Cb, Cr) by which skin may turn at most (6 degrees; about 10 of CIE Lab), and the least share of its
#: chroma that is left (own choice).
SKIN_TURN, SKIN_LEAST = 0.105, 0.6
LEAST_SKIN = 0.02  # less is left as it is
#: Standard deviation of grain in Y' at full amount; of what is out of focus, in shares of the long side.
GRAIN, FOCUS = 0.015, 0.0085
#: Long side from which grain has its full strength: on a small copy of a film it averages out.
GRAIN_SIDE = 1600
#: Sharpening looks at this share of the long side, at least `SHARP_PX`; so many rows beside a band; less is left out.
SHARP_SHARE, SHARP_PX, HALO, LEAST_SHARP = 0.00045, 0.8, 12, 0.03
#: Bounds of clarity and sharpness as factors on what differs from its surroundings, less 1 (own choice).
CLARITY, SHARP = (-0.35, 0.9), (-0.5, 0.8)
#: What falls is drawn at this long side and enlarged; light of a drop by day.
FALL_SIDE, DROP_LIGHT = 1280, 0.82
GLOW_COLOUR = 0.8  # of the colour of added light, how much is seen (own choice)


@dataclass(frozen=True)
class Small:
    """A small map that stands for a larger plane: each of its pixels for `factor` x `factor` of it."""

    map: Floats
    factor: int

    def rows(self, start: int, stop: int, width: int) -> Floats:
        """The rows of the larger plane from `start` (a multiple of the factor) to `stop`."""
        f = self.factor
        if f == 1:
            return np.ascontiguousarray(self.map[start:stop, :width])
        low, high = max(start // f - 1, 0), min(-(-stop // f) + 1, len(self.map))
        part = self.map[low:high]
        large = cv2.resize(part, (part.shape[1] * f, len(part) * f), interpolation=cv2.INTER_LINEAR)
        return large[start - low * f : stop - low * f, :width]

    def halved(self) -> Small:
        """For a plane half as large."""
        return Small(self.map, self.factor // 2)


class Development:
    """One picture (or moment of a video) about to be developed.

    Args:
        finish: What is asked.
        colours: What becomes of every colour.
        small: Its planes made small, codes of one size.
        where: Where things are in it, of the size of `small`.
        factor: How much larger the picture is than `small`.
        halved: Whether its planes of colour are half as large as that of light; `factor` is then even.
        seed: Of what is random.
        t_s: The moment.
        frame: Counts pictures: grain differs from one to the next.
    """

    def __init__(
        self, finish: Finish, colours: ColourTable, small: tuple[Codes, Codes, Codes], where: Places, *, factor: int,
        halved: bool, seed: int, t_s: float = 0.0, frame: int = 0,
    ) -> None:  # fmt: skip
        self.finish, self.colours, self.halved = finish, colours, halved
        self.factor, self.seed, self.t_s, self.frame, self.outdoors = factor, seed % 2**32, t_s, frame, where.outdoors
        self.long = factor * max(where.face.shape)
        self.drop = min(DROP_LIGHT, 0.15 + 0.85 * where.bright)
        someone = bool(where.face.any() or where.skin.any())
        keep = np.maximum(where.face * (1 - FACE_COLOUR), where.skin * (1 - SKIN_COLOUR))
        self.face = Small(where.face, factor) if someone else None
        self.keep = self._for_colour(keep) if someone else None
        self.skin = self._for_colour(where.skin) if someone else None
        self.toned = (colours.standard.light(np.arange(256, dtype=np.uint8))[:, 0] + colours.tone).astype(np.float32)
        light = colours.standard.light(small[0])
        graded = _coloured(colours, small, light, keep, where.face)
        self.over, self.under = self._laid(graded, where)
        self.detail = self._clear(light, where.face) if finish["clarity"] else None

    def band(
        self, y: Codes, u: Codes, v: Codes, start: int, stop: int, fall: Small | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Rows `start` to `stop` of the picture: Y' (0..1), Cb, Cr (-.5...5) as they are to be.

        `start` is a multiple of the factor, of that of what falls, and even.
        """
        width, half = y.shape[1], 2 if self.halved else 1
        c0, c1, cw = start // half, -(-stop // half), u.shape[1]
        standard = self.colours.standard
        codes, uc, vc = y[start:stop], u[c0:c1], v[c0:c1]
        small = codes if half == 1 else cv2.resize(codes, (cw, c1 - c0), interpolation=cv2.INTER_AREA)
        changed = self.colours.changes(small, uc, vc)
        if self.keep is not None:
            changed *= (1 - self.keep.rows(c0, c1, cw))[..., None]
        extra, du, dv = cv2.split(changed)
        face = None if self.face is None else self.face.rows(start, stop, width)
        new = cv2.LUT(codes, self.toned)
        top = max(start - HALO, 0)
        around = standard.light(y[top : stop + HALO])
        light = around[start - top : start - top + len(codes)]
        if face is not None:
            new -= (1 - FACE_TONE) * face * (new - light)
        new += extra if half == 1 else cv2.resize(extra, (2 * cw, 2 * (c1 - c0)))[: stop - start, :width]
        self._sharpen(new, light, around, start - top, face)
        self._lay(new, 0, start, stop, width)
        if self.detail is not None:
            new += self.detail.rows(start, stop, width) * light
        own = standard.colour(uc), standard.colour(vc)
        du += own[0]
        dv += own[1]
        self._lay(du, 1, c0, c1, cw)
        self._lay(dv, 2, c0, c1, cw)
        if self.skin is not None:
            _hue_kept(du, dv, own, self.skin.rows(c0, c1, cw))
        if self.finish["grain"] > 0:
            self._grain(new, codes, start, face)
        if fall is not None:
            share = fall.rows(start, stop, width)
            share = share if face is None else share * (1 - (1 - FACE_AIR) * face)
            new += share * np.maximum(self.drop - new, 0.05)
        return new, du, dv

    def fall(self, height: int, width: int) -> Small | None:
        """What falls over the whole picture, 0..1; None where nothing does."""
        amounts = [(self.finish[name] * self.outdoors, make) for name, make in (("rain", textures.rain), ("snow", textures.snow))]
        amounts = [(amount, make) for amount, make in amounts if amount > 0]
        if not amounts:
            return None
        factor = max(2 if self.halved else 1, -(-max(height, width) // FALL_SIDE))
        h, w = -(-height // factor), -(-width // factor)
        total = np.zeros((h, w), np.float32)
        for amount, make in amounts:
            for layer in make(self.seed):
                cv2.addWeighted(layer.at(h, w, self.t_s), amount, total, 1.0, 0.0, dst=total)
        return Small(np.minimum(total, 0.9), factor)

    def _for_colour(self, small: Floats) -> Small:
        whole = Small(small, self.factor)
        return whole.halved() if self.halved else whole

    def _laid(self, graded: Floats, where: Places) -> tuple[list[Small], list[Small]]:
        """Light, air and focus as a factor and an addition: of Y' first, then of Cb and Cr (one factor for both)."""
        around = air(self.finish, where, graded, self.colours, seed=self.seed, t_s=self.t_s)
        clear = around.gain * (1 - around.veil)
        factor, soft = clear * (1 - around.blur), [np.zeros_like(clear)] * 3
        if self.finish["blur"] > 0:
            soft = [around.blur * clear * x for x in _defocused(graded, where)]
        add = [soft[i] + around.veil * around.air[i] for i in range(3)]
        shine = np.clip(around.glow[..., 0], 0, 1)
        over = [Small(factor * (1 - shine), self.factor), self._for_colour(factor)]
        under = [Small(add[0] * (1 - shine) + shine, self.factor)]
        under += [self._for_colour(add[i] + GLOW_COLOUR * around.glow[..., i]) for i in (1, 2)]
        return over, under

    def _clear(self, light: Floats, face: Floats) -> Small:
        """What differs from its surroundings as a factor of the light, under what is laid over it; the rest is laid with that."""
        a, b = guided_line(light, light, max(max(light.shape) // 40, 2), 6e-3)
        clear = np.clip(2.0 ** self.finish["clarity"] - 1, *CLARITY) * (1 - 0.8 * face) * self.over[0].map
        self.under[0] = Small(self.under[0].map - clear * b, self.factor)
        return Small(clear * (1 - a), self.factor)

    def _lay(self, plane: Floats, which: int, start: int, stop: int, width: int) -> None:
        plane *= self.over[min(which, 1)].rows(start, stop, width)
        plane += self.under[which].rows(start, stop, width)

    def _sharpen(self, new: Floats, light: Floats, around: Floats, before: int, face: Floats | None) -> None:
        """Sharper or softer where it is not a face."""
        amount = float(np.clip(2.0 ** (1.2 * self.finish["sharp"]) - 1, *SHARP))
        if abs(amount) < LEAST_SHARP:
            amount *= abs(amount) / LEAST_SHARP
        if not amount:
            return
        sigma = min(max(SHARP_SHARE * self.long, SHARP_PX), HALO / 3)
        size = 2 * int(2.2 * sigma + 0.9) + 1  # beyond it a Gaussian is nothing
        fine = light - cv2.GaussianBlur(around, (size, size), sigma)[before : before + len(light)]
        fine *= amount
        new += fine if face is None else fine * (1 - face)

    def _grain(self, new: Floats, codes: Codes, start: int, face: Floats | None) -> None:
        size = max(1, round(self.long / 2600))
        oy, ox = np.random.default_rng((self.seed, 7, self.frame)).integers(0, textures.GRAIN_PX, 2)
        sheet = _sheet(self.seed, new.shape[1], size)
        row = (start // size + int(oy)) % textures.GRAIN_PX
        rows = -(-(len(new) + start % size) // size)
        noise = sheet[row : row + rows, ox : ox + -(-new.shape[1] // size)]
        if size > 1:
            noise = noise.repeat(size, axis=0).repeat(size, axis=1)[start % size :]
        grey = np.linspace(0, 1, 256)
        strength = GRAIN * self.finish["grain"] * min(1.0, self.long / GRAIN_SIDE) ** 0.5 * (0.35 + 2.6 * grey * (1 - grey))
        noise = noise[: len(new), : new.shape[1]] * cv2.LUT(codes, strength.astype(np.float32))
        new += noise if face is None else noise * (1 - 0.75 * face)


def _hue_kept(u: Floats, v: Floats, own: tuple[Floats, Floats], skin: Floats) -> None:
    """Turns Cb and Cr back, where it is skin, to within `SKIN_TURN` of the hue they had."""
    at = np.flatnonzero(skin.max(axis=1) > LEAST_SKIN)
    if not len(at):
        return
    rows = slice(at[0], at[-1] + 1)
    (a, b), share = (x[rows] for x in own), skin[rows]
    chroma = a * a + b * b + np.float32(1e-6)
    along, across = np.maximum((u[rows] * a + v[rows] * b) / chroma, SKIN_LEAST), (v[rows] * a - u[rows] * b) / chroma
    across = np.clip(across, -SKIN_TURN * along, SKIN_TURN * along)
    u[rows] += share * (along * a - across * b - u[rows])
    v[rows] += share * (along * b + across * a - v[rows])


@lru_cache(maxsize=4)
def _sheet(seed: int, width: int, size: int) -> Floats:
    """Grain from which any window can be cut, [2 tiles, a tile and the width]."""
    tile = textures.grain(seed)
    return np.tile(tile, (3, -(-width // size) // textures.GRAIN_PX + 2))


def _coloured(colours: ColourTable, planes: tuple[Codes, Codes, Codes], light: Floats, keep: Floats, face: Floats) -> Floats:
    """A small picture with its new colours, [h, w, 3]."""
    changed = colours.changes(*planes) * (1 - keep)[..., None]
    changed[..., 0] += light + cv2.LUT(planes[0], colours.tone) * (1 - (1 - FACE_TONE) * face)
    changed[..., 1] += colours.standard.colour(planes[1])
    changed[..., 2] += colours.standard.colour(planes[2])
    return changed


def _defocused(graded: Floats, where: Places) -> list[Floats]:
    """The small picture out of focus; what is in focus does not run into it."""
    sigma = FOCUS * max(where.far.shape)
    # Points of light become discs: light counts more the lighter it is.
    weight = np.clip(1 - where.subject - where.face, 0.02, 1) * (1 + 3 * np.clip(graded[..., 0], 0, 1) ** 6)
    below = wide_blur(weight, sigma)
    return [wide_blur(graded[..., i] * weight, sigma) / below for i in range(3)]
