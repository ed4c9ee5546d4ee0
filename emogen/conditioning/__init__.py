"""Anything -> `Emotion`: words, mixtures, points in VAD space, descriptions and recordings.

Nothing is imported here, so that the value types cost no more than numpy:
`emogen.conditioning.emotion` (Emotion), `.track` (EmotionTrack), `.spec` (parse), `.taxonomies`.
"""
