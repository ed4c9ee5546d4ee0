"""The demo in the browser: `python app.py`, which is `emogen demo`. Everything it does lives in `emogen.demo`."""

import sys

from emogen.cli import main

if __name__ == "__main__":
    main(["demo", *sys.argv[1:]])
