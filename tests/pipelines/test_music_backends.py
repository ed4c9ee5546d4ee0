"""Music by models that generate sound: tiny ones of the real classes, saved, opened and asked for real."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emogen.conditioning.emotion import Emotion
from emogen.conditioning.track import EmotionTrack
from emogen.conditioning.vocabulary import BASIC
from emogen.errors import EmogenError, InputError
from emogen.media.audio import read_audio, write_audio
from emogen.media.jsonio import read_json
from emogen.pipelines.music.backends.joining import joined, stretches
from emogen.pipelines.music.backends.steering import embedded
from emogen.pipelines.music.backends.wording import worded
from emogen.pipelines.music.cues import CueRules
from tests.contract.pipeline import PipelineContract
from tests.pipelines import tiny_music_models as tiny
from tests.pipelines.music_backends import CLASSES, reader, run, tune

#: Whose argument shows what of the text goes on.
READ_BY = {
    "musicgen": ("enc_to_dec_proj", 0),
    "stable_audio": ("projection_model", "text_hidden_states"),
    "ace_step": ("condition_encoder", "text_hidden_states"),
    "audioldm2": ("unet", "encoder_hidden_states_1"),
}


class Listener:
    """Keeps what a network is given."""

    def __init__(self, net):
        self.heard = []
        self._hook = net.register_forward_pre_hook(
            lambda _, args, given: self.heard.append({**dict(enumerate(args)), **given}), with_kwargs=True
        )

    def __enter__(self):
        return self.heard

    def __exit__(self, *_):
        self._hook.remove()


class Contract(PipelineContract):
    content = None
    other_content = "a tune for two flutes"
    suffix = ".wav"
    bad_contents = ("", "   ", 5)


PARTS = {
    "cues": ("emogen.pipelines.music.cues", "CueRules"),
    "directions": ("emogen.conditioning.directional", "Directions"),
}


class TestMusicgen(Contract):
    call = {"seconds": 2.0}
    index = {
        "model": ("transformers", "MusicgenForConditionalGeneration"), "tokenizer": ("transformers", "T5Tokenizer"), **PARTS,
    }  # fmt: skip

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened_music):
        return opened_music("musicgen")


class TestStableAudio(Contract):
    call = {"seconds": 2.0, "num_inference_steps": 2}
    index = {"model": ("stable_audio", "StableAudioPipeline"), **PARTS}

    @pytest.fixture(scope="class")
    @classmethod
    def pipe(cls, opened_music):
        return opened_music("stable_audio")


# -- every kind, from a feeling to a file -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", CLASSES)
def test_a_track_is_generated_stretch_by_stretch(music_models, opened_music, tmp_path, name):
    pipe = opened_music(name)
    out = run(name, pipe, "0s joy; 3s sadness", 4.3)
    assert out.audio.dtype == np.float32
    assert len(out.audio) == round(4.3 * pipe.sample_rate)
    assert out.sample_rate == pipe.sample_rate
    assert out.score is None
    assert 0.001 < np.abs(out.audio).max() <= 10 ** (-1 / 20) + 1e-6
    assert np.abs(out.audio[-3:]).max() < 1e-3
    again = CLASSES[name].from_pretrained(music_models(name))
    again.set_progress_bar_config(disable=True)
    assert np.array_equal(run(name, again, "0s joy; 3s sadness", 4.3).audio, out.audio)
    read = read_audio(out.save(tmp_path / "a.wav"), mono=False)
    assert read.samples.shape[0] == len(out.audio)
    card = read_json(tmp_path / "a.json")
    assert card["backend"] == f"{pipe.backend}/{type(pipe.model).__name__}"
    assert card["media"]["music_model"]["source"] == name
    told = card["media"]["told"]
    assert "joy" in told[0]["prompt"]
    assert "sadness" in told[-1]["prompt"]
    assert [t["start_s"] for t in told[1:]] == [t["end_s"] for t in told[:-1]]
    with pytest.raises(InputError, match=r"makes sound and no notes\. Accepted: \.wav, \.flac"):
        out.save(tmp_path / "a.mid")
    assert not (tmp_path / "a.mid").exists()


@pytest.mark.parametrize("name", CLASSES)
def test_two_feelings_sound_different_with_one_seed(opened_music, name):
    pipe = opened_music(name)
    glad, sad = (run(name, pipe, e).audio for e in ("joy", "sadness"))
    assert not np.allclose(glad, sad, atol=1e-4)


@pytest.mark.parametrize("name", CLASSES)
def test_the_text_embedding_is_moved_towards_the_feeling(opened_music, name):
    pipe = opened_music(name)
    net, argument = READ_BY[name]
    heard = {}
    for steering in (0.0, 1.0, 2.0):
        with Listener(getattr(pipe.model, net)) as given:
            out = run(name, pipe, "anger:0.8", steering=steering)
        heard[steering] = given[0][argument]
    wanted = torch.from_numpy(pipe.directions.along(Emotion.parse("anger:0.8").basic()[None])[0]).float()
    assert float(wanted.norm()) > 0
    said, other = {"musicgen": (0, 1), "audioldm2": (1, 0)}.get(name, (0, None))  # the side with words, and that of guidance
    tokenizer, encoder = reader(pipe)
    read = encoder(tokenizer([out.made.facts["told"][0]["prompt"]], return_tensors="pt").input_ids).last_hidden_state[0]
    at = {s: x[said][: len(read)] for s, x in heard.items()}
    if name in ("musicgen", "audioldm2"):  # the others put more around the words
        assert torch.allclose(at[0.0], read, atol=1e-5)
    for steering in (1.0, 2.0):
        assert torch.allclose(at[steering] - at[0.0], steering * wanted.expand_as(at[0.0]), atol=1e-4)
        if other is not None:  # what guidance leads away from stays where it is
            assert torch.equal(heard[steering][other], heard[0.0][other])


def test_steering_alone_changes_the_sound_and_none_leaves_it(opened_music):
    pipe = opened_music("stable_audio")
    sounds = [run("stable_audio", pipe, steering=s).audio for s in (0.0, 0.0, 1.0, 3.0)]
    assert np.array_equal(sounds[0], sounds[1])
    assert 0 < np.abs(sounds[2] - sounds[0]).max() < np.abs(sounds[3] - sounds[0]).max()
    assert not pipe.model.text_encoder._forward_hooks


def test_directions_lead_from_plain_to_felt_words(opened_music):
    pipe = opened_music("ace_step")
    plain, glad = embedded(*reader(pipe), ["a plain melody", "a joyful melody"]).double()
    towards = pipe.directions.steps[BASIC.index("joy")].double()
    assert float((glad - plain) @ towards) > 0
    assert pipe.directions.steps.shape == (6, tiny.WIDTH)


def test_words_come_from_the_feeling_and_its_faders():
    cues = CueRules()
    neutral = cues(Emotion.parse("neutral"))

    def told(emotion, prompt=None, **given):
        felt = Emotion.parse(emotion)
        return worded(prompt, felt, cues(felt), neutral, **{"tempo_bpm": None, "key": None, "instruments": None, **given})

    sad = told("sadness")
    assert "strong sadness" in sad
    assert "slow" in sad
    assert "minor key" in sad
    assert "cello" in sad
    assert "major key" in told("joy")
    assert told("joy", "lofi beats").startswith("lofi beats, mood: strong joy")
    assert told("neutral", "lofi beats") == "lofi beats"
    assert (
        told("neutral", "lofi beats", tempo_bpm=90, key="D minor", instruments=["harp"]) == "lofi beats, harp, in D minor, 90 bpm"
    )
    assert "83 bpm" in told("neutral")


# -- going on and following -------------------------------------------------------------------------------------------
def test_a_piece_is_divided_where_feelings_take_over():
    track = EmotionTrack.of("0s calm; 20s fear; 40s joy")
    parts = stretches(track, 60.0, 30.0, 10.0)
    assert [p.start_s for p in parts] == pytest.approx([0, 10, 30, 45])
    assert [p.seconds for p in parts] == pytest.approx([10, 30, 25, 25])
    assert parts[-1].end_s == 60
    assert all(p.seconds <= 30 + 1e-9 for p in stretches(track, 500.0, 30.0, 10.0))
    assert len(stretches(EmotionTrack.of("joy"), 30.0, 30.0, 10.0)) == 1
    assert len(stretches(EmotionTrack.of("0s joy; 0.2s fear"), 5.0, 30.0, 10.0)) == 1


def test_stretches_are_joined_without_a_step():
    rate, t = 1_000, np.arange(2_000)[:, None] / 1_000
    wave = np.sin(2 * np.pi * 5 * t).astype(np.float32)
    whole = joined(wave[:1_200], wave[700:] * 0.7, 500, True, rate)
    assert np.allclose(whole, wave, atol=1e-5)
    noise = np.random.default_rng(0).standard_normal((2_000, 1)).astype(np.float32)
    mixed = joined(noise[:1_200], noise[700:][::-1].copy(), 500, False, rate)
    assert len(mixed) == 2_000
    assert np.array_equal(mixed[:700], noise[:700])
    assert 0.8 < mixed[800:1_100].std() < 1.2


def test_musicgen_goes_on_from_the_last_seconds(opened_music, monkeypatch):
    pipe, asked, generate = opened_music("musicgen"), [], type(opened_music("musicgen").model).generate

    def listened(model, **given):
        asked.append(given)
        return generate(model, **given)

    monkeypatch.setattr(type(pipe.model), "generate", listened)
    run("musicgen", pipe, "0s joy; 24s sadness", 36.0)
    tokens = [given.get("decoder_input_ids") for given in asked]
    assert tokens[0] is None
    assert [x.shape for x in tokens[1:]] == [(4, 100)] * 2  # ten seconds of four codebooks
    assert all(given["guidance_scale"] == 3.0 for given in asked)


def test_ace_step_paints_what_comes_after(opened_music):
    pipe = opened_music("ace_step")
    with Listener(pipe.model.transformer) as heard:
        run("ace_step", pipe, "0s joy; 6s sadness", 5.0)
    kept, made = (heard[i]["context_latents"][0, :, 8:].mean(dim=-1) for i in (-1, 0))
    assert made.min() == 1
    assert kept[: 3 * 100 - 1].max() == 0
    assert kept[3 * 100 :].min() == 1


def test_stable_audio_follows_as_closely_as_asked(opened_music):
    pipe, piece = opened_music("stable_audio"), tune(440)
    vae = pipe.model.vae
    with torch.no_grad():
        stereo = torch.from_numpy(piece.audio).expand(1, 2, -1)
        seen = vae.decode(vae.encode(stereo).latent_dist.mode()).sample[0].T.numpy()[:15_000]
    alike = []
    for follow in (0.0, 0.6, 1.0):
        sound = run("stable_audio", pipe, like=piece, follow=follow, num_inference_steps=12).audio[: len(seen)]
        alike.append(np.corrcoef(sound.ravel(), seen.ravel())[0, 1])
    assert alike[0] < alike[1] < alike[2]
    assert alike[2] > 0.6


def test_a_melody_is_followed_by_the_model_that_can(opened_music, tmp_path):
    pipe = opened_music("musicgen", melody=True)
    file = write_audio(tmp_path / "a.wav", tune(440, 5.0).audio, 8_000)
    sounds = [run("musicgen", pipe, like=like) for like in (file, tune(262), None)]
    assert not np.array_equal(sounds[0].audio, sounds[1].audio)
    assert not np.array_equal(sounds[0].audio, sounds[2].audio)
    assert sounds[0].made.real_input
    assert sounds[0].made.request["like"] == "a.wav"
    classes = pipe._chroma(tune(440, 6.0, 4_000).audio[:, None])
    assert classes.sum(dim=-1).max() == 1
    assert set(classes[0].argmax(dim=-1)[1:-2].tolist()) == {9}  # A


def test_ace_step_covers_a_piece(opened_music):
    sounds = [run("ace_step", opened_music("ace_step"), like=tune(hz), seconds=3.0).audio for hz in (220, 550)]
    assert sounds[0].shape == (24_000, 2)
    assert not np.array_equal(*sounds)


def test_models_that_follow_nothing_say_so(opened_music):
    for name, how, says in (
        ("musicgen", {}, "MusicGen Melody does"), ("audioldm2", {}, "follows no given piece"),
        ("ace_step", {"hears": False}, "without the audio tokenizer"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            run(name, opened_music(name, **how), like=tune(440))
    with pytest.raises(InputError, match="like"):
        run("stable_audio", opened_music("stable_audio"), like=5)
    with pytest.raises(EmogenError, match="missing"):
        run("stable_audio", opened_music("stable_audio"), like="missing.wav")


# -- kinds of one family ----------------------------------------------------------------------------------------------
def test_stereo_tokens_go_on_in_stereo(opened_music):
    pipe = opened_music("musicgen", stereo=True)
    out = run("musicgen", pipe, "0s joy; 3s sadness", 4.0)
    assert out.audio.shape == (16_000, 2)
    assert pipe._tokens(out.audio).shape == (8, 40)


def test_the_distilled_ace_step_takes_few_steps_and_no_guidance(opened_music):
    pipe = opened_music("ace_step", turbo=True)
    out = pipe(None, "joy", seconds=2.0, seed=1)
    assert out.made.request["num_inference_steps"] == 8
    assert out.made.request["guidance_scale"] == 1.0


def test_a_language_model_with_a_head_works_as_one_without(opened_music):
    assert type(opened_music("audioldm2").model.language_model) is type(opened_music("audioldm2", headless=False).model.language_model)
    assert run("audioldm2", opened_music("audioldm2", headless=False)).audio.std() > 0


@pytest.mark.parametrize("name", CLASSES)
def test_numbers_may_be_half_as_long(music_models, name):
    pipe = CLASSES[name].from_pretrained(music_models(name), torch_dtype=torch.bfloat16)
    pipe.set_progress_bar_config(disable=True)
    encoder = reader(pipe)[1]
    assert encoder.dtype == torch.bfloat16
    assert run(name, pipe, "0s joy; 3s sadness", 3.5).audio.std() > 0
    assert reader(pipe.to("cpu"))[1].dtype == torch.float32
