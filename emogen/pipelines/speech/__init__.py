"""Text -> speech that feels: espeak-ng speaks, WORLD takes it apart, rules of prosody move it."""
