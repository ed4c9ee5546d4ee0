"""How an agent answers what the other one feels: where a policy leads in VAD space, in steps that nobody stumbles over.

The policies are those that the literature on feeling agents tries out: mirroring (emotional mimicry, Hess & Fischer
2013, Personality and Social Psychology Review 17:142-157), its contrary, and eliciting a better feeling; the supportive
one follows the order of emotional support conversations: first acknowledge, then comfort (Liu et al. 2021, ACL,
3469-3483, after Hill's helping skills). Goals, shares and the largest step are this project's own assumptions.
"""

from __future__ import annotations

import difflib

import numpy as np

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.personality import likely
from emogen.errors import InputError

#: Name -> what it does.
POLICIES: dict[str, str] = {
    "mirror": "shows the other's feeling, a little fainter",
    "contrast": "shows the opposite of the other's valence and arousal",
    "hold": "keeps its own feeling, whatever the other one feels",
    "calm": "meets the other's arousal first, then leads down to calm",
    "cheer": "leads up to joy and hope",
    "supportive": "acknowledges the other's trouble softly first, then leads to calm and hope",
}
_ALSO = {"calm down": "calm", "cheer up": "cheer", "support": "supportive", "mimic": "mirror"}
#: Where policies lead: valence, arousal, dominance.
GOALS = {"calm": (0.35, -0.45, 0.25), "cheer": (0.65, 0.40, 0.30), "supportive": (0.40, -0.25, 0.25)}
#: The part of the other's valence, arousal and dominance that is shown to say: I see how you are.
MEETING = {"calm": (0.3, 0.6, 0.0), "supportive": (0.55, 0.30, 0.2)}
MIRRORED = 0.85  # part of the other's feeling that a mirror shows
OPPOSED = (-0.7, -0.7, 0.3)  # parts of it that a contrast shows
LEAD = 0.75  # how far a policy decides; the rest is what the words say
STEP = 0.35  # the longest way in VAD space from one turn to the next
TROUBLE = -0.15  # below this valence the other one is in trouble; a fall of NEWS more is a new one
AROUSED, NEWS = 0.15, 0.25  # above this arousal they are to be calmed


def find_policy(name: object) -> str:
    """The name of a policy as `POLICIES` has it.

    Raises:
        InputError: There is none of that name.
    """
    wanted = " ".join(str(name).replace("_", " ").replace("-", " ").lower().split())
    wanted = _ALSO.get(wanted, wanted)
    if wanted in POLICIES:
        return wanted
    near = difflib.get_close_matches(wanted, POLICIES, n=1)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    raise InputError("policy", f'unknown policy "{str(name)[:40]}"', f"{hint}Accepted: {', '.join(POLICIES)}.")


def needs_meeting(policy: str, heard: np.ndarray, met: np.ndarray | None) -> bool:
    """Whether the other's state has still to be acknowledged before a policy leads away from it.

    Args:
        policy: One of `POLICIES`.
        heard: What the other one shows: valence, arousal, dominance.
        met: What they showed when it was last acknowledged; None: it never was.
    """
    if policy == "supportive":
        return bool(heard[0] < TROUBLE and (met is None or heard[0] < met[0] - NEWS))
    if policy == "calm":
        return bool(heard[1] > AROUSED and (met is None or heard[1] > met[1] + NEWS))
    return False


def answer(policy: str, felt: Emotion, heard: Emotion, before: Emotion, meeting: bool) -> Emotion:
    """What an agent shows.

    Args:
        policy: One of `POLICIES`.
        felt: What its words and its own memory would have it feel.
        heard: What the other one shows.
        before: What it showed in its last turn.
        meeting: Whether this turn acknowledges, see `needs_meeting`.

    Returns:
        A feeling at most `STEP` from the one before.
    """
    other = heard.vad
    if policy == "hold":
        wanted = felt.vad
    elif policy == "mirror":
        wanted = felt.vad + LEAD * (MIRRORED * other - felt.vad)
    elif policy == "contrast":
        wanted = felt.vad + LEAD * (np.array(OPPOSED) * other - felt.vad)
    else:
        goal = np.array(MEETING[policy]) * other if meeting else np.array(GOALS[policy])
        wanted = felt.vad + LEAD * (goal - felt.vad)
    way = wanted - before.vad
    length = float(np.linalg.norm(way))
    if policy == "hold" and length <= STEP:
        return felt
    return likely(np.clip(before.vad + way * min(1.0, STEP / max(length, 1e-9)), -1.0, 1.0))
