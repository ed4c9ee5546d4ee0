"""Speech models of the real classes with random weights, built from configurations and saved as users have them."""

from __future__ import annotations

import json
import string
from pathlib import Path

import numpy as np
import torch
import transformers as tf
from safetensors.numpy import save_file

LETTERS = ["<pad>", " ", *string.ascii_lowercase, "'", "<unk>"]


def tokenizer(folder: Path) -> tf.VitsTokenizer:
    """One token a letter, blanks between, as MMS-TTS has it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(LETTERS)}))
    return tf.VitsTokenizer(str(folder / "vocab.json"), phonemize=False, normalize=True, language="eng")


def vits(folder: Path, speakers: int = 1) -> Path:
    torch.manual_seed(0)
    config = tf.VitsConfig(
        vocab_size=len(LETTERS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16, flow_size=16,
        spectrogram_bins=9, upsample_initial_channel=16, upsample_rates=[8, 8], upsample_kernel_sizes=[16, 16],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], prior_encoder_num_flows=1,
        posterior_encoder_num_wavenet_layers=1, prior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=1,
        depth_separable_num_layers=1, wavenet_dilation_rate=1, num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0, sampling_rate=16_000, speaking_rate=0.06,
    )  # fmt: skip
    tf.VitsModel(config).save_pretrained(folder)
    tokenizer(folder).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    return folder


def speecht5(folder: Path, vectors: bool = True) -> Path:
    torch.manual_seed(0)
    config = tf.SpeechT5Config(
        vocab_size=81, hidden_size=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, num_mel_bins=20,
        speech_decoder_prenet_units=16, speech_decoder_postnet_units=16, speech_decoder_postnet_layers=1,
        speaker_embedding_dim=12, reduction_factor=2, feat_extract_norm="group", conv_dim=[8], conv_stride=[4],
        conv_kernel=[4], num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, max_text_positions=600,
    )  # fmt: skip
    model = tf.SpeechT5ForTextToSpeech(config)
    torch.nn.init.constant_(model.speech_decoder_postnet.prob_out.bias, -3.0)  # or it would stop at once
    model.save_pretrained(folder)
    tokenizer(folder).save_pretrained(folder)
    hifigan = tf.SpeechT5HifiGanConfig(
        model_in_dim=20, upsample_initial_channel=8, upsample_rates=[16, 8], upsample_kernel_sizes=[32, 16],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], initializer_range=0.5,
    )  # fmt: skip
    tf.SpeechT5HifiGan(hifigan).save_pretrained(folder / "vocoder")
    if vectors:
        drawn = np.random.default_rng(0).standard_normal((2, 12)).astype(np.float32)
        save_file({"ann": drawn[0], "bob": drawn[1]}, folder / "speakers.safetensors")
    return folder


def fastspeech2(folder: Path) -> Path:
    torch.manual_seed(0)
    model = tf.FastSpeech2ConformerConfig(
        vocab_size=len(LETTERS), hidden_size=16, num_mel_bins=20, encoder_num_attention_heads=2, encoder_layers=1,
        encoder_linear_units=16, decoder_num_attention_heads=2, decoder_layers=1, decoder_linear_units=16,
        speech_decoder_postnet_units=16, speech_decoder_postnet_layers=2, duration_predictor_channels=8,
        energy_predictor_channels=8, pitch_predictor_channels=8, pitch_predictor_layers=1, speaking_speed=12.0,
    ).to_dict()  # fmt: skip
    vocoder = tf.FastSpeech2ConformerHifiGanConfig(
        model_in_dim=20, upsample_initial_channel=8, upsample_rates=[16, 8], upsample_kernel_sizes=[32, 16],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]], initializer_range=0.5,
    ).to_dict()  # fmt: skip
    config = tf.FastSpeech2ConformerWithHifiGanConfig(model_config=model, vocoder_config=vocoder)
    tf.FastSpeech2ConformerWithHifiGan(config).save_pretrained(folder)
    tokenizer(folder).save_pretrained(folder)
    return folder


def word_tokenizer(folder: Path, **special: str) -> tf.PreTrainedTokenizerFast:
    """One token a letter, without anything to fetch."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    names = [*special.values(), *LETTERS]
    found = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    found.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return tf.PreTrainedTokenizerFast(tokenizer_object=found, unk_token="<unk>", pad_token="<pad>")


def bark(folder: Path) -> Path:
    from transformers.models.bark.generation_configuration_bark import (
        BarkCoarseGenerationConfig,
        BarkFineGenerationConfig,
        BarkGenerationConfig,
        BarkSemanticGenerationConfig,
    )

    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_layers": 1, "num_heads": 2, "block_size": 256}
    codec = tf.EncodecConfig(
        hidden_size=8, num_filters=4, codebook_size=64, codebook_dim=8, upsampling_ratios=[8, 5, 4, 2],
        target_bandwidths=[6.0], num_lstm_layers=1,
    )  # fmt: skip
    config = tf.BarkConfig(
        semantic_config={**small, "input_vocab_size": 400, "output_vocab_size": 400},
        coarse_acoustics_config={**small, "input_vocab_size": 400, "output_vocab_size": 400},
        fine_acoustics_config={**small, "input_vocab_size": 72, "output_vocab_size": 64, "n_codes_total": 4, "n_codes_given": 1},
        codec_config=codec.to_dict(),
    )  # fmt: skip
    tf.BarkModel(config).save_pretrained(folder)
    generation = BarkGenerationConfig(
        semantic_config=BarkSemanticGenerationConfig(
            max_new_tokens=40, do_sample=True, text_encoding_offset=200, text_pad_token=399, semantic_infer_token=398,
            semantic_vocab_size=100, max_input_semantic_length=64, eos_token_id=100, semantic_pad_token=100,
        ).to_dict(),
        coarse_acoustics_config=BarkCoarseGenerationConfig(
            max_new_tokens=60, do_sample=True, max_coarse_input_length=64, max_coarse_history=64, coarse_semantic_pad_token=398,
            coarse_infer_token=399, sliding_window_len=60, n_coarse_codebooks=2,
        ).to_dict(),
        fine_acoustics_config=BarkFineGenerationConfig(
            max_fine_history_length=32, max_fine_input_length=64, n_fine_codebooks=4,
        ).to_dict(),
        codebook_size=64,
    )  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(generation.to_dict()))
    word_tokenizer(folder).save_pretrained(folder)
    preset = {
        "semantic_prompt": np.arange(20) % 90, "coarse_prompt": np.arange(40).reshape(2, 20) % 60,
        "fine_prompt": np.arange(80).reshape(4, 20) % 60,
    }  # fmt: skip
    (folder / "speaker_embeddings").mkdir()
    for name, value in preset.items():
        np.save(folder / "speaker_embeddings" / f"ann_{name}.npy", value)
    paths = {name: f"speaker_embeddings/ann_{name}.npy" for name in preset}
    (folder / "speaker_embeddings_path.json").write_text(json.dumps({"repo_or_path": "x", "v2/en_speaker_1": paths}))
    return folder


def dia(folder: Path) -> Path:
    torch.manual_seed(0)
    config = tf.DiaConfig(
        encoder_config={
            "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8,
            "intermediate_size": 16,
        },
        decoder_config={
            "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8,
            "intermediate_size": 16, "cross_num_attention_heads": 2, "cross_head_dim": 8, "cross_num_key_value_heads": 2,
            "cross_hidden_size": 16, "vocab_size": 1_028, "num_channels": 9,
        },
    )  # fmt: skip
    model = tf.DiaForConditionalGeneration(config)
    model.generation_config.update(pad_token_id=1_025, eos_token_id=1_024, bos_token_id=1_026, do_sample=True)
    model.save_pretrained(folder)
    codec = tf.DacModel(tf.DacConfig(
        encoder_hidden_size=4, decoder_hidden_size=16, downsampling_ratios=[2, 4, 8, 8], upsampling_ratios=[8, 8, 4, 2],
        n_codebooks=9, codebook_size=1_024, codebook_dim=4, hop_length=512, sampling_rate=44_100, hidden_size=16,
    ))  # fmt: skip
    codec.save_pretrained(folder / "codec")
    processor = tf.DiaProcessor(tf.DiaFeatureExtractor(sampling_rate=44_100), tf.DiaTokenizer(), codec)
    processor.audio_tokenizer.name_or_path = str(folder / "codec")
    processor.save_pretrained(folder)
    return folder


def csm(folder: Path) -> Path:
    torch.manual_seed(0)
    small = {"num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 1, "hidden_size": 16, "intermediate_size": 16}
    codec = tf.MimiConfig(
        hidden_size=16, num_filters=4, codebook_size=32, codebook_dim=8, num_quantizers=4, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, head_dim=8, intermediate_size=16, vector_quantization_hidden_dimension=8,
        upsample_groups=16,
    )  # fmt: skip
    special = {"bos": "<s>", "audio": "<|AUDIO|>", "end": "<|audio_eos|>"}
    config = tf.CsmConfig(
        **small, num_codebooks=4, vocab_size=32, text_vocab_size=64, codec_config=codec.to_dict(), audio_token_id=1,
        audio_eos_token_id=2, bos_token_id=0, pad_token_id=1, codebook_pad_token_id=31, codebook_eos_token_id=30,
        depth_decoder_config={**small, "num_codebooks": 4, "vocab_size": 32, "backbone_hidden_size": 16},
    )  # fmt: skip
    model = tf.CsmForConditionalGeneration(config)
    model.generation_config.update(do_sample=True, eos_token_id=None)
    model.save_pretrained(folder)
    tf.CsmProcessor(tf.EncodecFeatureExtractor(sampling_rate=24_000), word_tokenizer(folder, **special)).save_pretrained(folder)
    return folder


def pocket_tts(folder: Path) -> Path:
    torch.manual_seed(0)
    names = {"audio_prompt_bos_token": "<voice>", "audio_prompt_token": "<v>", "audio_latent_token": "<a>", "audio_bos_token": "<say>"}
    found = word_tokenizer(folder, **names)
    words = tf.PreTrainedTokenizerFast(
        tokenizer_object=found._tokenizer, unk_token="<unk>", pad_token="<pad>", extra_special_tokens=names, padding_side="left"
    )
    small = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = tf.PocketTTSConfig(
        **small, vocab_size=len(words), hidden_size=16, latent_dim=4, pad_token_id=4, audio_prompt_token_id=1,
        audio_latent_token_id=2, audio_prompt_bos_token_id=0, audio_bos_token_id=3,
        flow_head_config={"hidden_size": 16, "num_hidden_layers": 1, "latent_dim": 4, "condition_dim": 16, "frequency_embedding_size": 8},
    )  # fmt: skip
    model = tf.PocketTTSForConditionalGeneration(config)
    model.generation_config.update(do_sample=True, temperature=0.7, eos_threshold=5.0)
    model.save_pretrained(folder)
    codec = tf.PocketTTSAudioTokenizerModel(tf.PocketTTSAudioTokenizerConfig(
        **small, hidden_size=16, num_filters=4, latent_dim=4, num_key_value_heads=2, head_dim=8, upsample_groups=16,
    ))  # fmt: skip
    codec.save_pretrained(folder / "codec")
    template = (
        "{% for m in messages %}<voice>{% for c in m.content %}{% if c.type == 'audio' %}<v>{% else %}{{ c.text }}"
        "{% endif %}{% endfor %}{% endfor %}<say>"
    )
    processor = tf.PocketTTSProcessor(tf.PocketTTSFeatureExtractor(), words, codec, chat_template=template)
    processor.audio_tokenizer.name_or_path = str(folder / "codec")
    processor.save_pretrained(folder)
    return folder
