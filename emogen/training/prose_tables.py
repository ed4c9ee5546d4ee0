"""Templates and word lists for training/prose.py. Written for this project; every number is its own assumption."""

from __future__ import annotations

Labels = dict[str, float]

SHE = {"s": "she", "S": "She", "p": "her", "P": "Her", "o": "her", "r": "herself"}
HE = {"s": "he", "S": "He", "p": "his", "P": "His", "o": "him", "r": "himself"}
WOMEN = (
    "Anna", "Mara", "Lucy", "Ivy", "Ruth", "Ella", "Nora", "Sofia", "the girl", "the old woman", "the queen",
    "Mother", "the nurse", "my sister", "Grandma", "the teacher", "the widow", "Aisha", "Mei", "the captain's wife",
)
MEN = (
    "Tom", "Jonas", "Peter", "Sam", "Max", "Leo", "David", "the boy", "the old man", "the king", "Father", "the soldier",
    "my brother", "Grandpa", "the farmer", "the stranger", "Omar", "Kenji", "the guard", "the conductor",
)
#: Small events without a feeling of their own: the cue beside them decides.
SMALL_EVENTS = (
    "{s} opened the letter", "{s} read the message", "the door opened", "{s} heard the news", "the phone rang",
    "{s} saw the face in the window", "the judge read the verdict", "{s} entered the room", "they called {p} name",
    "{s} turned the last page", "the train pulled in", "{s} looked into the box", "the music stopped", "{s} hung up",
    "the curtain rose", "{s} lifted the lid", "the messenger arrived", "{s} saw who it was", "the lights came on",
)
DESCRIBE = (
    "a {adj} {voice}", "in a {adj} {voice}", "with a {adj} {voice}", "{adj}", "{adv}", "speaking {adv}", "say it {adv}",
    "{adj}, {manner}", "{manner}", "{adv}, {manner}", "full of {noun}", "with {noun} in {p} voice", "a {voice} full of {noun}",
    "{p} voice thick with {noun}", "a {mod}, {adj} {voice}", "a {adj}, {mod} {voice}", "{mod} and {adj}", "{noun}",
    "read this line {adv}", "pure {noun}", "a {voice} of {noun}", "in a {mod}, {adj} {voice}", "{manner}, {adv}",
    "voice: {adj}, {mod}", "sounding {adj}", "{s} speaks {manner}", "like someone who is {adj}", "in a {mod} {voice}, {manner}",
    "({adv})", "[{adj}]", "{adv} and {manner}", "a {voice}, {mod} with {noun}", "the {voice} of a {adj} person",
    "{n} spoke {adv}", "a {adj} look", "with a {adj} face", "a face full of {noun}", "in a tone of {noun}",
    "{adj} and {mod}", "a {mod} {voice}, {adj}", "deliver it {manner}", "as if {s} were {adj}",
)
MANNER_ONLY = (
    "a {mod} {voice}", "in a {mod} {voice}", "a {mod}, {mod2} {voice}", "{mod}", "{mod} and {mod2}", "in a {mod}, {mod2} {voice}",
    "her voice was {mod}", "his voice was {mod} and {mod2}", "speaking in a {mod} {voice}", "a {voice}, {mod}",
)
#: How a voice sounds -> what that alone suggests.
MODIFIERS: dict[str, Labels] = {
    "trembling": {"nervousness": 0.6, "fear": 0.55}, "shaky": {"nervousness": 0.6, "fear": 0.4},
    "quivering": {"fear": 0.5, "nervousness": 0.4, "sadness": 0.3}, "breathless": {"excitement": 0.5, "fear": 0.25},
    "broken": {"sadness": 0.8, "grief": 0.35}, "cracking": {"sadness": 0.6, "nervousness": 0.2}, "hoarse": {"fatigue": 0.25},
    "low": {}, "husky": {"desire": 0.2}, "flat": {"boredom": 0.45, "neutral": 0.4}, "tight": {"nervousness": 0.45, "anger": 0.35},
    "strained": {"nervousness": 0.5, "annoyance": 0.25}, "choked": {"sadness": 0.75, "grief": 0.25},
    "bright": {"joy": 0.75}, "soft": {"calm": 0.5, "caring": 0.35}, "hushed": {"calm": 0.3, "awe": 0.2},
    "icy": {"contempt": 0.6, "anger": 0.5}, "cold": {"contempt": 0.5, "anger": 0.3}, "warm": {"caring": 0.75, "love": 0.3, "joy": 0.2},
    "sleepy": {"fatigue": 0.8, "calm": 0.4}, "slow": {"calm": 0.2}, "quick": {"nervousness": 0.15, "excitement": 0.15},
    "loud": {"anger": 0.25, "excitement": 0.25}, "shrill": {"fear": 0.35, "annoyance": 0.35, "anger": 0.2},
    "booming": {"determination": 0.3, "pride": 0.2}, "gruff": {"annoyance": 0.5}, "clipped": {"annoyance": 0.6, "anger": 0.2},
    "sing-song": {"joy": 0.5, "amusement": 0.4}, "velvety": {"calm": 0.35, "desire": 0.35}, "hollow": {"sadness": 0.6, "grief": 0.2},
    "dull": {"boredom": 0.5, "sadness": 0.3}, "gentle": {"caring": 0.6, "calm": 0.5}, "heavy": {"sadness": 0.6, "fatigue": 0.2},
    "steady": {"determination": 0.4, "calm": 0.3}, "sharp": {"anger": 0.5, "annoyance": 0.4}, "light": {"joy": 0.4, "amusement": 0.2},
    "faint": {"fatigue": 0.2, "fear": 0.15}, "raw": {"grief": 0.4, "sadness": 0.4, "anger": 0.2}, "silky": {"desire": 0.4, "calm": 0.2},
    "tearful": {"sadness": 0.9}, "firm": {"determination": 0.7}, "nasal": {}, "deep": {}, "small": {"nervousness": 0.3, "sadness": 0.3},
    "thin": {"fear": 0.2, "fatigue": 0.2}, "rising": {"excitement": 0.2, "nervousness": 0.2}, "ragged": {"fear": 0.3, "grief": 0.3},
}
#: Kind of voice -> (what that alone suggests, factor on the intensity).
VOICES: dict[str, tuple[Labels, float]] = {
    "voice": ({}, 1.0), "tone": ({}, 1.0), "whisper": ({}, 0.8), "murmur": ({"calm": 0.2}, 0.7), "shout": ({"anger": 0.2}, 1.25),
    "cry": ({"surprise": 0.1}, 1.2), "scream": ({"fear": 0.35}, 1.4), "growl": ({"anger": 0.6}, 1.1), "sob": ({"sadness": 0.8}, 1.1),
    "laugh": ({"amusement": 0.5, "joy": 0.3}, 1.0), "sigh": ({"fatigue": 0.1}, 0.7), "mutter": ({"annoyance": 0.2}, 0.7),
    "reply": ({}, 1.0), "drawl": ({"boredom": 0.1}, 0.7), "mumble": ({}, 0.6), "smile": ({"joy": 0.3}, 0.9), "stare": ({}, 1.0),
    "squeal": ({"excitement": 0.5}, 1.2), "groan": ({"annoyance": 0.3}, 0.9), "plea": ({"fear": 0.2, "sadness": 0.2}, 1.1),
}
INTENSIFIERS: dict[str, float] = {
    "": 1.0, "a bit": 0.45, "a little": 0.45, "slightly": 0.35, "somewhat": 0.5, "faintly": 0.3, "mildly": 0.4, "barely": 0.2,
    "kind of": 0.5, "fairly": 0.75, "quite": 0.85, "rather": 0.8, "pretty": 0.85, "really": 1.15, "very": 1.2, "so": 1.15,
    "deeply": 1.25, "extremely": 1.4, "utterly": 1.4, "absolutely": 1.4, "incredibly": 1.35, "completely": 1.35,
    "insanely": 1.45, "terribly": 1.25, "truly": 1.15, "just a tiny bit": 0.25, "almost": 0.6, "beyond": 1.45,
}
AMOUNTS: dict[str, float] = {
    "": 1.0, "a hint of": 0.3, "a trace of": 0.25, "a touch of": 0.35, "a little": 0.4, "some": 0.6, "mild": 0.45, "quiet": 0.6,
    "great": 1.2, "deep": 1.25, "overwhelming": 1.45, "boundless": 1.4, "nothing but": 1.2, "pure": 1.25, "sheer": 1.3, "a flicker of": 0.3,
}
STATE = (
    "I am {much} {adj}.", "I feel {much} {adj}.", "I'm {much} {adj} today.", "{n} was {much} {adj}.", "{S} felt {much} {adj}.",
    "{much} {adj}", "{S} looked {much} {adj}.", "It made {o} {much} {adj}.", "You sound {much} {adj}.", "{S} sounded {much} {adj}.",
    "They were all {much} {adj}.", "{S} spoke with {amount} {noun}.", "There was {amount} {noun} in {p} eyes.", "with {amount} {noun}",
    "{amount} {noun}", "{S} felt {amount} {noun}.", "What {s} felt was {amount} {noun}.", "{n} could not hide {p} {noun}.",
    "{S} was filled with {noun}.", "My heart is full of {noun}.", "I was {much} {adj} when I heard it.", "That makes me {much} {adj}.",
    "we are {much} {adj}", "{n} seems {much} {adj} to me.", "Everybody could see how {adj} {s} was.", "{S} became {much} {adj}.",
    "The news left {o} {much} {adj}.", "There was {amount} {noun} in the room.", "I've been {much} {adj} all day.",
    "feeling {much} {adj}", "{S} was {much} {adj} about it.", "Are you {adj}?", "a {voice0} with {amount} {noun}".replace("{voice0}", "voice"),
)
NARRATE = (
    "{Cue}.", "{Cue}.", "When {small}, {cue}.", "{small} and {cue}.", "{Cue} when {small}.", "As {small}, {cue}.", "{event}", "{event}",
    "{event} {Cue}.", "{n} came in. {Cue}.", "{Cue}, {manner}.", "{Cue} and {cue}.", "{say}", '"{say}" {s} {verb}.', '"{say}" {s} said {adv}.',
    '"{say}" {n} {verb}, {manner}.', "{S} {verb}: {say}", "{Cue}. \"{say}\"", "{n} stood there {manner}.", "{n} answered {adv}.",
    "{S} walked away {manner}.", "Then {cue}.", "{event} {say}", "I watched as {cue}.", "{n} looked at them {adv}.", "{small}. {Cue}.",
    "For a moment nobody spoke. Then {cue}.", "{S} said nothing, but {cue}.", "{n} sat down {manner}.", "{S} {verb} {manner}.",
    "All morning it had been the same. {event}", "{Cue} before {s} could say a word.", "{n} {verb}.", "It was late. {event}",
)
SAY = (
    "{say}", "{say}", "{say}", "{say} {say}", "Oh, {say}", "{n}, listen. {say}", "{say} I mean it.", "{say} You know that.", "Well. {say}",
    "I told you. {say}", "{say} Really.", "Look. {say}", "{n}! {say}", "Hey. {say}",
)
MIX = (
    "{adj} but {adj2}", "{adj} and {adj2}", "a {adj}, {adj2} {voice}", "{adj} and {adj2} at the same time", "half {adj}, half {adj2}",
    "torn between {noun} and {noun2}", "{noun} mixed with {noun2}", "{adv}, {manner2}", "I'm {adj} and a little {adj2}.",
    "{S} was {adj}, yet {adj2}.", "{adj} with a touch of {noun2}", "{adj}, with a hint of {noun2}", "{manner}, {adj2}", "{Cue}, and {cue2}.",
    "somewhere between {noun} and {noun2}", "{noun} and {noun2}", "I feel both {adj} and {adj2}.", "a mixture of {noun} and {noun2}",
    "a {adj} {voice}, full of {noun2}", "{S} was {adj}, but also {adj2}.", "as {adj} as {adj2}", "{say} But {say2}", "{Cue}, but {cue2}.", "{event} And yet {cue2}.",
    "{say} {say2}", "{Cue}. Then {cue2}.", "{adv} yet {adv2}", "{adv} and {adv2}",
)
#: Mixtures with a life of their own -> (labels, intensity).
FIXED_MIXTURES: dict[str, tuple[Labels, float]] = {
    "laughing through the tears": ({"joy": 0.8, "sadness": 0.7, "amusement": 0.4}, 0.8),
    "smiling with wet eyes": ({"joy": 0.7, "sadness": 0.7, "love": 0.2}, 0.75),
    "tears of joy": ({"joy": 1.0, "relief": 0.3, "sadness": 0.15}, 1.0),
    "crying with happiness": ({"joy": 1.0, "relief": 0.2, "sadness": 0.15}, 1.0),
    "a sad smile": ({"sadness": 0.9, "joy": 0.35, "caring": 0.2}, 0.55),
    "a bittersweet goodbye": ({"sadness": 0.9, "love": 0.4, "joy": 0.4, "longing": 0.3}, 0.7),
    "laughing and crying at once": ({"joy": 0.8, "sadness": 0.7, "relief": 0.3}, 0.9),
    "smiling bravely despite the tears": ({"sadness": 0.8, "determination": 0.5, "joy": 0.4}, 0.7),
    "a nervous giggle": ({"nervousness": 0.9, "amusement": 0.5, "embarrassment": 0.2}, 0.5),
    "happy and sad at once, as at a wedding": ({"joy": 0.8, "sadness": 0.6, "love": 0.4}, 0.75),
    "whistling in the dark": ({"fear": 0.7, "nervousness": 0.6, "optimism": 0.2}, 0.6),
    "grinning with clenched teeth": ({"annoyance": 0.7, "anger": 0.5, "joy": 0.2}, 0.6),
    "swallowing {p} rage".replace("{p}", "his"): ({"anger": 1.0, "annoyance": 0.4}, 0.8),
    "half laughing, half crying": ({"joy": 0.7, "sadness": 0.7, "amusement": 0.4}, 0.8),
    "smiling with trembling lips": ({"joy": 0.5, "sadness": 0.6, "nervousness": 0.4}, 0.65),
    "his eyes were wet, but he was smiling": ({"joy": 0.7, "sadness": 0.6}, 0.75),
    "I'm crying because I'm so happy.": ({"joy": 1.0, "relief": 0.2, "sadness": 0.1}, 1.1),
    "a tearful reunion": ({"joy": 0.9, "love": 0.6, "sadness": 0.4, "relief": 0.3}, 0.95),
}
HIDE = (
    "trying to sound {adj}, but really {adj2}", "hiding {p} {noun2} behind a {adj} smile", "pretending to be {adj}, {adj2} inside",
    "{S} acted {adj}, but inside {s} was {adj2}.", "outwardly {adj}, inwardly {adj2}", "{noun2} behind a mask of {noun}",
    "{S} said {s} was {adj}, but {cue2}.", "{S} tried to stay {adj}, but {cue2}.",
)
PLEASANT = ("joy", "elation", "love", "pride", "hope", "relief", "calm", "gratitude", "amusement", "admiration")
UNPLEASANT = (
    "anger", "fury", "annoyance", "fear", "terror", "anxiety", "sadness", "despair", "disappointment", "disgust", "boredom",
    "embarrassment", "jealousy", "shame", "confusion", "surprise", "fatigue", "remorse", "bitterness",
)
DENIED_PLEASANT: tuple[Labels, float] = ({"sadness": 0.6, "disappointment": 0.5, "disapproval": 0.2, "annoyance": 0.15}, 0.5)
DENIED_UNPLEASANT: tuple[Labels, float] = ({"neutral": 0.75, "calm": 0.25, "approval": 0.1}, 0.2)
NEGATION = (
    "I am not {adj}.", "I am not {adj} at all.", "I'm not {adj}.", "{S} was not {adj}.", "{n} wasn't {adj} at all.", "not {adj}",
    "{S} felt no {noun}.", "far from {adj}", "anything but {adj}", "{n} is no longer {adj}.", "without a trace of {noun}",
    "There was no {noun} in {p} voice.", "I don't feel {adj}.", "I'm not feeling {adj} anymore.", "They weren't {adj} either.",
    "I can't say I'm {adj}.", "{S} didn't look {adj}.", "I've never felt less {adj}.", "not exactly {adj}", "not {adj} in the least",
    "nobody was {adj}", "There is nothing {adj} about it.", "we aren't {adj}", "{S} isn't {adj}, not even a little.",
)
FALSE_NEGATION = (
    "I have never been so {adj}.", "I couldn't be more {adj}.", "Nobody has ever been more {adj} than I am.", "I'm not just {adj}, I'm full of {noun}.",
    "{S} had never felt such {noun}.", "I can't tell you how {adj} I am.", "No one could be more {adj}.", "You have no idea how {adj} I am.",
    "I can't stop being {adj}.", "never before so {adj}", "There's nothing but {noun} left in me.", "I'm not a little {adj}, I'm very {adj}.",
)
#: Somebody comforts: kindness first, and an echo of what it is said against.
COMFORT = (
    "Don't be {adj}.", "You don't have to be {adj}.", "Please don't be so {adj}.", "There's no need to be {adj}.",
    "I don't want you to be {adj}.", "Nobody here wants you to feel {adj}.", "Don't be {adj}, I'm with you.",
)
COMFORT_LABELS: Labels = {"caring": 0.9, "calm": 0.2}
CONTRAST = (
    "not {adj} but {adj2}", "I'm not {adj}, I'm {adj2}.", "It wasn't {noun}, it was {noun2}.", "{S} was no longer {adj}. {S} was {adj2}.",
    "less {adj} than {adj2}", "I was {adj} once. Now I am only {adj2}.", "The {noun} was gone, and {noun2} took its place.",
)
#: Lines that mean little alone -> what they suggest without context.
AMBIGUOUS: dict[str, Labels] = {
    "Tears ran down {p} face.": {"sadness": 0.75}, "{S} could not speak.": {"surprise": 0.3, "sadness": 0.2}, "{P} heart was pounding.": {"fear": 0.4, "excitement": 0.3},
    "Oh my God.": {"surprise": 0.7}, "I can't believe it.": {"surprise": 0.7}, "{S} stood there for a long time.": {"neutral": 0.4},
    "{S} looked at the door.": {"neutral": 0.7}, "{S} sat down slowly.": {"neutral": 0.5}, "Nobody said a word.": {"neutral": 0.3, "nervousness": 0.2},
    "{S} looked up.": {"neutral": 0.7}, "{P} hands trembled.": {"fear": 0.5, "nervousness": 0.5}, "It was quiet for a while.": {"neutral": 0.4, "calm": 0.3},
    "{S} turned away.": {"neutral": 0.4, "sadness": 0.2}, "{S} closed {p} eyes.": {"calm": 0.3, "neutral": 0.3}, "And then it happened.": {"neutral": 0.4},
    "{S} took a step forward.": {"neutral": 0.6}, '"What now?" {s} said.': {"neutral": 0.4, "curiosity": 0.3}, "{S} nodded.": {"neutral": 0.6},
    "{S} held it in both hands.": {"neutral": 0.6}, "{S} said {p} name.": {"neutral": 0.5}, "So that was it.": {"neutral": 0.4, "realization": 0.3},
    "{S} ran to the window.": {"neutral": 0.3, "curiosity": 0.2}, "All at once everyone was talking.": {"excitement": 0.3},
    "{S} looked at {p} mother.": {"neutral": 0.6}, "Then came the second letter.": {"neutral": 0.6}, "{S} began to sing.": {"joy": 0.4},
    "{S} fell to {p} knees.": {"sadness": 0.3, "grief": 0.2}, "\"Say it again,\" {s} said.": {"neutral": 0.4}, "{P} mouth opened.": {"surprise": 0.5},
}
PLAIN = (
    "{who} {did} the {thing} {where}.", "{who} {did} the {thing}.", "The {thing} is {where}.", "There is a {thing} {where}.", "{who} has a {thing}.",
    "Where is the {thing}?", "{who} {did} the {thing} and then the {thing}.", "The {thing} was {colour}.", "At {hour}, {who} {did} the {thing}.",
    "{who} will be there at {hour}.", "The {thing} stood {where}.", "On {day} {who} {did} a {colour} {thing}.", "{who} lives {where}.",
    "The {thing} costs {hour} coins.", "It was {hour} o'clock.", "{who} went out to buy a {thing}.", "The {colour} {thing} belongs to {who}.",
    "the {thing}", "a {colour} {thing} {where}", "{who} read about the {thing} on {day}.", "Is the {thing} {where} yours?",
    "Please bring the {thing}.", "The path led past the {thing}.", "I saw {who} on {day}.", "{who} looked for the {thing} {where}.",
)
PLAIN_SLOTS: dict[str, tuple[str, ...]] = {
    "who": ("she", "he", "the man", "the woman", "my neighbour", "Anna", "Peter", "the clerk", "the driver", "they", "the student", "our teacher", "Mr Brown", "the baker", "the engineer", "Maria"),
    "did": ("moved", "carried", "cleaned", "painted", "sold", "bought", "measured", "opened", "closed", "found", "described", "repaired", "drew", "counted", "used", "placed", "packed", "saw", "took", "held"),
    "thing": ("table", "chair", "bicycle", "cup", "book", "letter", "lamp", "door", "box", "map", "coat", "ladder", "kettle", "window", "basket", "car", "clock", "key", "bridge", "stone", "newspaper", "shelf", "bag", "ticket", "spoon", "rope", "boat", "plan", "report", "computer", "house", "bell"),
    "where": ("in the kitchen", "by the river", "on the roof", "at the station", "in the street", "next to the wall", "behind the shop", "near the school", "on the desk", "under the bench", "in town", "across the road", "upstairs", "in the hall"),
    "colour": ("blue", "red", "grey", "green", "brown", "white", "black", "yellow", "wooden", "large", "small", "round", "old", "new"),
    "hour": ("three", "five", "seven", "eight", "ten", "noon", "twelve", "two"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "the first of May"),
}
