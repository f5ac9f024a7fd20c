"""What is wrong with webhooks and rooms: secrets, addresses, events, versions, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

GOOD = {
    "key": "sis",
    "url": "https://sis.example.org/hook",
    "events": "[FINAL_GRADE]",
    "secret": "${SIS_SECRET}",
}


def hook(**changed: str | None) -> str:
    """A webhook with one thing or another wrong; None takes a line out."""
    lines = {**GOOD, **changed}
    marked = [
        f"{'¶' if value is not None and value.startswith('¶') else ''}{name}: {value.lstrip('¶')}"
        for name, value in lines.items()
        if value is not None
    ]
    return "webhooks:\n  - " + "\n    ".join(marked) + "\n"


LITERAL = "¶s3cret-of-the-sis"
ROOM = "rooms:\n  - key: hall-a\n    {}\n"

WEBHOOK_CASES: dict[str, Case] = {
    "a literal secret": (hook(secret=LITERAL), "must not stand here literally … ${NAME}"),
    "a secret with a variable in it": (hook(secret="¶x${SIS_SECRET}"), "literally"),
    "a secret with two variables": (hook(secret="¶${SIS}${SECRET}"), "literally"),
    "a secret without braces": (hook(secret="¶$SIS_SECRET"), "literally … ${NAME}"),
    "a variable with a dash": (hook(secret="¶${SIS-SECRET}"), "literally"),
    "a number as a secret": (hook(secret="¶20270131"), "must be text: put it in quotes"),
    "an empty secret": (hook(secret='¶""'), "must not be empty"),
    "a null secret": (hook(secret="¶"), "is empty"),
    "a list as a secret": (hook(secret="¶[a, b]"), "must be text, not a list"),
    "plain http to another machine": (
        hook(url="¶http://sis.example.org/hook"),
        "plain http is only for this machine … write https",
    ),
    "an address without a scheme": (hook(url="¶sis.example.org/hook"), "no address"),
    "another scheme": (hook(url="¶ftp://sis.example.org/hook"), "no address"),
    "an address without a host": (hook(url='¶"https:///hook"'), "no address"),
    "an address with a login": (hook(url="¶https://a:b@sis.example.org/"), "a password"),
    "an address with a fragment": (hook(url='¶"https://sis.example.org/#x"'), "no address"),
    "an address with a space": (hook(url="¶https://sis.example.org/a b"), "no address"),
    "an address with a variable": (
        hook(url="¶https://sis.example.org/${TOKEN}"),
        "variables are replaced in secrets alone … write the address out",
    ),
    "an address with braces": (hook(url='¶"https://sis.example.org/{flow}"'), "no address"),
    "an address with a back slash": (hook(url="¶https://sis.example.org\\hook"), "no address"),
    "an address with a broken port": (hook(url='¶"https://sis.example.org:x/"'), "no address"),
    "a webhook without an address": (hook(key="¶sis", url=None), 'lacks "url"'),
    "a webhook without events": (hook(key="¶sis", events=None), 'lacks "events"'),
    "a webhook without a key": (
        "webhooks:\n  - ¶url: https://sis.example.org/\n    events: [ASSIGNMENT]\n",
        'lacks "key"',
    ),
    "an unknown event": (
        hook(events="[FINAL_GRADE, ¶FINAL_GRADES]"),
        'unknown event "FINAL_GRADES" … did you mean FINAL_GRADE? … known: ALTERNATIVE_GRADE',
    ),
    "an event far from all": (hook(events="[¶HELLO]"), "PAPER_SUBMITTED"),
    "an event in small letters": (hook(events="[¶final_grade]"), "did you mean FINAL_GRADE?"),
    "no events": (hook(events="¶[]"), "must not be empty"),
    "an event twice": (hook(events="¶[ASSIGNMENT, ASSIGNMENT]"), "stands twice"),
    "one event without a list": (hook(events="¶FINAL_GRADE"), "must be a list"),
    "a version of nothing": (
        hook(key="¶sis", secret=None, secret_version="2"),
        "none is stated … state the secret",
    ),
    "version nought": (hook(secret_version="¶0"), "at least 1"),
    "half a version": (hook(secret_version="¶1.5"), "whole number"),
    "a quoted version": (hook(secret_version='¶"2"'), "remove the quotes"),
    "a version in words": (hook(secret_version="¶v2"), "whole number"),
    "active in words": (hook(active="¶yes"), "true or false"),
    "a webhook twice": (
        hook() + hook(key="¶SIS").removeprefix("webhooks:\n"),
        "stands twice in webhooks",
    ),
    "a webhook key with a space": (hook(key="¶the sis"), "letters, digits"),
    "an unknown key of a webhook": (hook(title="¶x"), "unknown key"),
    "everything wrong at once": (
        hook(url="¶http://sis.example.org/", events="[¶GRADE]", secret=LITERAL),
        "plain http",
        "unknown event",
        "literally",
    ),
    "a room with a negative capacity": (ROOM.format("¶capacity: -1"), "at least 0"),
    "a room with a quoted capacity": (ROOM.format('¶capacity: "120"'), "remove the quotes"),
    "a room's name too long": (ROOM.format(f"¶name: {'x' * 251}"), "longer than 250"),
    "a room with a null name": (ROOM.format("¶name:"), "is empty"),
    "a room's number as its name": (ROOM.format("¶name: 101"), 'write "101"'),
    "a room twice": (
        "rooms:\n  - {key: hall-a}\n  - {¶key: Hall-A}\n",
        "stands twice in rooms",
    ),
    "an unknown key of a room": (ROOM.format("¶canBeBooked: true"), "unknown key"),
    "more rooms than a licence takes": (
        "rooms:\n" + "".join(f"  - {{{'¶' * (n == 300)}key: r{n}}}\n" for n in range(302)),
        "a licence takes 300 rooms, and 302 are stated",
    ),
}
