"""Judges from transformers: tiny random models saved to a folder, as somebody's own model would be."""

from __future__ import annotations

from pathlib import Path

import pytest

from emogen.errors import BackendMissing, CheckpointError, InputError
from emogen.evaluation.judges import judge
from tests.evaluation.made import noise, plain, smiling, voice

NAMES = {0: "neu", 1: "hap", 2: "ang", 3: "sad"}


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("voices")
    config = Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, conv_dim=(16, 16),
        conv_kernel=(10, 3), conv_stride=(160, 2), num_feat_extract_layers=2, num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, classifier_proj_size=8, num_labels=4, id2label=NAMES,
    )  # fmt: skip
    Wav2Vec2ForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def _vit(folder: Path, names: dict[int, str]) -> Path:
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8,
        num_labels=len(names), id2label=names,
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(folder, safe_serialization=True)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_a_voice_classifier(voices: Path) -> None:
    reader = judge("speech", f"transformers:{voices}")
    assert reader.role == "judge"
    assert set(reader.labels) == {"neutral", "joy", "anger", "sadness"}
    found = reader.recognize(voice("joy"))
    assert sum(found.distribution.values()) == pytest.approx(1.0)
    assert found == reader.recognize(voice("joy"))
    assert reader.recognize(noise()).confidence == 0.0


def test_a_picture_and_a_face_classifier(tmp_path: Path) -> None:
    folder = _vit(tmp_path, {0: "happy", 1: "sad", 2: "chair", 3: "happiness"})
    picture, face = (judge(modality, f"transformers:{folder}") for modality in ("image", "face"))
    assert picture.labels == ("joy", "sadness")
    assert picture.recognize(smiling()).modality == "image"
    assert face.recognize(smiling()).modality == "face"
    assert face.recognize(plain()).note == "no face found"


def test_clip_chooses_among_words(tmp_path: Path) -> None:
    import json

    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig, CLIPTokenizer, CLIPVisionConfig

    torch.manual_seed(0)
    text = CLIPTextConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, vocab_size=64,
                          max_position_embeddings=64, bos_token_id=0, eos_token_id=1, pad_token_id=1)  # fmt: skip
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=32,
                              patch_size=8)  # fmt: skip
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8)
    CLIPModel(config).save_pretrained(tmp_path, safe_serialization=True)
    letters = ["<|startoftext|>", "<|endoftext|>", *"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz")]
    (tmp_path / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(letters)}), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt")).save_pretrained(tmp_path)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    found = judge("image", f"clip:{tmp_path}").recognize(smiling())
    assert sum(found.distribution.values()) == pytest.approx(1.0)
    assert "joy" in found.distribution


def test_what_cannot_judge_is_refused(tmp_path: Path) -> None:
    chairs = _vit(tmp_path / "chairs", {0: "chair", 1: "table"})
    with pytest.raises(CheckpointError, match="name no feeling"):
        judge("image", f"transformers:{chairs}")
    with pytest.raises(CheckpointError):
        judge("image", f"transformers:{tmp_path}")
    with pytest.raises(InputError, match="Accepted: embedded"):
        judge("music", "transformers:x/y")
    with pytest.raises(InputError, match="no judge"):
        judge("smell")
    with pytest.raises(InputError):
        judge("motion", "fer")


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emogen.evaluation.judges.fer.find_spec", lambda name: None)
    with pytest.raises(BackendMissing, match="pip install"):
        judge("face", "fer")
