"""The page: a tab per call, and how it is served."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emogen.checkpoints import HERE
from emogen.demo import gesture, image, music, perform, recognize, speak, talk
from emogen.demo.look import CSS, theme

TITLE = "emogen"
INTRO = """# emogen
Say once what should be felt; get a voice, a face, a body, music and a whole performance that carry it.
Everything made here is synthetic and says so inside the file. Uploads and results are deleted within the hour.
"""
TABS = (
    ("Speak", speak), ("Talk", talk), ("Gesture", gesture), ("Music", music), ("Image", image), ("Recognize", recognize),
    ("Perform", perform),
)  # fmt: skip
#: Uploads above this size are refused; visitors waiting at most; how often and from which age files are deleted (s).
#: A file lives for at most the sum of the two, 50 minutes.
MAX_UPLOAD, QUEUE, DELETE_S = "20mb", 16, (600, 2_400)


def build() -> gr.Blocks:
    """The page, not yet served."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=DELETE_S) as page:
        gr.Markdown(INTRO)
        for name, tab in TABS:
            with gr.Tab(name):
                gr.Markdown(tab.LINE, elem_classes="line")
                tab.build()
    page.queue(max_size=QUEUE, default_concurrency_limit=1)
    return page


def serve(page: gr.Blocks, *, host: str, port: int, wait: bool = True) -> Any:
    """Serves the page. Nothing of this machine can be read through it but what visitors made."""
    return page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=not wait,
        max_file_size=MAX_UPLOAD,
        allowed_paths=[],
        blocked_paths=[str(HERE)],
        prevent_thread_lock=not wait,
        css=CSS,
        theme=theme(),
        footer_links=[],
        show_error=True,
        ssr_mode=False,
    )
