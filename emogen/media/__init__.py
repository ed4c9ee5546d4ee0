"""Reading and writing media files: arrays in, files out, and back.

Everything that comes from a file passes through here: the kind is decided by the first bytes, the limits of
`emogen.limits` are checked before anything is decoded, and whatever a foreign parser raises leaves as one
`FormatError`. Everything that goes to a file is written under a temporary name in the same folder and then
renamed. No module here knows a network or an emotion.
"""
