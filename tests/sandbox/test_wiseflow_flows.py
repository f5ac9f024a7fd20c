"""Flows: creation, state, settings, copies, references."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import DAY, HOUR, START, licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

METADATA = {
    "title": "Statistics",
    "subtitle": None,
    "code": "STAT",
    "term": "Spring 2027",
    "examinationType": "REEXAMINATION",
    "purpose": "MASTER",
}


def _sis_flow(wise: Licence) -> int:
    found = wise.search(metadata={"isSis": True})
    assert found
    return found[0]


def test_creating_the_same_flow_twice_makes_two(wise: Licence) -> None:
    manager = wise.user()
    body = {"title": "Twice", "type": wise.flow_type("FLOWlock"), "managers": [manager]}

    ids = [wise.call("POST", "/license/create/flow", body).json()["flowId"] for _ in range(2)]

    assert ids[0] != ids[1]
    assert wise.search(metadata={"title": "Twice"}) == ids


@pytest.mark.parametrize(
    "members",
    [
        {"managers": []},
        {"managers": [1]},
        {"type": 1},
        {"type": "FLOWassign"},
        {"title": ""},
        {"title": "x" * 256},
        {"subTitle": 5},
    ],
)
def test_a_flow_that_cannot_be_made_is_refused(wise: Licence, members: dict[str, Any]) -> None:
    body = {"title": "T", "type": wise.flow_type("FLOWassign"), "managers": [wise.user()]}

    answer = wise.careless.post("/license/create/flow", json=body | members)

    assert answer.status_code == 400


def test_a_new_flow_has_the_default_dates_of_the_licence(wise: Licence) -> None:
    dates = wise.data("GET", f"/flows/{wise.flow()}/dates")

    start = START + DAY + HOUR  # next day at 09:00
    assert dates["participation"]["start"] == start
    assert dates["participation"]["end"] == start + 5 * HOUR
    assert dates["marking"]["start"] == START + 3 * DAY + 4 * HOUR  # two days later at 12:00
    assert dates["marking"]["end"] == dates["marking"]["start"] + 28 * DAY


@pytest.mark.parametrize("state", range(6))
def test_the_clock_moves_a_flow_through_its_states(wise: Licence, state: int) -> None:
    flow = wise.at_state(state)

    words = (
        "NOT_ACTIVATED",
        "ACTIVATED",
        "PARTICIPATION_STARTED",
        "PARTICIPATION_ENDED",
        "CONCLUDED",
        "ARCHIVED",
    )
    assert flow in wise.search(metadata={"states": [words[state]]})
    others = [word for word in words if word != words[state]]
    assert flow not in wise.search(metadata={"states": others})


def test_a_draft_stays_a_draft_whatever_the_time(wise: Licence) -> None:
    flow = wise.at_state(0)
    wise.set_clock(START + 400 * DAY)

    assert wise.state(flow) == 0


@pytest.mark.parametrize("state", range(6))
def test_each_transition_is_allowed_from_one_state_only(wise: Licence, state: int) -> None:
    flow = wise.at_state(state)

    answers = {
        verb: wise.status("PATCH", f"/flows/{flow}/{verb}")
        for verb in ("archive", "unarchive", "activate", "reopen")
        if (state, verb) not in {(4, "archive"), (5, "unarchive"), (0, "activate")}
    }

    refusals = {"archive": 400, "unarchive": 400, "activate": 403, "reopen": 400}
    assert answers == {verb: refusals[verb] for verb in answers}


def test_archive_and_unarchive_move_the_end_of_marking_to_today(wise: Licence) -> None:
    flow = wise.at_state(4)

    wise.data("PATCH", f"/flows/{flow}/archive")
    assert wise.state(flow) == 5
    wise.data("PATCH", f"/flows/{flow}/unarchive")

    assert wise.state(flow) == 4
    end = wise.data("GET", f"/flows/{flow}/dates")["marking"]["end"]
    assert 0 <= end - (START + 45 * DAY) < 60


def test_a_deleted_flow_is_gone_until_it_is_reopened(wise: Licence) -> None:
    flow = wise.flow(title="Short lived")

    wise.data("DELETE", f"/flows/{flow}")

    assert wise.status("GET", f"/flow/{flow}") == 404
    assert wise.status("GET", f"/flows/{flow}/metadata") == 404
    assert wise.search(metadata={"title": "Short lived"}) == []
    assert wise.control.get("/state").json()["flows"][-1]["deleted"] is True
    wise.data("PATCH", f"/flows/{flow}/reopen")
    assert wise.search(metadata={"title": "Short lived"}) == [flow]


WRITES = {
    "metadata": ("PUT", "/metadata", METADATA),
    "dates": ("PATCH", "/dates", {"marking": {"end": START + 999 * DAY}}),
    "timebox": ("PUT", "/timebox", {"enabled": True, "durationMinutes": 60}),
    "settings": ("PUT", "/settings", {"settings": [{"name": "ECTS", "value": "5"}]}),
    "anonymisation": ("PUT", "/anonymisation", {"participantIndex": True}),
    "no anonymisation": ("DELETE", "/anonymisation", None),
    "allocation type": (
        "PUT",
        "/marking/assessor-allocation-type",
        {"allocationType": "GROUPED"},
    ),
    "external source": ("POST", "/external-sources", {"reference": "wisectl-x"}),
    "older participants": ("POST", "/participants/add", [{"email": "a@northfield.example"}]),
}


@pytest.mark.parametrize("name", WRITES)
def test_an_archived_flow_refuses_writes(wise: Licence, name: str) -> None:
    method, path, body = WRITES[name]
    flow = wise.at_state(5)
    kind = "flow" if path == "/participants/add" else "flows"

    assert wise.status(method, f"/{kind}/{flow}{path}", body) == 403


def test_an_archived_flow_takes_no_participants(wise: Licence) -> None:
    flow = wise.at_state(5)

    added = wise.data("POST", f"/flows/{flow}/participants", [{"userId": wise.user()}])

    assert added == [{"error": "UNEXPECTED"}]


def test_metadata_is_replaced_as_a_whole(wise: Licence) -> None:
    flow = wise.flow(title="T", subTitle="S")
    before = wise.data("GET", f"/flows/{flow}/metadata")
    assert (before["title"], before["subtitle"], before["term"]) == ("T", "S", None)
    assert before["code"]

    wise.data("PUT", f"/flows/{flow}/metadata", METADATA)
    assert wise.data("GET", f"/flows/{flow}/metadata") == METADATA

    least = {name: METADATA[name] for name in ("title", "examinationType", "purpose")}
    shown = wise.data("PUT", f"/flows/{flow}/metadata", least)

    assert shown == METADATA | {"subtitle": None, "code": None, "term": None}


def test_a_description_is_created_and_then_updated(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flows/{flow}/description"

    assert wise.data("GET", path)["description"] == ""
    assert wise.data("PUT", path, {"description": "One"}, status=201) is None
    assert wise.data("PUT", path, {"description": "Two"}, status=200) is None

    assert wise.data("GET", path)["description"] == "Two"
    assert wise.careless.put(path, json={"description": "x" * 50_001}).status_code == 400


def test_a_timebox_that_is_on_has_minutes(wise: Licence) -> None:
    path = f"/flows/{wise.flow()}/timebox"

    assert wise.careless.put(path, json={"enabled": True, "durationMinutes": -5}).status_code == 400
    on = wise.data("PUT", path, {"enabled": True, "durationMinutes": 240})
    assert on == {"enabled": True, "durationMinutes": 240}
    off = wise.data("PUT", path, {"enabled": False})

    assert off == wise.data("GET", path) == {"enabled": False, "durationMinutes": 240}


def test_a_new_grading_scale_takes_all_grades_away(wise: Licence) -> None:
    flow = wise.flow()
    wise.participant(flow)
    wise.control.post("/simulate", json={"flow_id": flow})
    assert wise.call("GET", f"/flow/{flow}/assessments").json()
    scale = wise.data("GET", "/license/grading-scales")[1]["id"]

    wise.data("PUT", f"/flows/{flow}/grading-scale", {"gradingScaleId": scale})

    assert wise.data("GET", f"/flows/{flow}/grading-scale") == {"gradingScaleId": scale}
    assert wise.call("GET", f"/flow/{flow}/assessments").json() == []
    assert wise.status("PUT", f"/flows/{flow}/grading-scale", {"gradingScaleId": 1}) == 400


def test_a_flow_that_the_sis_feeds_refuses_what_the_sis_owns(wise: Licence) -> None:
    flow = _sis_flow(wise)
    person = wise.participant(flow)
    scale = wise.data("GET", "/license/grading-scales")[1]["id"]

    assert wise.status("PUT", f"/flows/{flow}/grading-scale", {"gradingScaleId": scale}) == 403
    path = f"/flows/{flow}/participants/{person}/unique-exam-id"
    assert wise.status("PUT", path, {"uniqueExamId": "X-1"}) == 403
    assert wise.status("DELETE", path) == 403


def test_sources_are_found_by_parts_of_their_code(wise: Licence) -> None:
    flow = _sis_flow(wise)
    source = wise.data("GET", f"/flows/{flow}/sources")[0]
    code = source["code"]

    for asked in (code, code[:4] + "*", "*" + code[-4:]):
        found = wise.data("POST", "/sources/search", {"sourceCode": asked, "flowId": flow})
        assert [row["sourceId"] for row in found] == [source["sourceId"]]
        assert found[0]["flow"]["flowid"] == flow
    assert wise.data("POST", "/sources/search", {"sourceCode": "nothing"}) == []
    assert wise.status("POST", "/sources/search", {"sourceCode": "ab*"}) == 400


def test_one_way_of_anonymisation_is_set_at_a_time(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flows/{flow}/anonymisation"
    number, hidden = wise.data_type("Student Number"), wise.data_type("Personal Unique Id")

    assert wise.data("GET", path)["enabled"] is False
    assert wise.status("DELETE", path) == 400
    both = {"participantIndex": True, "uniqueExamId": True}
    assert wise.status("PUT", path, both) == wise.status("PUT", path, {}) == 400
    assert wise.status("PUT", path, {"userDataTypeId": hidden}) == 400
    assert wise.status("PUT", path, {"userDataTypeId": 1}) == 404
    wise.data("PUT", path, {"participantIndex": True}, status=201)
    wise.data("PUT", path, {"userDataTypeId": number}, status=200)

    shown = wise.data("GET", path)
    assert shown == {
        "enabled": True,
        "type": {"participantIndex": False, "userDataTypeId": number, "uniqueExamId": False},
    }
    assert wise.data("DELETE", path) is None
    wise.participant(flow)
    assert wise.status("PUT", path, {"userDataTypeId": number}) == 400


@pytest.mark.parametrize(("value", "status"), [("7.5", 200), (None, 200), ("-1", 400), ("x", 400)])
def test_ects_is_null_or_a_number(wise: Licence, value: str | None, status: int) -> None:
    body = {"settings": [{"name": "ECTS", "value": value}]}

    assert wise.status("PUT", f"/flows/{wise.flow()}/settings", body) == status


def test_a_copy_takes_settings_but_no_people_dates_or_references(wise: Licence) -> None:
    source = wise.flow()
    wise.data("PUT", f"/flows/{source}/metadata", METADATA)
    wise.data("PUT", f"/flows/{source}/timebox", {"enabled": True, "durationMinutes": 77})
    wise.data("POST", f"/flows/{source}/external-sources", {"reference": "wisectl-a"})
    wise.windows(source, START + 50 * DAY)
    wise.participant(source)
    managers = [wise.user(), wise.user()]

    made = wise.data("POST", f"/flows/{source}/copy", {"managerUserIds": managers}, status=201)

    assert [entry["flowType"] for entry in made] == ["FLOWassign"]
    copy = made[0]["flowId"]
    metadata = wise.data("GET", f"/flows/{copy}/metadata")
    assert metadata | {"code": "STAT"} == METADATA
    assert metadata["code"] != "STAT"
    assert wise.data("GET", f"/flows/{copy}/timebox")["durationMinutes"] == 77
    assert wise.data("GET", f"/flows/{copy}/external-sources") == []
    assert wise.data("GET", f"/flows/{copy}/participants") == []
    dates = wise.data("GET", f"/flows/{copy}/dates")
    assert dates["participation"]["start"] == START + DAY + HOUR
    seats = wise.data("GET", f"/flows/{copy}/managers")
    assert [(seat["user"]["userId"], seat["isCreator"]) for seat in seats] == [
        (managers[0], True),
        (managers[1], False),
    ]


def test_a_copy_takes_dates_and_assignments_when_asked(wise: Licence) -> None:
    state = wise.control.get("/state").json()
    source = next(f["id"] for f in state["flows"] if f["assignments"] and not f["deleted"])
    manager = wise.user()

    def copied(**configuration: bool) -> int:
        body = {"managerUserIds": [manager], "title": "New", "configuration": configuration}
        found: int = wise.data("POST", f"/flows/{source}/copy", body)[0]["flowId"]
        return found

    whole, plain = copied(dates=True, assignments=True), copied()

    path = "/flow/{}/assignments"
    assert wise.call("GET", path.format(whole)).json() == (
        wise.call("GET", path.format(source)).json()
    )
    assert wise.call("GET", path.format(plain)).json() == []
    dates = [wise.data("GET", f"/flows/{flow}/dates") for flow in (source, whole, plain)]
    assert dates[0]["marking"] == dates[1]["marking"] != dates[2]["marking"]


@pytest.mark.parametrize(
    "body",
    [
        {"managerUserIds": []},
        {"managerUserIds": [1]},
        {"managerUserIds": ["x"]},
        {"configuration": {"dates": True, "settings": False}},
        {"configuration": {"assignments": "yes"}},
        {},
    ],
)
def test_a_copy_that_cannot_be_made_is_refused(wise: Licence, body: dict[str, Any]) -> None:
    flow = wise.flow()
    managers = {} if body == {} else {"managerUserIds": [wise.user()]}

    answer = wise.careless.post(f"/flows/{flow}/copy", json=managers | body)

    assert answer.status_code == 400


def test_the_answer_to_a_copy_can_be_an_object() -> None:
    with licence(quirks={"copy_data": "object"}) as wise:
        body = {"managerUserIds": [wise.user()]}

        made = wise.data("POST", f"/flows/{wise.flow()}/copy", body)

        assert wise.state(made["flowId"]) == 0


def test_several_flows_may_have_one_reference_but_a_flow_has_it_once(wise: Licence) -> None:
    one, two = wise.flow(), wise.flow()
    body = {"reference": "wisectl-key", "description": "Key"}

    source = wise.data("POST", f"/flows/{one}/external-sources", body, status=200)
    wise.data("POST", f"/flows/{two}/external-sources", {"reference": "wisectl-key"})

    assert wise.status("POST", f"/flows/{one}/external-sources", body) == 409
    assert wise.search(metadata={"externalSourceReference": "wisectl-key"}) == [one, two]
    path = f"/flows/{one}/external-sources/{source['id']}"
    assert wise.data("GET", path) == source
    changed = wise.data("PUT", path, {"description": "Other"})
    assert (changed["reference"], changed["description"]) == ("wisectl-key", "Other")
    assert wise.status("DELETE", f"/flows/{two}/external-sources/{source['id']}") == 404
    assert wise.data("DELETE", path) is None
    assert wise.search(metadata={"externalSourceReference": "wisectl-key"}) == [two]


@pytest.mark.parametrize("reference", ["", "a b", "a.b", "å", "x" * 256, "a\n"])
def test_a_reference_has_letters_digits_hyphens_and_underscores(
    wise: Licence, reference: str
) -> None:
    path = f"/flows/{wise.flow()}/external-sources"

    assert wise.careless.post(path, json={"reference": reference}).status_code == 400


def test_assessor_types_are_on_the_licence_before_the_flow(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flows/{flow}/assessor-types"
    internal = wise.assessor_type("Internal")
    for row in wise.data("GET", path):
        wise.data("DELETE", f"{path}/{row['id']}")

    added = wise.data("POST", path, {"assessorTypeId": internal, "instruction": "Mark."}, 201)

    assert wise.data("GET", path) == [added] == [{"id": internal, "instruction": "Mark."}]
    assert wise.status("POST", path, {"assessorTypeId": internal}) == 400
    assert wise.status("POST", path, {"assessorTypeId": 1}) == 400
    assert wise.status("DELETE", f"{path}/1") == 404


def test_a_source_code_is_put_on_a_flow_and_taken_off(wise: Licence) -> None:
    flow = wise.flow()
    client = wise.call("GET", "/license/sis/clients").json()[0]["integrationId"]
    body = {"sourceCode": "MATH||001||2027", "integrationId": str(client)}

    assert wise.status("POST", f"/flow/{flow}/source/add", body | {"integrationId": "1"}) == 404
    assert wise.status("POST", f"/flow/{flow}/source/add", body) == 204
    assert [s["code"] for s in wise.data("GET", f"/flows/{flow}/sources")] == ["MATH||001||2027"]
    assert flow in wise.search(metadata={"isSis": True})
    assert wise.call("GET", f"/flow/{flow}").json()["sisInformation"] == [
        {"code": "MATH||001||2027"}
    ]
    encoded = base64.b64encode(b"MATH||001||2027").decode()
    path = f"/flow/{flow}/source/remove/{encoded}/integration/{client}"
    assert [wise.status("DELETE", path) for _ in range(2)] == [204, 404]
    assert wise.data("GET", f"/flows/{flow}/sources") == []


def test_the_former_search_answers_bare_with_numbers(wise: Licence) -> None:
    flow = wise.flow("FLOWlock", title="Old ways")

    found = wise.call("POST", "/license/flows/search", {"title": "old w"}).json()

    assert [(row["flowId"], row["type"], row["state"]) for row in found] == [(flow, 4, 0)]
