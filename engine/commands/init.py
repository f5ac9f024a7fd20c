"""`wisectl init`: a repository to start from. Nothing that exists is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.schema import all_schemas
from engine.schema import schema_text

if TYPE_CHECKING:
    from engine.commands.session import Invocation

SETTINGS = """\
# yaml-language-server: $schema=schemas/settings.schema.json
user_key: Personal Organisation Id
flow_key: external_source
time_zone: Europe/Copenhagen    # of dates without an offset

# Without environments, wisectl works on its embedded sandbox. Then, for example:
# environments:
#   staging:
#     wiseflow:
#       url: https://europe-stage-api.wiseflow.net/v1
#       client_id: ${WISEFLOW_CLIENT_ID}
#       client_secret: ${WISEFLOW_CLIENT_SECRET}
#     uniweb:
#       url: https://uniweb.northfield.example
#       client_id: ${UNIWEB_CLIENT_ID}
#       client_secret: ${UNIWEB_CLIENT_SECRET}
"""

MANIFEST = """\
# yaml-language-server: $schema=../schemas/manifest.schema.json
users:
  - key: kim@northfield.example
    first_name: Kim
    last_name: Larsen
    language: en
    roles: [Manager]
  - key: sam@northfield.example
    first_name: Sam
    last_name: Smith
    roles: [Participant]

flows:
  - key: math101-2027s
    type: FLOWassign
    title: Mathematics 101
    subtitle: Written examination
    term: Spring 2027
    participation: {start: 2027-05-03 09:00, length: 4h}
    marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}
    content: none
    lifecycle: draft

role_assignments:
  - flows: [math101-2027s]
    managers: [kim@northfield.example]
    participants: [sam@northfield.example]
"""

WORKFLOW = """\
# Every pull request is validated and planned; what lands on main is applied.
name: wisectl
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: wisectl-staging
  cancel-in-progress: false
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: "3.11"}
      - run: pip install wisectl
      - run: wisectl validate
  plan-and-apply:
    needs: validate
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    environment: staging
    env:
      WISECTL_ENV: staging
      WISEFLOW_CLIENT_ID: ${{ secrets.WISEFLOW_CLIENT_ID }}
      WISEFLOW_CLIENT_SECRET: ${{ secrets.WISEFLOW_CLIENT_SECRET }}
      UNIWEB_CLIENT_ID: ${{ secrets.UNIWEB_CLIENT_ID }}
      UNIWEB_CLIENT_SECRET: ${{ secrets.UNIWEB_CLIENT_SECRET }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: "3.11"}
      - run: pip install wisectl
      - run: wisectl apply --auto-approve
"""

FILES = {
    "wisectl.yaml": SETTINGS,
    "manifests/first.yaml": MANIFEST,
    ".github/workflows/wisectl.yml": WORKFLOW,
    ".gitignore": ".wisectl/\n",
}


def run(invocation: Invocation) -> int:
    """Writes what is not there yet; says what was written and what comes next."""
    files = dict(FILES)
    files |= {f"schemas/{name}": schema_text(schema) for name, schema in all_schemas().items()}
    for name, text in sorted(files.items()):
        path = invocation.root / name
        if path.exists() or path.is_symlink():
            print(f"kept      {name}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"written   {name}")
    print("Next: wisectl validate, then wisectl plan.")
    return 0
