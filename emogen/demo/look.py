"""How the page looks: the system's own letters, quiet labels, one warm colour; light and dark."""

from __future__ import annotations

import gradio as gr

from emogen.demo.picker import own

#: Fonts of the visitor's system: no page asks another host for anything.
LETTERS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
DIGITS = ("ui-monospace", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Soft, with labels that do not shout and buttons that can be read (white on orange 700: contrast 5.2)."""
    return gr.themes.Soft(
        primary_hue="orange", secondary_hue="orange", neutral_hue="stone", font=LETTERS, font_mono=DIGITS
    ).set(
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_title_padding="0",
        block_label_background_fill="*neutral_100",
        block_label_background_fill_dark="*neutral_800",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_label_shadow="none",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_shadow="none",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
    )


def css() -> str:
    """The styles of the page and of the picker."""
    return own("page.css") + own("picker.css")
