"""What is wrong in one entry: keys, words, lengths, types; and in references between entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case


def flow(line: str) -> str:
    return f"flows:\n  - key: math\n    {line}\n"


def user(line: str) -> str:
    return f"users:\n  - key: ada@x.org\n    {line}\n"


LONG = "x" * 256
FILL = "fill: {first_name: profile/info.first_name}"
MATCH = "match: {user: key, member: login_name}"

ENTRY_CASES: dict[str, Case] = {
    # keys of mappings
    "an unknown key": (flow("¶titel: x"), "unknown key … did you mean title?"),
    "an unknown key far from all": (flow("¶zzz: x"), 'unknown key "zzz" … title'),
    "an unknown key of a window": (
        flow(
            "participation: {start: 2027-05-03 09:00, end: 2027-05-03 10:00, ¶until: x}\n"
            "    marking: {start: 2027-05-04 09:00, end: 2027-05-05 10:00}"
        ),
        "unknown key … start",
    ),
    "an unknown key of a user": (user("¶firstname: Ada"), "did you mean first_name?"),
    # settings of flows
    "a timebox of no time": (flow("¶timebox: 0"), "is no timebox"),
    "a timebox in words": (flow("¶timebox: 4h"), "is no timebox … 240, or off"),
    "a timebox in quotes": (flow('¶timebox: "240"'), "is no timebox"),
    "a timebox that is true": (flow("¶timebox: true"), "is no timebox"),
    "an empty timebox": (flow("¶timebox:"), "is no timebox"),
    "an unknown anonymisation": (flow("¶anonymisation: index"), "is no way of anonymisation"),
    "two anonymisations": (
        flow("¶anonymisation: [participant_index, unique_exam_id]"),
        "is no way of anonymisation",
    ),
    "an anonymisation without data": (flow("¶anonymisation: {}"), 'lacks "data"'),
    "an anonymisation by an unknown key": (
        flow("anonymisation: {data: Student Number, ¶by: x}"),
        "unknown key",
    ),
    "a number of ECTS points": (flow("¶ects: 5"), 'write "5"'),
    "no number of ECTS points": (flow("¶ects: five"), "is no number of ECTS points"),
    "a negative number of ECTS points": (flow('¶ects: "-5"'), "is no number of ECTS points"),
    "an unknown allocation": (flow("¶allocation: group"), "did you mean grouped?"),
    "an assessor type without its name": (
        flow("assessor_types: [¶{instruction: x}]"),
        'lacks "type"',
    ),
    "an assessor type twice": (
        flow("assessor_types: [{type: Internal}, ¶{type: internal}]"),
        "stands twice",
    ),
    "assessor types that are names": (flow("assessor_types: [¶Internal]"), "a mapping"),
    "an instruction too long": (
        flow(f"assessor_types: [{{type: Internal, ¶instruction: {'x' * 501}}}]"),
        "500",
    ),
    "a missing key": ("flows:\n  - ¶title: x\n", 'lacks "key"'),
    "a missing key in flow style": ("flows:\n  - ¶{title: x}\n", 'lacks "key"'),
    "a missing key and a bad date": (
        "flows:\n  - ¶title: x\n    ¶activate_from: soon\n    lifecycle: active\n",
        'lacks "key"',
        "no date",
    ),
    "a missing key and a dangling template": (
        "flows:\n  - ¶title: x\n    ¶template: nowhere\n",
        'lacks "key"',
        "nowhere",
    ),
    "an empty entry": ("flows:\n  - ¶{}\n", 'lacks "key"'),
    "a roster without a key": ("rosters:\n  - ¶users: [ada]\n", 'lacks "key"'),
    "a user without key or csv": ("users:\n  - ¶first_name: Ada\n", 'lacks "key"'),
    # keys of entries
    "a key with a space": ("flows:\n  - ¶key: math 101\n", "letters, digits"),
    "a key with an accent": ("flows:\n  - ¶key: maths-é\n", "letters, digits"),
    "a key with a slash": ("rosters:\n  - ¶key: a/b\n    users: []\n", "letters, digits"),
    "a key too long": (f"flows:\n  - ¶key: {'k' * 201}\n", "200"),
    "a number as a key": ("flows:\n  - ¶key: 101\n", 'write "101"'),
    "an empty key": ('flows:\n  - ¶key: ""\n', "empty"),
    "a null key": ("flows:\n  - ¶key:\n", "empty"),
    "a doubled flow": (
        "flows:\n  - key: math\n  - ¶key: MATH\n",
        "m.yaml:3:5 … m.yaml:2:5",
    ),
    "a doubled flow in two files": (
        {"a.yaml": "flows:\n  - key: math\n", "b.yaml": "flows:\n  - ¶key: math\n"},
        "b.yaml:2:5 … a.yaml:2:5",
    ),
    "a flow that stands three times": (
        "flows:\n  - key: math\n  - ¶key: math\n  - ¶key: math\n",
        "twice",
        "twice",
    ),
    "a doubled user": (
        "users:\n  - key: ada@x.org\n  - ¶key: Ada@X.org\n",
        "m.yaml:2:5",
    ),
    "a doubled roster": (
        "rosters:\n- {key: a, users: []}\n- {¶key: a, users: []}\n",
        "m.yaml:2:4",
    ),
    # text
    "a number as a title": (flow("¶title: 004217"), 'write "004217"'),
    "a float as a title": (flow("¶title: 1e5"), 'write "1e5"'),
    "a hexadecimal title": (flow("¶title: 0x1F"), 'write "0x1F"'),
    "an octal title": (flow("¶title: 0o17"), 'write "0o17"'),
    "an infinite title": (flow("¶title: .inf"), 'write ".inf"'),
    "a title that is no number": (flow("¶title: .NaN"), 'write ".NaN"'),
    "a huge number as a title": (flow(f"¶title: {'9' * 5000}"), "must be text"),
    "a decimal as a title": (flow("¶title: 5.10"), 'write "5.10"'),
    "a boolean as a title": (flow("¶title: True"), 'write "True"'),
    "an old boolean as a title": (flow("¶title: yes"), 'write "yes"'),
    "NO as a code": (flow("¶code: NO"), 'write "NO"'),
    "null as a title": (flow("¶title: null"), "empty"),
    "nothing as a title": (flow("¶title:"), "empty"),
    "an empty title": (flow('¶title: ""'), "empty"),
    "a blank title": (flow('¶title: "  "'), "empty"),
    "a list as a title": (flow("¶title: [a]"), "must be text, not a list"),
    "a mapping as a title": (flow("¶title: {a: b}"), "must be text, not a mapping"),
    "a title too long": (flow(f"¶title: {LONG}"), "255"),
    "a subtitle too long": (flow(f"¶subtitle: {LONG}"), "255"),
    "a description too long": (flow(f"¶description: {'x ' * 25_001}"), "50000"),
    "a title of two lines": (flow("¶title: |\n      a\n      b"), "one line"),
    "an escaped control character": (flow('¶title: "a\\u0007b"'), "control"),
    "an escaped control in a description": (flow('¶description: "a\\u0000b"'), "control"),
    "a text direction trick": (flow('¶title: "a\\u202eb"'), "control"),
    "a number as a name": (user("¶last_name: 007"), 'write "007"'),
    "a number as a phone": (user("¶phone: +441632960001"), 'write "+441632960001"'),
    "a number in data": (user("data: {¶Student Number: 004217}"), 'write "004217"'),
    "numbers in a list of data": (
        user("data: {Student Number: [¶17, ¶18]}"),
        'write "17"',
        'write "18"',
    ),
    "a mapping in data": (user("data: {¶Student Number: {a: b}}"), "mapping"),
    "a data type without a name": (user('data: {¶"": x}'), "name"),
    "the user key as data": (user("data: {¶Personal Organisation Id: x}"), "key"),
    # words
    "a wrong flow type": (flow("¶type: FLOWasign"), "FLOWasign … did you mean FLOWassign?"),
    "a flow type in small letters": (flow("¶type: flowlock"), "did you mean FLOWlock?"),
    "a purpose in small letters": (flow("¶purpose: examination"), "did you mean EXAMINATION?"),
    "a wrong purpose": (flow("¶purpose: FUN"), "BACHELOR"),
    "a wrong examination type": (flow("¶examination_type: RESIT"), "REEXAMINATION"),
    "a number as a type": (flow("¶type: 2"), "FLOWassign"),
    "null as a type": (flow("¶type:"), "empty"),
    "a list as a type": (flow("¶type: [FLOWlock]"), "list"),
    "a lifecycle that is no step": (flow("¶lifecycle: archive"), "did you mean archived?"),
    "a wrong lifecycle": (flow("¶lifecycle: activated"), "did you mean active?"),
    "a wrong content": (flow("¶content: empty"), "none"),
    "a wrong login": (user("¶login: off"), "disabled"),
    "a wrong language": (user("¶language: english"), "ISO 639-1 … en"),
    "a language with a country": (user("¶language: en_GB"), "en"),
    "a language that is not in use": (user("¶language: xx"), "ISO 639-1"),
    "Norwegian unquoted": (user("¶language: no"), 'write "no"'),
    "a wrong exact": (user("roles: []\n    exact: [¶role]"), "did you mean roles?"),
    "exact without its list": (user("exact: [¶roles]"), "not stated"),
    "exact twice": (user("roles: []\n    exact: [roles, ¶roles]"), "twice"),
    "a wrong membership": (
        flow("title: x")
        + "role_assignments:\n- {flows: [math], managers: [a], ¶membership: all}\n",
        "managed",
    ),
    # lists and mappings
    "text where a list is meant": (user("¶roles: Manager"), "must be a list"),
    "a mapping where a list is meant": (user("¶emails: {a: b}"), "must be a list"),
    "text where a mapping is meant": (
        flow("¶¶participation: 4h"),
        "must be a mapping",
        "without marking",
    ),
    "a list where a mapping is meant": (user("¶data: [a]"), "must be a mapping"),
    "null where a list is meant": (user("¶roles:"), "[]"),
    "null where emails are meant": (user("¶emails: ~"), "[]"),
    "null in a list": (user("roles: [Manager, ¶~]"), "empty"),
    "a number in a list": (user("roles: [¶1]"), 'write "1"'),
    "no e-mail address": (user("emails: [¶ada]"), "e-mail"),
    "two addresses in one": (user('emails: [¶"a@x.org,b@x.org"]'), "e-mail"),
    "an e-mail twice": (user("emails: [a@x.org, ¶A@x.org]"), "twice"),
    "a role twice": (user("roles: [Manager, ¶Manager]"), "twice"),
    "one e-mail of two users": (
        "users:\n- {key: a, emails: [x@x.org]}\n- {key: b, ¶emails: [X@x.org]}\n",
        "m.yaml:2:12",
    ),
    "one value of a data type twice in a list": (
        user("data: {Student Number: [a1, ¶A1]}"),
        "twice",
    ),
    "columns without csv": (user("¶columns: {key: login}"), "csv"),
    "key and csv": ("users:\n  - key: ada\n    ¶¶csv: x.csv\n", "both key and csv", "no file"),
    # copy_from
    "copy_from as text": (flow("¶copy_from: other"), "must be a mapping"),
    "copy_from without flow": (flow("¶copy_from: {include: [settings]}"), 'lacks "flow"'),
    "copying dates": (flow("copy_from: {flow: x, include: [¶dates]}"), "never copied"),
    "copying passwords": (flow("copy_from: {flow: x, include: [¶passwords]}"), "never copied"),
    "copying what is unknown": (flow("copy_from: {flow: x, include: [¶rubric]}"), "rubrics"),
    "copying camel case": (
        flow("copy_from: {flow: x, include: [¶additionalMarkingMaterial]}"),
        "additional_marking_material",
    ),
    "copying twice": (flow("copy_from: {flow: x, include: [rubrics, ¶rubrics]}"), "twice"),
    "copying itself": (flow("copy_from: {¶flow: math}"), "itself"),
    "a key of the copied flow with a space": (flow("copy_from: {¶flow: a b}"), "letters"),
    # templates
    "a dangling template": (flow("¶template: writen"), 'no flow template "writen"'),
    "a dangling template with a near one": (
        flow("¶template: writen") + "flow_templates: [{key: written}]\n",
        "did you mean written?",
    ),
    "a template of a template": (
        "flow_templates:\n  - key: a\n    ¶template: b\n  - key: b\n",
        "template",
    ),
    "a template without a key": ("flow_templates:\n  - ¶type: FLOWlock\n", 'lacks "key"'),
    "an unused template with a wrong word": (
        "flow_templates:\n  - key: a\n    ¶type: X\n",
        "FLOWlock",
    ),
    "an unused template with a wrong date": (
        "flow_templates:\n  - key: a\n    ¶activate_from: soon\n",
        "no date",
    ),
    "a wrong word in a template is said once": (
        "flow_templates:\n  - key: a\n    ¶type: X\nflows:\n"
        "  - {key: b, template: a}\n  - {key: c, template: a}\n",
        "FLOWlock",
    ),
    # profiles
    "a dangling profile": (user("¶profile: staff"), 'no profile "staff"'),
    "an unknown target of fill": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, {MATCH}, fill: {{¶firstname: a/b.c}}}}\n",
        "did you mean first_name?",
    ),
    "a fill of login": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, {MATCH}, fill: {{¶login: a/b.c}}}}\n",
        "cannot be filled … first_name",
    ),
    "a fill without a field": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, {MATCH}, fill: {{¶phone: a/b}}}}\n",
        "a/b",
    ),
    "a fill of a data type without a name": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, {MATCH}, fill: {{¶data.: a/b.c}}}}\n",
        "data.",
    ),
    "an unknown filter": (
        f"profiles:\n- {{key: p, members: {{¶units: A}}, {MATCH}, {FILL}}}\n",
        "did you mean unit?",
    ),
    "an unknown member field": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, match: {{user: key, ¶member: login}}, "
        f"{FILL}}}\n",
        "login_name",
    ),
    "an unknown match": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, "
        f"match: {{¶user: email, member: login_name}}, "
        f"{FILL}}}\n",
        "data.",
    ),
    "a profile without match and fill": (
        "profiles:\n- ¶¶{key: p, members: {unit: A}}\n",
        'lacks "fill"',
        'lacks "match"',
    ),
    "a profile that fills nothing": (
        f"profiles:\n- {{key: p, members: {{unit: A}}, {MATCH}, ¶fill: {{}}}}\n",
        "empty",
    ),
}
