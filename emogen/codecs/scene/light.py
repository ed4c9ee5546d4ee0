"""Hour, season and weather of a scene -> its light.

The sun rises about six and sets between six and nine in the evening by the season. It stands near the line of sight when
it is low, so that it can be seen, and to the side by day. The moon takes its place in the dark. Light fades with the
hour much less than outdoors (`FADING`): an eye gets used to dusk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emogen.codecs.scene.atmosphere import scattered, transmitted
from emogen.codecs.scene.noise import smoothstep
from emogen.codecs.scene.scene import Scene
from emogen.codecs.scene.stage import Light, Stage

Vector = NDArray[np.float64]
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (IEC 61966-2-1)
SUN = 1.05  # light of the sun outside the air: a sheet facing it at noon then gets about 1 from sun and sky
FADING = 0.26  # light at dusk is what an eye that is used to noon would see, to this power (own choice)
MOON = np.array([0.62, 0.80, 1.25]) * 0.08  # moonlight as painters and films show it, not its physical millionth
HANDED_ON = 0.07  # share of sunlight that clouds and land around hand on (own choice)
FLASH = np.array([0.10, 0.11, 0.14])  # what lightning adds to the light of the sky (own choice)
BLUE_HOUR = np.array([0.012, 0.052, 0.145])  # light of a deep blue dusk, scattered more than once (own choice)
BLUER = np.array([-0.62, 0.12, 0.02])  # of what the sun lights high up then: dusks are blue, not violet (own choice)
MOONRISE_DEG = -6.5  # of the sun: lower, the moon is what lights the land (own choice)
NOON = 0.92  # level of light, as `heavens` measures it, under a high sun
STARLIGHT = np.array([0.30, 0.44, 0.80]) * 0.018  # own choice: what is left without a moon
CLEAREST_PER_M, THICKEST_PER_M = 5.0e-5, 0.12  # 60 km of sight, and 25 m (Koschmieder: 3 / haze)


@dataclass(frozen=True)
class Heavens:
    """Where sun and moon stand, and how strong their light is before clouds and fog.

    Attributes:
        sun: Direction to the sun [3].
        moon: Direction to the moon [3].
        elevation_deg: Of the sun.
        gain: What sunlight and the sky lit by it are multiplied by for an eye used to the hour.
        moonlight: Of the moon, reaching the ground [3]; 0 by day.
        dark: 0 by day .. 1 when all stars are out.
        blue: 1 in the blue hour.
    """

    sun: Vector
    moon: Vector
    elevation_deg: float
    gain: float
    moonlight: Vector
    dark: float
    blue: float

    def clear(self, view: Vector) -> Vector:
        """Light [n, 3] of the sky without clouds in the directions `view` [n, 3]."""
        high = self.blue * smoothstep(0.0, 0.3, view[:, 1:2].astype(np.float32))
        light = SUN * self.gain * scattered(view, self.sun) * (1 + high * BLUER) + STARLIGHT * self.dark
        light = light + BLUE_HOUR * self.blue * (0.35 + 0.65 * np.clip(view[:, 1:2], 0, 1))
        if self.moonlight.any():
            light = light + scattered(view, self.moon) * (self.moonlight * 1.6)
        return np.asarray(light)


def direction(azimuth_deg: float, elevation_deg: float) -> Vector:
    """The direction to the right of the line of sight by an azimuth and above the horizon by an elevation [3]."""
    a, e = np.radians([azimuth_deg, elevation_deg])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


_HORIZON = np.array([direction(a, 2.0) for a in (-40, -20, 0, 20, 40)])  # what of it can be seen


def sun_elevation_deg(hour: float, season: float) -> float:
    """Height of the sun over the horizon by hour (0..24) and season (0..4, 1 summer).

    Seasons move noon as they do, dusk and dawn by half an hour alone: "six in the evening" is to look like evening.
    """
    summer = np.cos((season - 1) * np.pi / 2)
    rise, fall, noon = 6.1 - 0.3 * summer, 18.9 + 0.4 * summer, 42.0 + 18.0 * summer
    day = fall - rise
    if rise <= hour <= fall:
        return float(noon * np.sin(np.pi * (hour - rise) / day))
    return float(-27.0 * np.sin(np.pi * ((hour - fall) % 24) / (24 - day)))


def _dome() -> Vector:
    """Directions that cover the sky evenly by the light they give to a level sheet [n, 3]."""
    a, s = np.meshgrid((np.arange(8) + 0.5) * 2 * np.pi / 8, (np.arange(4) + 0.5) / 4)
    level = np.sqrt(s)
    return np.stack([level * np.cos(a), np.sqrt(1 - s), level * np.sin(a)], -1).reshape(-1, 3)


def heavens(scene: Scene) -> Heavens:
    """Sun and moon of a scene."""
    rng = scene.rng("light")
    side, near, far, moon_off, moon_up = rng.choice([-1, 1]), *rng.random(4)
    elevation = sun_elevation_deg(scene["hour"], scene["season"])
    aside = float(smoothstep(7.0, 40.0, elevation))
    sun = direction(side * ((3 + 9 * near) * (1 - aside) + (55 + 55 * far) * aside), elevation)
    moon = direction(-side * (4 + 9 * moon_off), 13.5 + 4.5 * moon_up)
    dark = float(smoothstep(-2.0, -13.0, elevation))
    ground = transmitted(np.array([100.0]), np.array([sun[1]]))[0]
    level = (scattered(_dome(), sun).mean(0) + 0.7 * ground + 0.3 * scattered(_HORIZON, sun).mean(0)) @ LUMINANCE
    gain = float((NOON / max(level, 1e-7)) ** (1 - FADING) * smoothstep(-15.0, -5.0, elevation))
    blue = float(smoothstep(0.5, -6.0, elevation) * smoothstep(-15.0, -8.0, elevation))
    return Heavens(sun, moon, elevation, gain, MOON * float(smoothstep(MOONRISE_DEG, -12.0, elevation)), dark, blue)


def overcast(scene: Scene) -> float:
    """How much of the sun the clouds keep away, 0..1."""
    cover = float(smoothstep(0.45, 1.0, scene["cloud"]))
    return 1 - (1 - 0.93 * cover) * (1 - 0.9 * float(smoothstep(0.0, 0.8, scene["storm"])))


def _fog(scene: Scene) -> float:
    return float(smoothstep(0.15, 0.8, scene["fog"])) * 0.97


def unveiled(stage: Stage) -> float:
    """How sharply the sun is seen, 0..1: a closed layer of clouds and fog spread what comes through."""
    return (1 - overcast(stage.scene)) * (1 - _fog(stage.scene))


def grey_sky(scene: Scene, sky: Vector, direct: Vector) -> Vector:
    """The light of a closed layer of clouds [3], from that of the clear sky and of the sun on level ground [3]."""
    light = 0.62 * sky + 0.42 * direct
    grey = (light @ LUMINANCE) * np.array([0.96, 1.0, 1.06])
    gloom = 1 - 0.72 * float(smoothstep(0.0, 1.0, scene["storm"])) - 0.12 * scene["rain"] * (1 - scene["storm"])
    return np.asarray((0.3 * light + 0.7 * grey) * gloom)


def haze_per_m(scene: Scene) -> float:
    """Share of light lost on a metre of air: fog, rain and falling snow."""
    fog = CLEAREST_PER_M * (THICKEST_PER_M / CLEAREST_PER_M) ** scene["fog"]
    return float(fog + 0.0012 * scene["rain"] ** 1.5 + 0.004 * scene["snowfall"] ** 1.5)


def _mixed(scene: Scene, sky: Heavens) -> tuple[Vector, Vector, Vector, Vector, float]:
    """Direct light, its share on level ground, the sky's light, fog's colour, and how much of far air is fog."""
    up = sky.sun[1]
    direct = SUN * sky.gain * transmitted(np.array([300.0]), np.array([up + 0.006]))[0]
    direct = direct * float(smoothstep(-1.5, 2.5, sky.elevation_deg))
    dome = sky.clear(_dome()).mean(0)
    level = max(up, 0.0) * direct + sky.moon[1] * sky.moonlight
    shut = overcast(scene)
    cloudy = grey_sky(scene, dome, level)
    ambient = (dome + HANDED_ON * direct) * (1 - shut) + cloudy * shut
    white = ambient * 1.05 + 0.45 * level * (1 - shut)
    fog = _fog(scene)
    return direct + sky.moonlight, cloudy, ambient, 0.5 * white + 0.5 * (white @ LUMINANCE), fog


def far_air(scene: Scene, view: Vector) -> Vector:
    """The colour [n, 3] of air far away in the directions `view` [n, 3] near the horizon."""
    sky = heavens(scene)
    _, cloudy, _, white, fog = _mixed(scene, sky)
    shut = overcast(scene)
    far = sky.clear(view) * (1 - 0.85 * shut) + cloudy * (0.95 - 0.38 * scene["storm"]) * shut
    return np.asarray(far * (1 - fog) + white * fog)


def air_before(scene: Scene, view: Vector) -> Vector:
    """The colour [n, 3] of the air before the land in the directions `view`: at dusk it lies in the earth's shadow already."""
    sky = heavens(scene)
    _, _, ambient, _, fog = _mixed(scene, sky)
    shadow = 0.88 * float(smoothstep(5.0, -4.0, sky.elevation_deg)) * (1 - fog)
    return far_air(scene, view) * (1 - shadow) + 1.15 * ambient * shadow


def light_of(scene: Scene) -> Light:
    """The light of a scene."""
    sky = heavens(scene)
    direct, _, ambient, white, fog = _mixed(scene, sky)
    return Light(
        sky.moon if sky.elevation_deg < MOONRISE_DEG else sky.sun,
        sky.elevation_deg,
        direct * (1 - overcast(scene)) * (1 - 0.9 * fog),
        ambient * (1 - fog) + white * fog + FLASH * float(smoothstep(0.5, 1.0, scene["lightning"])),
        air_before(scene, _HORIZON).mean(0),
        haze_per_m(scene),
        sky.dark,
    )
