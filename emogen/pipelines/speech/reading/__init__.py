"""How written English is read aloud: numbers, dates, money, abbreviations and signs become words.

Other languages are left to the speaker's own reading, apart from pauses.
"""

from emogen.pipelines.speech.reading.engine import read

__all__ = ["read"]
