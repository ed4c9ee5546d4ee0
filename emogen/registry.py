"""Names of pipelines, recognisers, codecs and backends -> where they live.

Everything is an import string (`"module:Name"`), so that knowing of a thing costs no import of it.
Other packages add theirs under the entry point group `emogen.plugins`: each entry point loads a mapping
`{"pipelines": {...}, "recognizers": {...}, "codecs": {...}}` of the same shape.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from emogen.errors import InputError

#: kind -> name -> import string. A pipeline's name is `modality` (embedded) or `modality/backend`.
BUILT_IN: dict[str, dict[str, str]] = {
    "pipelines": {
        "speech": "emogen.pipelines.speech.pipeline:SpeechPipeline",
        "speech/rules": "emogen.pipelines.speech.pipeline:RuleSpeechPipeline",
        "speech/transformers": "emogen.pipelines.speech.backends.transformers_tts:TransformersSpeechPipeline",
        "speech/coqui": "emogen.pipelines.speech.backends.coqui:CoquiSpeechPipeline",
        "dialogue": "emogen.pipelines.speech.dialogue:DialoguePipeline",
        "conversion": "emogen.pipelines.speech.conversion:VoiceConversionPipeline",
        "talking_head": "emogen.pipelines.talking_head.pipeline:TalkingHeadPipeline",
        "talking_head/wan-animate": "emogen.pipelines.talking_head.backends.wan_animate:WanAnimateTalkingHeadPipeline",
        "talking_head/i2v": "emogen.pipelines.talking_head.backends.image_to_video:ImageToVideoTalkingHeadPipeline",
        "face_edit": "emogen.pipelines.talking_head.video_edit:FaceEditPipeline",
        "gesture": "emogen.pipelines.gesture.pipeline:GesturePipeline",
        "gesture/rules": "emogen.pipelines.gesture.pipeline:RuleGesturePipeline",
        "music": "emogen.pipelines.music.pipeline:MusicPipeline",
        "music/rules": "emogen.pipelines.music.pipeline:RuleMusicPipeline",
        "music/musicgen": "emogen.pipelines.music.backends.musicgen:MusicgenPipeline",
        "music/stable-audio": "emogen.pipelines.music.backends.stable_audio:StableAudioMusicPipeline",
        "music/ace-step": "emogen.pipelines.music.backends.ace_step:AceStepMusicPipeline",
        "music/audioldm2": "emogen.pipelines.music.backends.audioldm2:AudioLDM2MusicPipeline",
        "image": "emogen.pipelines.image.pipeline:ImagePipeline",
        **dict.fromkeys(
            ("image/diffusers", "image/sd", "image/sdxl", "image/sd3", "image/flux", "image/pixart", "image/sana"),
            "emogen.pipelines.image.backends.text_to_image:DiffusersImagePipeline",
        ),
        "image_edit": "emogen.pipelines.image.edit:ImageEditPipeline",
        "image_edit/rules": "emogen.pipelines.image.edit_rules:RuleImageEditPipeline",
        "video": "emogen.pipelines.video.pipeline:VideoPipeline",
        **dict.fromkeys(
            ("video/diffusers", "video/wan", "video/ltx", "video/animatediff", "video/cogvideox"),
            "emogen.pipelines.video.backends.text_to_video:DiffusersVideoPipeline",
        ),
        "video_edit": "emogen.pipelines.video.edit:VideoEditPipeline",
        "performance": "emogen.pipelines.performance.pipeline:PerformancePipeline",
        "sequence": "emogen.pipelines.sequence:SequencePipeline",
    },
    "recognizers": {
        "text": "emogen.conditioning.text:TextRecognizer",
        "speech": "emogen.conditioning.audio:SpeechRecognizer",
        "face": "emogen.conditioning.face:FaceRecognizer",
        "motion": "emogen.conditioning.motion:MotionRecognizer",
        "image": "emogen.conditioning.image:ImageRecognizer",
        "music": "emogen.conditioning.music:MusicRecognizer",
    },
    "codecs": {
        "voice": "emogen.codecs.voice:VoiceCodec",
        "voice_change": "emogen.codecs.voice_change:ChangeCodec",
        "face": "emogen.codecs.face_codec:FaceCodec",
        "body": "emogen.codecs.body_codec:BodyCodec",
        "score": "emogen.codecs.lead_frames:LeadFramesCodec",
        "image": "emogen.codecs.image:ImageCodec",
    },
}


def known(kind: str) -> dict[str, str]:
    """All names of a kind, the plug-ins' included, each with its import string."""
    table = dict(BUILT_IN[kind])
    for entry in entry_points(group="emogen.plugins"):
        table.update(entry.load().get(kind, {}))
    return table


def resolve(kind: str, name: str) -> Any:
    """The class behind a name.

    Raises:
        InputError: The name is unknown; the message lists the nearest ones.
    """
    table = known(kind)
    if name not in table:
        near = difflib.get_close_matches(name, table, n=3) or sorted(table)
        raise InputError(kind.rstrip("s"), f'unknown name "{name}"', f"There are: {', '.join(near)}.")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
