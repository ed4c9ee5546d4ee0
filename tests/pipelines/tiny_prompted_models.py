"""Text-to-image and -video models of the real classes with random weights, built from configurations and saved as users have them."""

from __future__ import annotations

import string
from pathlib import Path

import diffusers as df
import torch
import transformers as tf

from tests.pipelines import tiny_video_models as video
from tests.pipelines.tiny_video_models import WIDTH, saved, text_encoder, tokenizer

CLIP_WIDTH = 16
CLIP_LENGTH = 77


def clip_tokenizer() -> tf.CLIPTokenizer:
    """One token a letter, as CLIP has it, without anything to fetch."""
    letters = string.ascii_lowercase + string.digits + string.punctuation
    vocab = {c: i for i, c in enumerate(["<|startoftext|>", "<|endoftext|>", *letters, *(f"{c}</w>" for c in letters)])}
    found = tf.CLIPTokenizer(vocab=vocab, merges=[])
    found.model_max_length = CLIP_LENGTH
    return found


def clip_encoder(projected: bool = False, width: int = CLIP_WIDTH) -> tf.PreTrainedModel:
    config = tf.CLIPTextConfig(
        vocab_size=150, hidden_size=width, intermediate_size=32, projection_dim=width, num_attention_heads=2, num_hidden_layers=3,
        max_position_embeddings=CLIP_LENGTH, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    return (tf.CLIPTextModelWithProjection if projected else tf.CLIPTextModel)(config).eval()


def letters(length: int = 512) -> tf.T5Tokenizer:
    found = tokenizer()
    found.model_max_length = length
    return found


def kl_vae(channels: int = 4, **more: object) -> df.AutoencoderKL:
    return df.AutoencoderKL(
        block_out_channels=[4, 8], in_channels=3, out_channels=3, norm_num_groups=2, latent_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, **more,
    )  # fmt: skip


UNET = {
    "block_out_channels": (4, 8), "layers_per_block": 1, "sample_size": 16, "in_channels": 4, "out_channels": 4, "norm_num_groups": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": 2,
}  # fmt: skip


def ddim() -> df.DDIMScheduler:
    return df.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False
    )


def stable_diffusion(folder: Path) -> Path:
    torch.manual_seed(0)
    pipe = df.StableDiffusionPipeline(
        unet=df.UNet2DConditionModel(**UNET, cross_attention_dim=CLIP_WIDTH), scheduler=ddim(), vae=kl_vae(), text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    return saved(pipe, folder, "creativeml-openrail-m")


def sdxl(folder: Path) -> Path:
    torch.manual_seed(0)
    unet = df.UNet2DConditionModel(
        **UNET, cross_attention_dim=2 * CLIP_WIDTH, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + CLIP_WIDTH, use_linear_projection=True, transformer_layers_per_block=(1, 1),
    )  # fmt: skip
    pipe = df.StableDiffusionXLPipeline(
        unet=unet, scheduler=ddim(), vae=kl_vae(), text_encoder=clip_encoder(), tokenizer=clip_tokenizer(),
        text_encoder_2=clip_encoder(projected=True), tokenizer_2=clip_tokenizer(), add_watermarker=False,
    )  # fmt: skip
    return saved(pipe, folder, "openrail++")


def sd3(folder: Path) -> Path:
    torch.manual_seed(0)
    transformer = df.SD3Transformer2DModel(
        sample_size=16, patch_size=1, in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=2, joint_attention_dim=32,
        caption_projection_dim=16, pooled_projection_dim=2 * CLIP_WIDTH, out_channels=4,
    )  # fmt: skip
    t5 = tf.T5EncoderModel(tf.T5Config(vocab_size=128, d_model=32, d_kv=8, d_ff=16, num_layers=1, num_heads=2)).eval()
    pipe = df.StableDiffusion3Pipeline(
        transformer=transformer, scheduler=df.FlowMatchEulerDiscreteScheduler(), vae=kl_vae(shift_factor=0.06),
        text_encoder=clip_encoder(projected=True), tokenizer=clip_tokenizer(), text_encoder_2=clip_encoder(projected=True),
        tokenizer_2=clip_tokenizer(), text_encoder_3=t5, tokenizer_3=letters(),
    )  # fmt: skip
    return saved(pipe, folder, "")


def flux(folder: Path) -> Path:
    torch.manual_seed(0)
    transformer = df.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=WIDTH, pooled_projection_dim=CLIP_WIDTH, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    pipe = df.FluxPipeline(
        transformer=transformer, scheduler=df.FlowMatchEulerDiscreteScheduler(), vae=kl_vae(shift_factor=0.06),
        text_encoder=clip_encoder(), tokenizer=clip_tokenizer(), text_encoder_2=text_encoder("t5"), tokenizer_2=letters(),
    )  # fmt: skip
    return saved(pipe, folder, "flux-1-dev-non-commercial-license")


def pixart(folder: Path) -> Path:
    torch.manual_seed(0)
    transformer = df.PixArtTransformer2DModel(
        sample_size=32, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=2, caption_channels=WIDTH, in_channels=4,
        cross_attention_dim=16, out_channels=8, num_embeds_ada_norm=1000, norm_type="ada_norm_single", norm_eps=1e-6,
        attention_bias=True, norm_elementwise_affine=False,
    )  # fmt: skip
    pipe = df.PixArtSigmaPipeline(
        transformer=transformer, scheduler=df.DPMSolverMultistepScheduler(), vae=kl_vae(), text_encoder=text_encoder("t5"),
        tokenizer=letters(),
    )  # fmt: skip
    return saved(pipe, folder, "openrail++")


def wan(folder: Path) -> Path:
    """Wan 2.1, words to video."""
    torch.manual_seed(0)
    pipe = df.WanPipeline(
        tokenizer=tokenizer(), text_encoder=text_encoder("umt5"), vae=video.wan_vae(), scheduler=video.unipc(),
        transformer=df.WanTransformer3DModel(**{**video.WAN, "in_channels": 16}),
    )  # fmt: skip
    return saved(pipe, folder, "apache-2.0")


def ltx(folder: Path) -> Path:
    """LTX-Video, words to video."""
    pictured = df.LTXImageToVideoPipeline.from_pretrained(video.ltx(folder.with_name(f"{folder.name}_i2v")))
    return saved(df.LTXPipeline(**pictured.components), folder, "")


def animatediff(folder: Path) -> Path:
    torch.manual_seed(0)
    unet = df.UNet2DConditionModel(**UNET, cross_attention_dim=CLIP_WIDTH)
    motion = df.MotionAdapter(
        block_out_channels=(4, 8), motion_layers_per_block=1, motion_norm_num_groups=2, motion_num_attention_heads=2,
        use_motion_mid_block=False,
    )  # fmt: skip
    pipe = df.AnimateDiffPipeline(
        unet=unet, scheduler=df.DDIMScheduler(beta_schedule="linear", clip_sample=False, steps_offset=1), vae=kl_vae(),
        text_encoder=clip_encoder(), tokenizer=clip_tokenizer(), motion_adapter=motion,
    )  # fmt: skip
    return saved(pipe, folder, "creativeml-openrail-m")
