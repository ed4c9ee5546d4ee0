"""Models that generate music, of the real classes with random weights, built from configurations and saved as users have them."""

from __future__ import annotations

import string
from pathlib import Path

import diffusers as df
import torch
import transformers as tf

from tests.pipelines.tiny_video_models import WIDTH, saved, text_encoder, tokenizer

RATE = 8_000  # of all but MusicGen, which has tokens


def musicgen(folder: Path, stereo: bool = False, melody: bool = False) -> Path:
    """As MusicGen has it, with 10 tokens a second: 4 codebooks, for stereo 8."""
    torch.manual_seed(0)
    text = tf.T5Config(vocab_size=128, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    codec = tf.EncodecConfig(
        target_bandwidths=[0.4], sampling_rate=4_000, upsampling_ratios=[8, 5, 10], num_filters=4, hidden_size=8,
        codebook_size=1024, codebook_dim=8, num_lstm_layers=1, num_residual_layers=1, chunk_length_s=None, normalize=False,
    )  # fmt: skip
    decoder = {
        "vocab_size": 1024, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "ffn_dim": 16, "pad_token_id": 1024,
        "bos_token_id": 1024, "num_codebooks": 8 if stereo else 4, "audio_channels": 2 if stereo else 1,
        "max_position_embeddings": 2048,
    }  # fmt: skip
    if melody:
        parts = {"text_encoder": text, "audio_encoder": codec, "decoder": tf.MusicgenMelodyDecoderConfig(**decoder)}
        model = tf.MusicgenMelodyForConditionalGeneration(tf.MusicgenMelodyConfig(**parts, chroma_length=20))
    else:
        parts = {"text_encoder": text, "audio_encoder": codec, "decoder": tf.MusicgenDecoderConfig(**decoder)}
        model = tf.MusicgenForConditionalGeneration(tf.MusicgenConfig(**parts))
    for net in (model.decoder, model.enc_to_dec_proj):
        for weights in net.parameters():
            if weights.ndim > 1:
                torch.nn.init.normal_(weights, std=0.3)  # loud enough that the text is heard
    for layer in model.audio_encoder.quantizer.layers:  # which is empty before training
        layer.codebook.embed.normal_()
    model.generation_config.update(
        decoder_start_token_id=1024,
        pad_token_id=1024,
        bos_token_id=1024,
        guidance_scale=3.0,
        do_sample=True,
        max_length=300,
    )
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    return folder


def oobleck(latents: int) -> df.AutoencoderOobleck:
    """An autoencoder of stereo sound, 80 samples a frame."""
    return df.AutoencoderOobleck(
        encoder_hidden_size=2 * latents, downsampling_ratios=[2, 5, 8], channel_multiples=[1, 1, 1], decoder_channels=4,
        decoder_input_channels=latents, audio_channels=2, sampling_rate=RATE,
    )  # fmt: skip


def letters() -> tf.T5Tokenizer:
    found = tokenizer()
    found.model_max_length = 300
    return found


def stable_audio(folder: Path, seconds: float = 4.0) -> Path:
    torch.manual_seed(0)
    transformer = df.StableAudioDiTModel(
        sample_size=round(seconds * RATE / 80), in_channels=3, num_layers=1, attention_head_dim=4, num_attention_heads=2,
        num_key_value_attention_heads=2, out_channels=3, cross_attention_dim=4, time_proj_dim=8, global_states_input_dim=8,
        cross_attention_input_dim=4,
    )  # fmt: skip
    pipe = df.StableAudioPipeline(
        vae=oobleck(3), text_encoder=text_encoder("t5"),
        projection_model=df.StableAudioProjectionModel(text_encoder_dim=WIDTH, conditioning_dim=4, min_value=0, max_value=512),
        tokenizer=letters(), transformer=transformer,
        scheduler=df.EDMDPMSolverMultistepScheduler(prediction_type="v_prediction", sigma_data=1.0, sigma_schedule="exponential"),
    )  # fmt: skip
    return saved(pipe, folder, "other")


def ace_step(folder: Path, turbo: bool = False, hears: bool = True) -> Path:
    torch.manual_seed(0)
    size = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    text = tf.Qwen3Model(
        tf.Qwen3Config(vocab_size=128, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                       num_key_value_heads=1, head_dim=8)
    ).eval()  # fmt: skip
    condition = df.AceStepConditionEncoder(
        **size,
        text_hidden_dim=WIDTH,
        timbre_hidden_dim=8,
        num_lyric_encoder_hidden_layers=1,
        num_timbre_encoder_hidden_layers=1,
    )
    pipe = df.AceStepPipeline(
        vae=oobleck(8), text_encoder=text, tokenizer=letters(), condition_encoder=condition,
        transformer=df.AceStepTransformer1DModel(**size, num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, is_turbo=turbo),
        scheduler=df.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=df.AceStepAudioTokenizer(**size, audio_acoustic_hidden_dim=8, fsq_dim=16, num_attention_pooler_hidden_layers=1)
        if hears else None,
        audio_token_detokenizer=df.AceStepAudioTokenDetokenizer(**size, audio_acoustic_hidden_dim=8, num_attention_pooler_hidden_layers=1)
        if hears else None,
    )  # fmt: skip
    return saved(pipe, folder, "mit")


def audioldm2(folder: Path, headless: bool = True) -> Path:
    """As published: its language model without a head, or with one as new folders have it."""
    torch.manual_seed(0)
    unet = df.AudioLDM2UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=8, sample_size=100, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=[[None, 8, 16]] * 2,
    )  # fmt: skip
    vae = df.AutoencoderKL(
        block_out_channels=[8, 16], in_channels=1, out_channels=1, norm_num_groups=8, latent_channels=4,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
    )  # fmt: skip
    clap = tf.ClapConfig(
        text_config={"vocab_size": 128, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1,
                     "pad_token_id": 1, "max_position_embeddings": 300},
        audio_config={"spec_size": 8, "window_size": 4, "num_mel_bins": 8, "intermediate_size": 8, "depths": [1, 1],
                      "num_attention_heads": [1, 1], "num_hidden_layers": 2, "hidden_size": 16, "patch_size": 1, "patch_stride": 1,
                      "patch_embed_input_channels": 4, "patch_embeds_hidden_size": 8},
        projection_dim=8,
    )  # fmt: skip
    gpt = tf.GPT2Config(n_embd=8, n_head=2, n_layer=1, vocab_size=64, n_positions=600)
    gpt.max_new_tokens = 4
    vocab = {
        x: i
        for i, x in enumerate(
            ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", *string.ascii_letters, *string.digits, *string.punctuation]
        )
    }
    reader = tf.RobertaTokenizer(vocab=vocab, merges=[])
    reader.model_max_length = 290
    vocoder = tf.SpeechT5HifiGan(
        tf.SpeechT5HifiGanConfig(model_in_dim=8, sampling_rate=RATE, upsample_initial_channel=8, upsample_rates=[5, 16],
                                 upsample_kernel_sizes=[10, 32], resblock_kernel_sizes=[3],
                                 resblock_dilation_sizes=[[1]], initializer_range=0.3)
    )  # fmt: skip
    pipe = df.AudioLDM2Pipeline(
        vae=vae, text_encoder=tf.ClapModel(clap).eval(), text_encoder_2=text_encoder("t5"),
        projection_model=df.AudioLDM2ProjectionModel(text_encoder_dim=8, text_encoder_1_dim=WIDTH, langauge_model_dim=8),
        language_model=(tf.GPT2Model if headless else tf.GPT2LMHeadModel)(gpt).eval(), tokenizer=reader, tokenizer_2=letters(),
        feature_extractor=tf.ClapFeatureExtractor(), unet=unet,
        scheduler=df.DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False),
        vocoder=vocoder,
    )  # fmt: skip
    return saved(pipe, folder, "cc-by-nc-sa-4.0")
