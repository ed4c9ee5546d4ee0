"""Tiny models of real classes, saved once for all tests of a session; what they need is imported when they are asked for."""

from __future__ import annotations

import pytest


def _saved(tiny, root):
    """Kind -> the folder of a tiny model of it, built when first asked for."""
    built = {}

    def model(name, **how):
        key = name + "".join(sorted(how))
        if key not in built:
            built[key] = getattr(tiny, name)(root / key, **how)
        return built[key]

    return model


@pytest.fixture(scope="session")
def music_models(tmp_path_factory):
    """Models that generate music, see `_saved`."""
    from tests.pipelines import tiny_music_models as tiny

    return _saved(tiny, tmp_path_factory.mktemp("music_models"))


@pytest.fixture(scope="session")
def opened_music(music_models):
    """A backend with a tiny model of a kind, the same one in every test."""
    from tests.pipelines.music_backends import CLASSES

    pipes = {}

    def open_(name, **how):
        key = name + "".join(sorted(how))
        if key not in pipes:
            pipes[key] = CLASSES[name].from_pretrained(music_models(name, **how))
            pipes[key].set_progress_bar_config(disable=True)
        return pipes[key]

    return open_


@pytest.fixture(scope="session")
def head_models(tmp_path_factory):
    """Video models, see `_saved`."""
    from tests.pipelines import tiny_video_models as tiny

    return _saved(tiny, tmp_path_factory.mktemp("video_models"))


@pytest.fixture(scope="session")
def plain_face():
    """Motion by rules and a voice by rules: quick."""
    from emogen.codecs.face_codec import FaceCodec
    from emogen.pipelines.speech.pipeline import RuleSpeechPipeline
    from emogen.pipelines.talking_head.expression import ExpressionRules
    from emogen.pipelines.talking_head.pipeline import TalkingHeadPipeline

    return TalkingHeadPipeline(FaceCodec(), ExpressionRules(), RuleSpeechPipeline.embedded())


@pytest.fixture(scope="session")
def opened_head(head_models, plain_face):
    """A backend with a tiny model of a kind, a new one each time."""
    from emogen.pipelines.talking_head.backends.image_to_video import ImageToVideoTalkingHeadPipeline
    from emogen.pipelines.talking_head.backends.wan_animate import WanAnimateTalkingHeadPipeline

    def open_(name, torch_dtype=None, **how):
        kind = WanAnimateTalkingHeadPipeline if name == "wan_animate" else ImageToVideoTalkingHeadPipeline
        pipe = kind.from_pretrained(head_models(name, **how), face=plain_face, torch_dtype=torch_dtype)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return open_
