"""Video models of the real classes with random weights, built from configurations and saved as users have them."""

from __future__ import annotations

import string
from pathlib import Path

import diffusers as df
import torch
import transformers as tf

SIDE = 16  # of the face that the motion encoder sees, pixels
WIDTH = 16  # of the text encoders


def tokenizer() -> tf.T5Tokenizer:
    """One token a letter, as T5 and UMT5 have it, without anything to fetch."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    letters = [(c, -3.0) for c in string.ascii_letters + string.digits + string.punctuation]
    return tf.T5Tokenizer(vocab=[*special, *letters], extra_ids=0)


def text_encoder(kind: str) -> tf.PreTrainedModel:
    config, model = {"umt5": (tf.UMT5Config, tf.UMT5EncoderModel), "t5": (tf.T5Config, tf.T5EncoderModel)}[kind]
    return model(config(vocab_size=128, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2)).eval()


def wan_vae() -> df.AutoencoderKLWan:
    return df.AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def clip() -> dict[str, object]:
    """An image encoder of CLIP and what prepares its pictures."""
    encoder = tf.CLIPVisionConfig(
        hidden_size=4, projection_dim=4, num_hidden_layers=2, num_attention_heads=2, image_size=4, intermediate_size=8,
        patch_size=1,
    )  # fmt: skip
    processor = tf.CLIPImageProcessor(crop_size={"height": 4, "width": 4}, size={"shortest_edge": 4})
    return {"image_encoder": tf.CLIPVisionModel(encoder), "image_processor": processor}


def unipc() -> df.UniPCMultistepScheduler:
    """The scheduler that Wan is published with."""
    return df.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)


WAN = {
    "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "out_channels": 16, "text_dim": WIDTH,
    "freq_dim": 32, "ffn_dim": 16, "num_layers": 2, "rope_max_seq_len": 32, "in_channels": 36,
}  # fmt: skip


def wan_animate(folder: Path) -> Path:
    torch.manual_seed(0)
    transformer = df.WanAnimateTransformer3DModel(
        **WAN, image_dim=4, motion_encoder_channel_sizes={"4": 8, "8": 8, "16": 8}, motion_encoder_size=SIDE,
        motion_style_dim=8, motion_dim=4, motion_encoder_dim=8, face_encoder_hidden_dim=8, face_encoder_num_heads=2,
        inject_face_latents_blocks=2,
    )  # fmt: skip
    pipe = df.WanAnimatePipeline(
        tokenizer=tokenizer(), text_encoder=text_encoder("umt5"), vae=wan_vae(), scheduler=unipc(),
        transformer=transformer, **clip(),
    )  # fmt: skip
    return saved(pipe, folder, "apache-2.0")


def wan_i2v(folder: Path, two_stages: bool = False) -> Path:
    """As Wan 2.1 has it, or with two transformers and no image encoder as Wan 2.2 does."""
    torch.manual_seed(0)
    seen = {} if two_stages else {"image_dim": 4, "added_kv_proj_dim": 24}
    nets = [df.WanTransformer3DModel(**WAN, **seen) for _ in range(1 + two_stages)]
    more = {"transformer_2": nets[1], "boundary_ratio": 0.9} if two_stages else clip()
    pipe = df.WanImageToVideoPipeline(
        tokenizer=tokenizer(), text_encoder=text_encoder("umt5"), vae=wan_vae(), scheduler=unipc(),
        transformer=nets[0], **more,
    )  # fmt: skip
    return saved(pipe, folder, "cc-by-nc-4.0")


def ltx(folder: Path, timed_decoder: bool = False) -> Path:
    """As LTX-Video has it; from 0.9.1 on its decoder is told how noisy the latents are."""
    torch.manual_seed(0)
    transformer = df.LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8, cross_attention_dim=16, num_layers=1,
        caption_channels=WIDTH,
    )  # fmt: skip
    vae = df.AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1), timestep_conditioning=timed_decoder,
    )  # fmt: skip
    pipe = df.LTXImageToVideoPipeline(
        scheduler=df.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae, text_encoder=text_encoder("t5"),
        tokenizer=tokenizer(), transformer=transformer,
    )  # fmt: skip
    return saved(pipe, folder, "")


def saved(pipe: df.DiffusionPipeline, folder: Path, licence: str) -> Path:
    pipe.save_pretrained(folder, safe_serialization=True)
    if licence:
        (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n")
    return folder
