"""The page: a tab per call, and how it is served."""

from __future__ import annotations

import signal
import threading

import gradio as gr

from emogen.checkpoints import HERE
from emogen.demo import evaluate, gesture, image, music, perform, recognize, speak, talk, warm
from emogen.demo.jobs import Jobs, end
from emogen.demo.look import css, theme
from emogen.demo.picker import head

TITLE = "emogen"
INTRO = """# emogen
Say once what should be felt; get a voice, a face, a body, music, pictures and a whole performance that carry it.
"""
FOOT = """**Synthetic.** Everything made here is artificial and says so inside the file and in its sidecar. Use voices, faces and
films of others only with their leave. **Limits.** A feeling that is asked for is not always one that is perceived: each
result comes with the verdict of independent judges and with how far to trust them. **Privacy.** What you upload is worked
on here alone, is sent nowhere, and is deleted within the hour together with what was made of it.
"""
TABS = (
    ("Speak", speak), ("Talk", talk), ("Gesture", gesture), ("Music", music), ("Image", image), ("Perform", perform),
    ("Recognize", recognize), ("Evaluate", evaluate),
)  # fmt: skip
#: Uploads above this size are refused; visitors waiting at most; how often and from which age files are deleted (s).
#: A file lives for at most the sum of the two, 50 minutes.
MAX_UPLOAD, QUEUE, DELETE_S = "50mb", 24, (600, 2_400)


def build() -> gr.Blocks:
    """The page, not yet served."""
    jobs = Jobs()
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=DELETE_S) as page:
        gr.api(jobs.stop, api_name="stop", queue=False)
        gr.Markdown(INTRO, elem_classes="intro")
        with gr.Tabs():
            for name, tab in TABS:
                with gr.Tab(name):
                    gr.Markdown(tab.LINE, elem_classes="line")
                    tab.build(jobs)
        gr.Markdown(FOOT, elem_classes="foot")
        page.unload(jobs.stop)
    page.queue(max_size=QUEUE, default_concurrency_limit=1)
    return page


def run(*, host: str, port: int) -> None:
    """Serves the page until the process is told to end, and makes ready what the first visitor would wait for."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the page then closes as with Ctrl-C
    page = build()
    try:
        serve(page, host=host, port=port)
        print(f"emogen: http://{host}:{port} (Ctrl-C ends it)", flush=True)
        warm.begin()
        threading.Event().wait()
    except KeyboardInterrupt:
        page.close(verbose=False)
        end()


def serve(page: gr.Blocks, *, host: str, port: int) -> None:
    """Serves the page. Nothing of this machine can be read through it but what visitors made."""
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        max_file_size=MAX_UPLOAD,
        allowed_paths=[],
        blocked_paths=[str(HERE)],
        prevent_thread_lock=True,
        css=css(),
        theme=theme(),
        head=head(),
        footer_links=[],
        show_error=True,
        ssr_mode=False,
    )
