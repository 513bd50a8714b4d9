"""The names that the taggers learned from, and those that were held out to measure them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

_GIVEN: Final = """
    Adam Agnes Alan Alice Amir Anna Anton Astrid Barbara Ben Bianca Boris Bruno Carla Carmen Cecilia Clara Colin
    Daniel Daria David Dora Edgar Elena Elsa Emil Emma Erik Esther Fatima Felix Fiona Frank Frieda Gabriel Greta
    Hannah Harold Hassan Helen Henry Hugo Ida Igor Ines Irene Isaac Ivan Jana Jasper Joan Jonas Judith Julia Karim
    Karl Kenji Klara Lars Laura Leila Leo Linda Lucas Magda Maria Marcus Martin Mei Miriam Mona Nadia Nina Noah Olga
    Oscar Otto Pablo Paula Peter Petra Priya Quentin Rachel Ravi Rita Robert Rosa Ruth Samuel Sara Sofia Stefan Susan
    Tara Theo Thomas Tobias Ursula Vera Viktor Walter Yara Yusuf Zoe
"""
_FAMILY: Final = """
    Abbott Ahmed Andersen Baker Barnes Becker Bennett Berg Bianchi Boyd Brandt Brown Carter Castro Chen Clarke Cohen
    Cooper Costa Dawson Diaz Dixon Dubois Eriksen Evans Ferrari Fischer Flores Foster Fuchs Garcia Gibson Gomez Graf
    Haas Hansen Hayes Hoffmann Hughes Ibrahim Ivanova Jansen Jensen Kaya Keller Khan Klein Kowalski Kumar Lange
    Larsen Lopez Mehta Meyer Moreau Morgan Moss Murphy Nakamura Neumann Novak Okafor Olsen Owens Parker Patel Perez
    Petrov Popov Quinn Ramos Reed Richter Rossi Roth Sanders Sato Schmidt Silva Singh Smith Sokolov Suzuki Tanaka
    Taylor Torres Turner Vogel Wagner Walsh Weber Wright Yamada Zhang Zimmer
"""
_PLACES: Final = """
    Africa Albania Algeria Amsterdam Ankara Antwerp Argentina Asia Athens Australia Austria Baghdad Bangkok Barcelona
    Basel Belgium Berlin Bergen Bolivia Bombay Bordeaux Boston Brazil Bremen Brisbane Brussels Bucharest Budapest
    Bulgaria Cairo Calcutta Canada Chicago Chile China Cologne Colombia Copenhagen Cracow Croatia Cuba Cyprus Damascus
    Delhi Denmark Dresden Dublin Ecuador Edinburgh Egypt England Estonia Ethiopia Europe Finland Frankfurt Geneva
    Genoa Germany Ghana Glasgow Granada Greece Hamburg Hanoi Havana Helsinki Hungary Iceland India Iran Ireland
    Istanbul Italy Jakarta Japan Kenya Kyoto Lagos Latvia Leipzig Lima Lisbon Liverpool London Lyon Madrid Malaga
    Malta Manila Marseille Mexico Milan Moscow Mumbai Munich Nairobi Naples Nepal Nigeria Norway Oslo Ottawa Palermo
    Peru Poland Portugal Prague Riga Romania Rome Rotterdam Russia Salzburg Scotland Seoul Serbia Seville Shanghai
    Siberia Singapore Spain Stockholm Sweden Switzerland Tehran Tokyo Toronto Trieste Tunis Turin Turkey Uganda
    Utrecht Valencia Vancouver Venice Vienna Warsaw Wales Zagreb Zambia Zurich
"""
_BOTH: Final = """
    Abilene Adelaide Alberta Alexandria Arlington Asia Aspen Austin Ashley Bedford Bethany Bradford Brooklyn Burton
    Camden Carolina Catalina Chad Charleston Charlotte Chelsea Chester Clayton Cleveland Clifton Clinton Columbus
    Dakota Dallas Dalton Darwin Denver Derby Douglas Durham Easton Eden Elgin Eugene Everett Florence Francisco
    Franklin Georgia Hamilton Harrison Hastings Helena Houston Hudson Hunter Israel Ithaca Jackson Jasper Jefferson
    Jordan Juneau Kent Kimberley Kingston Lancaster Laramie Leicester Lincoln London Lorraine Lourdes Ludlow Lydia
    Lynn Madison Marlow Melbourne Memphis Milton Monroe Montgomery Nelson Newton Norfolk Odessa Olympia Orlando Paris
    Penrith Perry Phoenix Preston Raleigh Regina Roman Roland Salem Salisbury Savannah Sheffield Shelby Shirley Sienna
    Stafford Stanley Stratford Sydney Tiffany Trenton Tyrone Valencia Vernon Verona Victoria Vienna Virginia Warwick
    Washington Wellington Wesley Weston Winchester Winston York
"""


@dataclass(frozen=True)
class Names:
    """Names by what bears them.

    Attributes:
        given, family: of people.
        places: of towns, countries and continents.
        both: that people bear and places too; their letters tell nothing.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    places: tuple[str, ...]
    both: tuple[str, ...]

    @property
    def all(self) -> frozenset[str]:
        """Every name once."""
        return frozenset((*self.given, *self.family, *self.places, *self.both))


def is_held_out(number: int) -> bool:
    """Whether a line or a name with this number in its list is one of those held out: one in four."""
    return number % 4 == 3


@cache
def list_names(*, held_out: bool) -> Names:
    """The names to learn from, or those held out; no name is among both."""
    both = tuple(dict.fromkeys(_BOTH.split()))
    known: set[str] = set(both)
    parts = []
    for text in (_GIVEN, _FAMILY, _PLACES):
        names = [name for name in dict.fromkeys(text.split()) if name not in known]
        known.update(names)
        parts.append(tuple(names))
    given, family, places = (_choose(names, held_out=held_out) for names in parts)
    return Names(given, family, places, _choose(both, held_out=held_out))


def _choose(names: tuple[str, ...], *, held_out: bool) -> tuple[str, ...]:
    return tuple(name for number, name in enumerate(names) if is_held_out(number) == held_out)
