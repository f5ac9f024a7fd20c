"""Names to draw from, and what is made of a name: logins, phone numbers, ids."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

T = TypeVar("T")

DOMAIN = "northfield.example"

GIVEN = tuple(
    """Aaliyah Abigail Adaeze Agnieszka Aino Alasdair Alfie Amara Amélie Amit Anders Aneta
    Anjali Anneli Arjun Arthur Asger Astrid Ayodele Beatriz Bethan Birgitte Björn Caitlín
    Callum Camilla Chidi Chloé Chukwuemeka Clara Dafydd Daniel Dilan Dominik Ebba Edith
    Eilidh Einar Eleanor Elif Emil Emma Esme Esther Fatima Femi Finlay Freja Freya Gareth
    George Grace Guðrún Gustav Halima Hamza Hannah Harriet Hassan Helle Henrik Hiroshi Hugo
    Ibrahim Ida Iman Imogen Inès Ioan Iona Isla Ivar Jakub Jamila Jasper Jens Joanna João
    Josefine Jónas Karoline Kasper Keira Kofi Laila Lars Laurits Leila Liam Linnéa Liv Lucía
    Mads Maeve Magnus Maja Malik Marta Mathilde Maximilian Mei Mikkel Mohammed Mónica
    Morwenna Nadia Naomi Nia Niamh Nikolaj Noah Oliwia Oluwaseun Omar Oscar Otto Owen Petra
    Philippa Piotr Priya Rasmus Rhiannon Rohan Rosa Rowan Saoirse Samira Sebastian Siân
    Sigrid Sinéad Sofie Søren Stella Sunniva Tariq Thea Theodor Tilde Tobias Torben Tuva
    Ulrik Valdemar Vera Viggo Viktoria Wei Wiktor Yasmin Yusuf Zainab Zoë Zofia Øyvind
    """.split()  # noqa: SIM905 - names are read and amended as text
)

FAMILY = (
    *"""Abbott Abdi Adeyemi Ahmed Ahlström Akhtar Andersen Ashworth Aziz Bailey Bakke Banerjee
    Barlow Begum Bennett Berg Bjerregaard Blackwood Bradshaw Brannigan Byrne Campbell
    Carlsen Cartwright Chaudhry Chen Christensen Christie Clarke Cooper Dahl Dalgaard Das
    Davies Desai Donnelly Doyle Eastwood Ekström Ellis Eriksen Evans Farah Fernández
    Fletcher Forsberg Foster Frost Gallagher García Gill Gonçalves Greenwood Griffiths
    Grønbech Gupta Gustafsson Haagensen Hansen Hargreaves Hashmi Hedegaard Holm Hopkins
    Hughes Hussain Ibrahim Iqbal Iversen Jankowski Jarvis Jensen Jóhannsdóttir Johansson
    Jones Jørgensen Kaur Kelly Khan Kjær Knudsen Kowalska Kristensen Kumar Larsen Laursen
    Lehtonen Lewandowski Lindholm Llewellyn Lund Lykke MacLeod Madsen Mahmood Marchetti
    McKenna Mehta Mikkelsen Mistry Møller Morgan Mortensen Müller Murphy Nakamura Naylor
    Nguyen Nielsen Nordström Nowak Nygaard Okafor Okonkwo Olsen Osborne Østergaard Overgaard
    Owusu Parveen Patel Pedersen Petrović Poulsen Powell Prescott Rahman Rasmussen Rees Riis
    Robertson Rossi Ruiz Saleh Santos Sharma Simonsen Singh Sjöberg Skov Solberg Sørensen
    Stokes Sutherland Svendsen Szymański Tanaka Tariq Thomsen Thorne Thorsen Tómasson
    Vestergaard Villadsen Virtanen Walsh Wanjiru Warsame Whitaker Wilkinson Winther Wójcik
    Wong Yıldız Young Zhang""".split(),  # noqa: SIM905
    "O'Brien",
    "O'Connell",
    "O'Neill",
    "D'Souza",
    "N'Diaye",
    "ap Rhys",
    "de Vries",
    "van den Berg",
    "Ó Súilleabháin",
    "Fitzgerald-Moore",
    "Bang-Olesen",
    "Smith-Jørgensen",
)

_LETTERS = str.maketrans(
    {"ø": "oe", "Ø": "Oe", "æ": "ae", "å": "aa", "Å": "Aa", "ð": "d", "ı": "i", "ł": "l", "ß": "ss"}
)


def login_part(name: str) -> str:
    """The name as it stands in logins: `O'Donoghue` → `odonoghue`, `Søren` → `soeren`."""
    composed = unicodedata.normalize("NFC", name).translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(c for c in decomposed.lower() if (c.isascii() and c.isalnum()) or c == "-")


def login(given: str, family: str) -> str:
    """The login e-mail made of a name."""
    return f"{login_part(given)}.{login_part(family)}@{DOMAIN}"


def phone(number: int) -> str:
    """A number of the range that Ofcom keeps for fiction: +44 1632 960000 to 960999."""
    return f"+44 1632 960{number % 1000:03}"


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of the choices; only `random()` is promised to be the same in every Python."""
    return choices[int(rng.random() * len(choices))]


def full_names(rng: Random, taken: set[str]) -> Iterator[tuple[str, str]]:
    """Names without end whose logins are not in `taken`, to which each is added.

    When the pairs run short a middle initial, then a number of initials, keeps them apart.
    """
    while True:
        given, family = pick(rng, GIVEN), pick(rng, FAMILY)
        while login(given, family) in taken:
            given = f"{given.split(' ')[0]} {pick(rng, GIVEN)}"
        taken.add(login(given, family))
        yield given, family


def ascending(rng: Random, start: int) -> Iterator[int]:
    """Ids as a shared server gives them: rising, with gaps, from a start that the seed moves."""
    current = start + int(rng.random() * start / 10)
    while True:
        current += 1 + int(rng.random() * 7)
        yield current
