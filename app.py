"""The demo in the browser: `python app.py`. Everything it does lives in `emogen.demo`."""

from emogen.demo import launch

if __name__ == "__main__":
    launch()
