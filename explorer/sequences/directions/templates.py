"""The sentences that the taggers learned from, and those that were held out: templates with gaps for names.

`{person}` and `{place}` are gaps; of words in brackets, as in `(said|wrote)`, one is drawn, and for `<said>` one of the
list of that name. Some sentences get an opening, some are joined to another.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from typing import Final

from explorer.sequences.directions.names import Names, is_held_out
from explorer.sequences.directions.sentences import NONE, PERSON, PLACE, Sentence, split_sentence

_CHOICE: Final = re.compile(r"\(([^()]*)\)")
_LIST: Final = re.compile(r"<(\w+)>")
_TWO_WORDS: Final = 0.3  # of the people: given name and family name
_FRONTED: Final = 0.1  # of the places: "New", "North" or the like stands before
_FRONTS: Final = ("New", "North", "South", "West", "East", "Port", "Fort", "Saint")
_SHARED: Final = 0.5  # of the names: one that people and places bear
_OPENED: Final = 0.15  # of the sentences: words such as "I heard that" stand before
_OPENINGS: Final = ("I heard that", "They say that", "Yesterday", "Today", "Perhaps", "Now", "We know that", "Then")
_JOINED: Final = 0.2  # of the sentences: two in one
_JOINTS: Final = ("and", "but", "because", "while", "when", ",")
_OPEN_END: Final = 0.15  # of the sentences: no full stop
_SMALL: Final = 0.05  # of the sentences: no capital letter in them

# Words that several templates draw from.
_WORDS: Final = {
    "did": "smiled|laughed|wept|sighed|nodded|sang|danced|slept|waved|ran home|walked home|sat down|stood up|coughed",
    "said": "said|says|thinks|thought|believes|hopes|knows|knew|wrote|claimed|replied|told me|told us",
    "news": "rain is coming|snow will come|nobody came|the war is over|the road is closed|all is well|it rained",
    "met": "met|saw|thanked|loved|married|kissed|called|asked|hated|helped|knew|invited",
    "made": "wrote|sent|read|sang|painted|bought|sold|found|lost|opened|closed|forgot|broke|carried",
    "thing": "letter|book|poem|song|door|window|coat|hat|house|piano|violin|prize|picture|boat|bottle",
    "job": "doctor|teacher|painter|singer|farmer|judge|nurse|lawyer|soldier|sailor|student|poet|king|queen",
    "kin": "friend|neighbour|cousin|uncle|aunt|brother|sister|mother|father|wife|husband|son|daughter",
    "feels": "angry|tired|happy|hungry|ill|sad|afraid|married|asleep|rich|kind|clever|polite",
    "plays": "sings|dances|paints|cooks|writes|sleeps|smiles|plays the piano|drinks tea|works hard|reads books",
    "where": "on the coast|by the sea|by a river|on a hill|in the north|in the south|on an island|near the border",
    "town": "state|city|town|country|port|village|capital|island|region|fortress",
    "old": "old|quiet|small|large|green|famous|beautiful|poor|rich|cold",
    "has": "bridges|harbours|museums|parks|beaches|streets|castles|factories|inhabitants|borders|rivers|mountains",
    "was": "built|founded|burned|bombed|rebuilt|conquered|flooded|divided|invaded",
    "is": "crowded|empty|flooded|expensive|far away|independent|surrounded by hills|at war",
    "goods": "coffee|copper|wine|wool|tea|rice|oil|cotton|sugar|corn",
    "air": "climate|coast|harbour|airport|cathedral|university|parliament|government|population|economy",
    "when": "in spring|in winter|in summer|in May|in 1850|in 1666|in 1918|after the war|last year|long ago",
    "time": "yesterday|again|twice|today|every day|in the morning|at night|for two hours|all day",
    "went": "drove|flew|moved|walked|travelled|went|came|returned|sailed",
    "stays": "lives|lived|works|stayed|grew up|studied|slept|waited",
    "way": "road|train|ship|flight|river|path|bus|ferry",
    "mr": "Mr|Mrs|Doctor|Professor|Aunt|Uncle|Miss|Captain|King|Queen|Judge",
    "his": "his|her",
    "my": "My|His|Her|Our|Your",
}

# What tells a person from a place stands behind the name, ...
_BEHIND: Final = """
{person} <said> that <news> .
{place} is a <town> .
{person} is a <job> .
{place} is a <old> <town> <where> .
{person} is a <feels> <job> .
{place} has (two|three|many|no) <has> .
{person} has (two|three|many|no) (sons|daughters|brothers|sisters|friends|children) .
{person} <did> .
{place} lies <where> .
{person} <did> and <did> .
{place} was <was> .
{person} <made> a <thing> .
{place} was <was> <when> .
{person} was born <when> .
{place} is (the capital|the largest city) of the (north|south|west|east) .
{person} is the <kin> of a <job> .
{place} is <is> <when> .
{person} is <feels> <time> .
{place} is <old> and <is> .
{person} is <feels> and <feels> .
{place} has a (warm|mild|cold|dry) climate .
{person} has a (warm|kind|loud|soft) voice .
{place} has a <old> <air> .
{person} has a <thing> and a <thing> .
{person} is my <kin> .
{place} is my home <town> .
{person} , as everybody knows , <plays> well .
{place} , as everybody knows , lies <where> .
{person} , as everybody knows , is a <job> .
{place} , as everybody knows , is a <town> .
{person} <met> (me|us|them|him) <time> .
{place} exports <goods> .
{person} drinks (coffee|tea|wine|milk) <time> .
{place} exports <goods> and <goods> .
{person} <made> <his> <thing> .
{place} 's <has> are <old> .
{person} 's <kin> <did> .
{place} 's <air> is <old> .
{person} 's <kin> is a <job> .
{place} and its <has> are <old> .
{person} and <his> <kin> <did> .
{place} and its <air> (changed|grew) <when> .
{person} and <his> <kin> are <feels> .
{place} (borders|faces) the sea .
{person} (loves|hates|feels|fears) the sea .
{place} won its independence <when> .
{person} won a prize <when> .
{place} , a <town> <where> , is <old> .
{person} , a <job> <where> , is <feels> .
{place} , a <old> <town> , was <was> <when> .
{person} , a <feels> <job> , <did> .
{place} has (one million|many|few) inhabitants .
{person} has one (bad|good) habit .
{place} (grew|shrank) <when> .
{person} (returned|died|resigned|retired) <when> .
{place} is famous for its <has> .
{person} is famous for <his> (songs|books|poems|pictures|jokes) .
{place} is known for its <goods> and its <has> .
{person} is known for <his> (songs|books|poems|pictures|jokes) .
I like {person} , who <plays> .
I like {place} , which is <old> .
I like {person} , <his> <kin> and <his> (songs|jokes|books) .
I like {place} , its <has> and its <has> .
We remember {person} , a <feels> <job> .
We remember {place} , a <old> <town> .
We remember {person} , who <did> <time> .
We remember {place} , which was <was> <when> .
I miss {person} and <his> (jokes|songs|letters|books) .
I miss {place} and its <has> .
Tell me about {person} and <his> <kin> .
Tell me about {place} and its <air> .
Do you know {person} , the <job> ?
Do you know {place} , the <town> <where> ?
{person} (shook|raised) <his> (head|hand|fist) .
{place} , said the guide , was once a <town> .
{person} , said the guide , was once a <job> .
{place} was once a <town> <where> .
{person} was once a <job> .
{person} , who <plays> , <did> .
{place} , which lies <where> , is <old> .
{person} , who <made> the <thing> , is <feels> .
{place} , which was <was> <when> , is <is> .
{person} (did not know|knew|understood) the answer .
{place} did not exist before (1850|1900|1666) .
{person} (can|will|must|should) (sing|sleep|dance|smile|write|cook|rest) .
{place} (can|will|must|should) be (rebuilt|divided|visited|flooded) .
{person} did not (smile|laugh|sleep|sing|write|dance) .
{place} was not <was> .
{person} never <made> a <thing> .
{place} was never <was> .
{person} went to bed <time> .
{place} went to war <when> .
Once {person} was <feels> .
Once {place} was a <old> <town> .
"""
# ... before it, ...
_BEFORE: Final = """
<mr> {person} is here .
(We|They|He|She) <went> to {place} .
<mr> {person} <did> .
(We|They|He|She) <stays> in {place} .
The <thing> was (signed|written|sung|painted) by {person} .
The <town> of {place} is <old> .
<my> <kin> {person} is <feels> .
The <air> of {place} is <old> .
<my> <kin> {person} <did> .
The <way> to {place} is (late|long|slow|closed) .
(He|She|They) <met> {person} .
The <has> of {place} are <old> .
(He|She) <met> {person} <time> .
We spent (a week|two days|the winter|a year) in {place} .
The <kin> of {person} is <feels> .
Near {place} the <way> is (narrow|wide|closed) .
The <kin> of {person} <did> .
(North|South|East|West) of {place} it (rained|snowed) .
(Yes|No|Well) , {person} , I (know|agree|heard you) .
The <way> (flows|runs|goes) through {place} .
According to {person} , <news> .
(All|Half) of {place} was <is> .
<my> (name|boss|teacher) is {person} .
We are (citizens|visitors|inhabitants) of {place} .
(Please|Do not) (ask|tell|wake|help) {person} .
They (crossed|left|reached|invaded|conquered) {place} .
The <job> <met> {person} .
The (war|election|harvest) in {place} is over .
(Dear|Poor|Old|Young) {person} , (come home|how are you) .
In {place} <news> .
The <job> {person} <did> .
In {place} the <has> are <old> .
A <job> called {person} <did> .
A <town> called {place} was <was> .
It was <mr> {person} who <did> .
It is far from {place} to the sea .
She is the <kin> of {person} .
The <goods> from {place} is dear .
I gave the <thing> to {person} .
He was born in {place} <when> .
"""
# ... on both sides of it, or two names stand in one sentence.
_MANY: Final = """
{person} <stays> in {place} .
{person} and {person} <did> .
From {place} to {place} it is (far|two hours|a long way) .
In {place} , {person} <made> a <thing> .
{person} <met> {person} in {place} .
{place} and {place} are (cities|countries|states|islands) .
{person} (left|reached|visited) {place} <when> .
{person} <met> {person} <time> .
{place} is where {person} was born .
{person} (told|asked|wrote to) {person} about the <thing> .
The (mayor|queen|king) of {place} , {person} , <did> .
{person} from {place} <did> .
{person} , born in {place} , is a <job> .
{person} prefers {place} to {place} .
When {person} <did> , {place} was <is> .
The <way> from {place} to {place} is (late|long|slow|closed) .
{person} <went> from {place} to {place} .
{person} and {person} <stays> in {place} .
{person} <went> to {place} <when> .
In {place} {person} is famous .
{person} <said> that {person} <did> .
{person} <said> that {place} is <old> .
{place} is larger than {place} .
{person} is older than {person} .
"""
# No name in it, although it begins with a capital letter as all do.
_WITHOUT: Final = """
The <has> are <old> .
Nobody <said> that <news> .
It is a <old> <town> <where> .
(He|She|Everybody) <did> .
(Rain|Snow|Wind) is coming from the (north|sea|west) .
<my> <kin> is a <job> .
(Yesterday|Today|Later) we <went> home .
(Bread|Milk|Coffee|Wine) is (cheap|dear|sold) here .
(Cities|Rivers|Towns|Islands) have <has> .
The <job> <did> .
(What|Who) is (that|it) ?
(Open|Close|Lock|Paint) the <thing> , please .
We <met> a <job> in the <town> .
(Winter|Summer|Spring) has come .
A <thing> is not a <thing> .
(He|She) <made> a <thing> <time> .
"""


_KINDS: Final = {"behind": _BEHIND, "before": _BEFORE, "several": _MANY, "without": _WITHOUT}
"""Templates by where the clue to a name stands: behind it, before it, several names, no name."""


def list_templates(*, held_out: bool, kinds: Collection[str] = tuple(_KINDS)) -> tuple[str, ...]:
    """The templates of some kinds to learn from, or those held out: of each kind one in four."""
    return tuple(
        line
        for kind in kinds
        for number, line in enumerate(_KINDS[kind].split("\n")[1:-1])
        if is_held_out(number) == held_out
    )


def draw_sentence(templates: tuple[str, ...], names: Names, numbers: random.Random) -> Sentence:
    """A sentence from one of the templates, or from two joined, and what each of its words is."""
    words, classes = _fill(numbers.choice(templates), names, numbers)
    if numbers.random() < _OPENED:
        words, classes = _join(numbers.choice(_OPENINGS).split(), [], words, classes)
    if numbers.random() < _JOINED and words[-1] == ".":
        more = _fill(numbers.choice(templates), names, numbers)
        words, classes = _join([*words[:-1], numbers.choice(_JOINTS)], classes[:-1], *more)
    if numbers.random() < _OPEN_END and words[-1] == ".":
        words, classes = words[:-1], classes[:-1]
    if numbers.random() < _SMALL:
        words = [word.lower() for word in words]
    return Sentence(tuple(words), tuple(classes))


def _fill(line: str, names: Names, numbers: random.Random) -> tuple[list[str], list[int]]:
    """One template with its gaps filled."""
    line = _LIST.sub(lambda found: numbers.choice(_WORDS[found[1]].split("|")), line)
    line = _CHOICE.sub(lambda found: numbers.choice(found[1].split("|")), line)
    words: list[str] = []
    classes: list[int] = []
    for piece in line.split():
        kind = {"{person}": PERSON, "{place}": PLACE}.get(piece, NONE)
        drawn = [_draw_person, _draw_place][kind - 1](names, numbers) if kind else split_sentence(piece)
        words += drawn
        classes += [kind] * len(drawn)
    return words, classes


def _join(
    before: list[str], classes_before: list[int], words: list[str], classes: list[int]
) -> tuple[list[str], list[int]]:
    """Words put before a sentence, which then begins with a small letter unless a name is its first word."""
    first = words[0] if classes[0] != NONE or words[0] == "I" else words[0].lower()
    filled = [*classes_before, *([NONE] * (len(before) - len(classes_before)))]
    return [*before, first, *words[1:]], [*filled, *classes]


def _draw_person(names: Names, numbers: random.Random) -> list[str]:
    family = numbers.choice(names.both if numbers.random() < _SHARED else names.family)
    given = numbers.choice(names.both if numbers.random() < _SHARED else names.given)
    if numbers.random() < _TWO_WORDS:
        return [given, family]
    return [numbers.choice((given, family))]


def _draw_place(names: Names, numbers: random.Random) -> list[str]:
    place = numbers.choice(names.both if numbers.random() < _SHARED else names.places)
    if numbers.random() < _FRONTED:
        return [numbers.choice(_FRONTS), place]
    return [place]
