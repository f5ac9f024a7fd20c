"""The people of the example: whom the manifests name and of whom Northfield knows a part.

The one home of this list: UNIWeb members, WISEflow users and a test of the committed manifests
are all read off it. None of it varies with the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from engine.sandbox.institution.names import DOMAIN, FAMILY, GIVEN, login, login_part, phone, pick

DEPARTMENTS = ("Civil Engineering", "Mathematics", "Computer Science")
"""The departments of the example's faculty, in the order of the people below."""

_ROLES = {"M": "Manager", "A": "Author", "S": "Assessor", "R": "Reviewer", "I": "Invigilator"}

_ACADEMICS = {
    "Civil Engineering": """
        Ingrid|Solheim|Professor|MASR
        Malcolm|Ashworth|Professor|SR
        Niamh|O'Donoghue|Professor|ASR
        Søren|Kjeldgaard|Professor|SR
        Priya|Raghunathan|Associate Professor|MAS
        Tomás|Herrero|Associate Professor|MAS
        Bodil|Frandsen|Associate Professor|AS
        Callum|Drummond|Associate Professor|MAS
        Åsa|Lindqvist|Associate Professor|S
        Gethin|Pritchard|Senior Lecturer|AS
        Yetunde|Balogun|Senior Lecturer|MAS
        Rikke|Damgaard|Senior Lecturer|S
        Haruto|Nakagawa|Senior Lecturer|S
        Moira|Abernethy|Senior Lecturer|S
        Lucas|Engström|Lecturer|S
        Shazia|Mirza|Lecturer|SI
        Oskar|Brandvold|Lecturer|SI
        Rosalind|Peacock|Lecturer|S
        Dieudonné|Mbeki|Teaching Fellow|I
        Frida|Lauridsen|Teaching Fellow|I""",
    "Mathematics": """
        Henrik|Thorvaldsen|Professor|MASR
        Judith|Featherstone|Professor|SR
        Ravi|Subramanian|Professor|SR
        Élodie|Marchand|Associate Professor|MAS
        Kjersti|Aasen|Associate Professor|MAS
        Declan|O'Hara|Associate Professor|AS
        Agnes|Wollaston|Associate Professor|MAS
        Jesper|Boysen|Associate Professor|S
        Temperance|Adomako|Associate Professor|S
        Zoltán|Szabó|Senior Lecturer|MAS
        Gwenllian|Hopkin|Senior Lecturer|S
        Birk|Nørgaard|Senior Lecturer|AS
        Farzana|Siddiqui|Senior Lecturer|S
        Piers|Whittaker|Senior Lecturer|S
        Marit|Hauge|Lecturer|S
        Kwame|Asante|Lecturer|SI
        Léonie|Dubois|Lecturer|S
        Torsten|Ekdahl|Lecturer|SI
        Bronagh|McAleer|Teaching Fellow|I
        Signe|Bundgaard|Teaching Fellow|I""",
    "Computer Science": """
        Alistair|Cruickshank|Professor|MASR
        Gudrun|Halvorsen|Professor|SR
        Nkechi|Eze|Professor|ASR
        Mikael|Sandström|Associate Professor|MAS
        Roisín|Keane|Associate Professor|MAS
        Anil|Deshpande|Associate Professor|MAS
        Lone|Vinther|Associate Professor|AS
        Hywel|Bevan|Associate Professor|S
        Kaisa|Rautio|Associate Professor|S
        Jiahui|Liang|Senior Lecturer|MAS
        Sten|Ravnkilde|Senior Lecturer|S
        Catriona|MacAulay|Senior Lecturer|AS
        Bashir|Haddad|Senior Lecturer|S
        Theresa|Ogilvie|Senior Lecturer|S
        Milan|Kovačević|Lecturer|S
        Elin|Håkansson|Lecturer|SI
        Jonas|Vestager|Lecturer|S
        Winifred|Achebe|Lecturer|SI
        Pádraig|Ó Briain|Teaching Fellow|I
        Karen|Stubbings|Teaching Fellow|I""",
}

_OFFICE = """
    Exam|Office|Examination Office|M|exam-office
    Kim|Rosendahl|Chief Invigilator|MI
    Barbara|Entwistle|Registrar|MR
    Joakim|Tveit|Examination Officer|MI
    Sunita|Varma|Examination Officer|MI"""

_EXTERNALS = """
    Margrethe|Ulfeldt|External Examiner|S
    Conor|Fitzsimons|External Examiner|S
    Helga|Sigurðardóttir|External Examiner|S
    Rupert|Thistlethwaite|External Examiner|SR
    Amina|Bello|External Examiner|S"""

SECOND_DEPARTMENT = {
    f"aasa.lindqvist@{DOMAIN}": "Nursing",
    f"kaisa.rautio@{DOMAIN}": "Mathematics",
}
"""Staff of two departments; the manifests state which of the two is meant."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works on exams; `key` is the Personal Organisation Id."""

    key: str
    first_name: str
    last_name: str
    department: str
    title: str
    roles: tuple[str, ...]
    employee_id: str


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody who sits exams; `key` is the Personal Organisation Id."""

    key: str
    first_name: str
    last_name: str
    email: str
    student_number: str
    department: str


def _member(line: str, department: str, number: int) -> StaffMember:
    first, last, title, letters, *local_part = line.strip().split("|")
    return StaffMember(
        key=f"{local_part[0]}@{DOMAIN}" if local_part else login(first, last),
        first_name=first,
        last_name=last,
        department=department,
        title=title,
        roles=tuple(_ROLES[letter] for letter in letters),
        employee_id=f"E{number:05}",
    )


def _table(text: str, department: str, first_number: int) -> tuple[StaffMember, ...]:
    lines = text.strip().splitlines()
    return tuple(_member(line, department, first_number + 3 * n) for n, line in enumerate(lines))


@cache
def academics() -> tuple[StaffMember, ...]:
    """The sixty members of the three departments, twenty each, all known to UNIWeb."""
    tables = (_table(_ACADEMICS[d], d, 10041 + 100 * n) for n, d in enumerate(DEPARTMENTS))
    return tuple(member for table in tables for member in table)


@cache
def office() -> tuple[StaffMember, ...]:
    """The examination office: not academics, so UNIWeb does not know them."""
    return _table(_OFFICE, "Examination Office", 10900)


@cache
def externals() -> tuple[StaffMember, ...]:
    """External examiners, who come from other universities."""
    return _table(_EXTERNALS, "External", 10950)


def office_phone(member: StaffMember) -> str:
    """The number under which the examination office reaches, or is, this person."""
    return phone(int(member.employee_id[1:]) - 10000)


@cache
def students() -> tuple[Student, ...]:
    """The faculty's 240 students of the term, eighty a department."""
    rng, taken = Random(2027), set[str]()  # noqa: S311 - names, not secrets
    return tuple(_student(n, rng, taken) for n in range(80 * len(DEPARTMENTS)))


def _student(number: int, rng: Random, taken: set[str]) -> Student:
    email = ""
    while not email or email in taken:
        first, last = pick(rng, GIVEN), pick(rng, FAMILY)
        email = f"{login_part(first)}.{login_part(last)}@students.{DOMAIN}"
    taken.add(email)
    student_number = f"{4_100_000 + 37 * number + int(rng.random() * 37):08}"
    return Student(
        key=f"s{student_number[-6:]}@{DOMAIN}",
        first_name=first,
        last_name=last,
        email=email,
        student_number=student_number,
        department=DEPARTMENTS[number // 80],
    )
