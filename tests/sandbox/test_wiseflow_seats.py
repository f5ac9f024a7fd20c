"""People on flows: every role, allocations, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import DAY, START, licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence


def _assessor(wise: Licence, flow: int, **members: Any) -> int:
    body = {"userId": wise.user()} | members
    found: int = wise.data("POST", f"/flows/{flow}/assessors", body, status=201)["assessorId"]
    return found


def _reviewer(wise: Licence, flow: int, *, to_all: bool = False) -> int:
    body = {
        "userId": wise.user(),
        "isAllocatedToAll": to_all,
        "hasAccessToAssessmentInformation": True,
        "canDecideOnFinalGrade": False,
    }
    found: int = wise.data("POST", f"/flows/{flow}/reviewers", body)["reviewerId"]
    return found


def test_each_entry_of_a_batch_of_participants_has_its_own_outcome(wise: Licence) -> None:
    flow, number = wise.flow(), wise.data_type("Student Number")
    numbered = [{"userDataTypeId": number, "value": "11111111"}]
    twin = [{"userDataTypeId": number, "value": "22222222"}]
    known = wise.user(externalIds=numbered)
    mailed = wise.user(emails=["mailed@northfield.example"], externalIds=twin)
    wise.user(externalIds=twin)
    entries = [
        {"userData": {"id": number, "value": "11111111"}, "uniqueExamId": "X-17"},
        {"email": "MAILED@northfield.example"},
        {"userId": known},
        {"userId": 1},
        {"email": "nobody@northfield.example"},
        {"userData": {"id": number, "value": "22222222"}},
        {"userData": {"id": 1, "value": "x"}},
        {},
    ]

    added = wise.data("POST", f"/flows/{flow}/participants", entries, status=200)

    assert [entry.get("error") for entry in added] == [
        None,
        None,
        "ALREADY_ON_FLOW",
        "USER_NOT_FOUND",
        "USER_NOT_FOUND",
        "UNEXPECTED",
        "UNEXPECTED",
        "UNEXPECTED",
    ]
    assert added[0]["user"]["id"] == added[2]["user"]["id"] == known
    assert added[0]["participant"]["uniqueExamId"] == "X-17"
    assert [added[i]["participant"]["index"] for i in (0, 1)] == [1, 2]
    assert added[1]["user"]["emails"] == ["mailed@northfield.example"]
    assert added[1]["user"]["id"] == mailed


def test_a_taken_unique_exam_id_is_not_given_twice(wise: Licence) -> None:
    flow = wise.flow()
    entries = [{"userId": wise.user(), "uniqueExamId": "X"} for _ in range(2)]

    added = wise.data("POST", f"/flows/{flow}/participants", entries)

    assert [entry.get("error") for entry in added] == [None, "UNEXPECTED"]


def test_the_older_way_to_add_participants_has_six_codes(wise: Licence) -> None:
    flow, number = wise.flow(), wise.data_type("Student Number")
    twin = [{"userDataTypeId": number, "value": "22222222"}]
    user = wise.user(emails=["a@northfield.example"], externalIds=twin)
    wise.user(externalIds=twin)
    entries = [
        {"email": "a@northfield.example"},
        {"email": "a@northfield.example"},
        {"email": "nobody@northfield.example"},
        {"userData": twin[0]},
        {"userData": {"userDataTypeId": 1, "value": "x"}},
        {"uniqueExamId": "X"},
    ]

    answer = wise.call("POST", f"/flow/{flow}/participants/add", entries).json()

    codes = ["AP002", "AP001", "AP003", "AP005", "AP006"]
    assert [failure["code"] for failure in answer["failed"]] == codes
    assert [failure["request"] for failure in answer["failed"]] == entries[1:]
    listed = wise.data("GET", f"/flows/{flow}/participants")
    assert [(p["participantId"], p["userId"]) for p in listed] == [(answer["ids"][0], user)]


def test_participants_come_in_pages_of_a_hundred(wise: Licence) -> None:
    flow = wise.flow()
    users = [user["id"] for user in wise.control.get("/state").json()["users"][:120]]
    wise.data("POST", f"/flows/{flow}/participants", [{"userId": user} for user in users])

    first = wise.call("GET", f"/flows/{flow}/participants").json()
    second = wise.call("GET", f"/flows/{flow}/participants?offset=100&limit=100").json()

    assert [len(page["data"]) for page in (first, second)] == [100, 20]
    assert first["pagination"] == {"limit": 100, "offset": 0, "total": 120}
    listed = [person["userId"] for page in (first, second) for person in page["data"]]
    assert listed == users
    assert wise.status("GET", f"/flows/{flow}/participants?limit=101") == 400


def test_reading_past_the_last_participant_is_empty_or_an_error() -> None:
    for quirk, status in (("empty", 200), ("500", 500)):
        with licence(quirks={"past_end": quirk}) as wise:
            path = f"/flows/{wise.flow()}/participants?offset=50"

            assert wise.status("GET", path) == status


@pytest.mark.parametrize("state", range(6))
def test_participants_are_removed_only_before_activation(wise: Licence, state: int) -> None:
    flow = wise.flow()
    wise.windows(flow, START + 30 * DAY)
    person = wise.participant(flow)
    if state:
        wise.data("PATCH", f"/flows/{flow}/activate")
    wise.set_clock(START + (0, 1, 30 * DAY + 1, 31 * DAY, 45 * DAY, 120 * DAY)[state])

    status = wise.status("DELETE", f"/flows/{flow}/participants/{person}")

    assert wise.state(flow) == state
    assert status == (403 if state else 200)


def test_a_participant_is_switched_off_and_on(wise: Licence) -> None:
    flow = wise.at_state(2)
    person = wise.participant(flow)
    path = f"/flows/{flow}/participants/{person}"

    assert wise.data("PUT", f"{path}/activated", {"activated": False}) is None
    assert wise.data("GET", path)["activated"] is False
    wise.data("PUT", f"{path}/activated", {"activated": True})

    assert wise.data("GET", path)["activated"] is True
    for body in ({"activated": "false"}, {"activated": 0}, {}):
        assert wise.careless.put(f"{path}/activated", json=body).status_code == 400


def test_activation_sends_a_message_to_every_participant(wise: Licence) -> None:
    flow = wise.flow()
    users = [wise.user() for _ in range(3)]
    for user in users:
        wise.participant(flow, user)

    wise.data("PATCH", f"/flows/{flow}/activate")

    messages = wise.control.get("/state").json()["messages"]
    told = [m["user_id"] for m in messages if (m["kind"], m["flow_id"]) == ("FLOW_ACTIVATED", flow)]
    assert told == users


ROLES: dict[str, tuple[str, dict[str, bool]]] = {
    "authors": ("authorId", {}),
    "invigilators": ("invigilatorId", {"isHeadInvigilator": True}),
    "reviewers": (
        "reviewerId",
        {
            "isAllocatedToAll": True,
            "hasAccessToAssessmentInformation": False,
            "canDecideOnFinalGrade": False,
        },
    ),
    "managers": ("managerId", {}),
}


@pytest.mark.parametrize("role", ROLES)
def test_staff_is_added_once_listed_and_removed(wise: Licence, role: str) -> None:
    flow, user = wise.flow(), wise.user()
    path = f"/flows/{flow}/{role}"
    id_name, flags = ROLES[role]
    body = {"userId": user} | flags

    added = wise.data("POST", path, body, status=201)

    assert added["user"]["userId"] == user
    assert added | flags == added
    assert added in wise.data("GET", path)
    assert wise.status("POST", path, body) == 403
    assert wise.status("POST", path, body | {"userId": 1}) == 404
    for member in body:
        without = {name: value for name, value in body.items() if name != member}
        assert wise.careless.post(path, json=without).status_code == 400
    assert wise.status("DELETE", f"{path}/{user}") == 404
    assert wise.data("DELETE", f"{path}/{added[id_name]}") is None
    assert added not in wise.data("GET", path)


def test_flags_of_staff_are_changed(wise: Licence) -> None:
    flow = wise.flow()
    head = wise.data(
        "POST", f"/flows/{flow}/invigilators", {"userId": wise.user(), "isHeadInvigilator": False}
    )
    path = f"/flows/{flow}/invigilators/{head['invigilatorId']}"
    changed = wise.data("PATCH", path, {"isHeadInvigilator": True})
    assert changed == head | {"isHeadInvigilator": True}

    reviewer = _reviewer(wise, flow)
    flags = ROLES["reviewers"][1]
    shown = wise.data("PATCH", f"/flows/{flow}/reviewers/{reviewer}", flags)

    assert [entry["isAllocatedToAll"] for entry in shown] == [True]


def test_deciding_on_the_grade_needs_reviewer_approval(wise: Licence) -> None:
    flow = wise.flow()
    flags = ROLES["reviewers"][1] | {"canDecideOnFinalGrade": True}

    refused = wise.status("POST", f"/flows/{flow}/reviewers", {"userId": wise.user()} | flags)

    assert refused == 403
    path = f"/flows/{flow}/reviewers/{_reviewer(wise, flow)}"
    assert wise.status("PATCH", path, flags) == 403


def test_the_last_manager_stays(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flows/{flow}/managers"
    creator = wise.data("GET", path)[0]
    assert creator["isCreator"] is True
    assert wise.status("DELETE", f"{path}/{creator['managerId']}") == 403

    other = wise.data("POST", path, {"userId": wise.user()})
    assert other["isCreator"] is False
    wise.data("DELETE", f"{path}/{creator['managerId']}")

    assert wise.data("GET", path) == [other]


def test_assessors_come_in_pages_of_fifty(wise: Licence) -> None:
    flow = wise.flow()
    for user in wise.control.get("/state").json()["users"][:53]:
        _assessor(wise, flow, userId=user["id"])
    path = f"/flows/{flow}/assessors"

    pages = [wise.call("GET", path + query).json() for query in ("", "?offset=50&limit=50")]

    assert [len(page["data"]) for page in pages] == [50, 3]
    assert pages[0]["pagination"] == {"limit": 50, "offset": 0, "total": 53}
    assert wise.status("GET", f"{path}?limit=51") == 400
    assert len(wise.call("GET", f"/flow/{flow}/assessors").json()) == 53


def test_an_assessor_is_found_by_any_identifier_and_may_have_a_type(wise: Licence) -> None:
    flow, number = wise.flow(), wise.data_type("Student Number")
    internal = wise.assessor_type("Internal")
    data = {"userDataTypeId": number, "value": "11111111"}
    user = wise.user(emails=["a@northfield.example"], externalIds=[data])
    path = f"/flows/{flow}/assessors"

    seat = wise.data("POST", path, {"userData": data, "assessorTypeId": internal})

    assert (seat["user"]["userId"], seat["assessorTypeId"]) == (user, internal)
    assert wise.status("POST", path, {"email": "a@northfield.example"}) == 400
    assert wise.status("POST", path, {"email": "nobody@northfield.example"}) == 404
    assert wise.status("POST", path, {"userId": wise.user(), "assessorTypeId": 1}) == 404
    assert wise.status("POST", path, {"assessorTypeId": internal}) == 400
    one = f"{path}/{seat['assessorId']}"
    assert "assessorTypeId" not in wise.data("PATCH", one, {"assessorTypeId": None})
    wise.data("DELETE", f"/flows/{flow}/assessor-types/{internal}")
    assert wise.status("PATCH", one, {"assessorTypeId": internal}) == 404
    assert wise.data("DELETE", one) is None


def test_an_assessor_added_twice_can_be_forbidden() -> None:
    with licence(quirks={"duplicate_assessor": "403"}) as wise:
        flow, user = wise.flow(), wise.user()
        _assessor(wise, flow, userId=user)

        assert wise.status("POST", f"/flows/{flow}/assessors", {"userId": user}) == 403


def test_the_older_way_to_add_assessors_needs_two_types(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flow/{flow}/assessors/add"
    wise.user(emails=["a@northfield.example"])
    entries = [
        {"type": 1, "email": "a@northfield.example"},
        {"type": 0, "email": "nobody@northfield.example"},
    ]

    answer = wise.call("POST", path, entries).json()

    assert [failure["request"] for failure in answer["failed"]] == [entries[1]]
    listed = wise.call("GET", f"/flow/{flow}/assessors").json()
    assert [assessor["type"] for assessor in listed] == [1]
    for type_ in wise.data("GET", f"/flows/{flow}/assessor-types"):
        wise.data("DELETE", f"/flows/{flow}/assessor-types/{type_['id']}")
    assert wise.status("POST", path, entries) == 404


def test_allocations_in_bulk_are_for_assessors_without_any(wise: Licence) -> None:
    flow = wise.flow()
    people = [wise.participant(flow) for _ in range(3)]
    assessor = _assessor(wise, flow)
    path = f"/flows/{flow}/assessors/{assessor}/allocations"

    assert wise.status("POST", path, {"participantIds": []}) == 400
    assert wise.status("POST", path, {"participantIds": [people[0]] * 2}) == 400
    assert wise.status("POST", path, {"participantIds": [1]}) == 404
    assert wise.status("POST", path, {"participantIds": people[:2]}) == 204
    assert wise.status("POST", path, {"participantIds": people[2:]}) == 403
    assert wise.status("POST", f"{path}/participants/{people[2]}") == 204
    assert wise.data("GET", path) == {"participantIds": people}
    assert wise.status("DELETE", f"{path}/participants/{people[0]}") == 204
    listed = wise.data("GET", f"/flows/{flow}/participants")
    assert [person["assessorIds"] for person in listed] == [[], [assessor], [assessor]]
    assert wise.data("DELETE", path) is None
    assert wise.data("GET", path) == {"participantIds": []}


def test_a_graded_participant_keeps_the_assessor(wise: Licence) -> None:
    flow = wise.flow()
    people = [wise.participant(flow) for _ in range(20)]
    assessor = _assessor(wise, flow)
    path = f"/flows/{flow}/assessors/{assessor}/allocations"
    wise.call("POST", path, {"participantIds": people})

    wise.control.post("/simulate", json={"flow_id": flow})

    assert wise.status("DELETE", path) == 403
    graded = wise.call("GET", f"/flow/{flow}/assessments").json()[0]["participantId"]
    other = _assessor(wise, flow)
    one = f"/flows/{flow}/assessors/{other}/allocations/participants/{graded}"
    assert wise.status("POST", one) == 403


def test_a_reviewer_of_everybody_has_no_list(wise: Licence) -> None:
    flow = wise.flow()
    people = [wise.participant(flow) for _ in range(3)]
    everybody, some = _reviewer(wise, flow, to_all=True), _reviewer(wise, flow)
    path = f"/flows/{flow}/reviewers/{some}/allocations"

    wise.data("PUT", path, {"participantIds": people[:2]})
    wise.data("PUT", path, {"participantIds": people[1:2]})
    wise.data("POST", f"{path}/participants/{people[2]}")

    assert wise.data("GET", path) == {"allocatedToAll": False, "participantIds": people[1:]}
    for method, below, body in (
        ("PUT", "", {"participantIds": people}),
        ("DELETE", "", None),
        ("POST", f"/participants/{people[0]}", None),
        ("DELETE", f"/participants/{people[0]}", None),
    ):
        path_of_all = f"/flows/{flow}/reviewers/{everybody}/allocations{below}"
        assert wise.status(method, path_of_all, body) == 403
    of_second = wise.data("GET", f"/flows/{flow}/participants/{people[1]}/allocations")
    assert of_second == {"assessorIds": [], "reviewerIds": [everybody, some]}
    assert wise.data("DELETE", f"{path}/participants/{people[1]}") is None
    assert wise.data("DELETE", path) is None
    assert wise.data("GET", path)["participantIds"] == []


def test_groups_share_participants_on_flows_allocated_by_group(wise: Licence) -> None:
    flow = wise.flow()
    path = f"/flows/{flow}/assessor-groups"
    people = [wise.participant(flow) for _ in range(3)]
    assessors = [_assessor(wise, flow) for _ in range(2)]
    body = {"title": "Group A", "assessorIds": assessors[:1]}
    assert wise.status("POST", path, body) == wise.status("GET", path) == 403
    allocation = f"/flows/{flow}/marking/assessor-allocation-type"
    wise.data("PUT", allocation, {"allocationType": "GROUPED"})

    group = wise.data("POST", path, body)
    one = f"{path}/{group['id']}"
    wise.data("PUT", one, {"title": "Group B", "assessorIds": assessors})
    wise.data("PUT", f"{one}/allocations/participants", {"participantIds": people[:2]})
    wise.data("POST", f"{one}/allocations/participants/{people[2]}")
    wise.data("DELETE", f"{one}/allocations/participants/{people[0]}")
    wise.data("DELETE", f"{one}/allocations/assessors/{assessors[0]}")

    shown = {
        "id": group["id"],
        "title": "Group B",
        "assessorIds": assessors[1:],
        "participantIds": people[1:],
    }
    assert wise.data("GET", one) == shown
    assert wise.data("GET", path) == [shown]
    assert wise.status("DELETE", f"{one}/allocations/assessors/{assessors[1]}") == 403
    assert wise.status("PUT", allocation, {"allocationType": "SINGLE_ASSESSOR"}) == 403
    listed = wise.data("GET", f"/flows/{flow}/participants")
    assert [person["assessorGroupIds"] for person in listed] == [[], [group["id"]], [group["id"]]]
    members = wise.data("GET", f"/flows/{flow}/assessors/groups")
    assert [entry["assessorGroupIds"] for entry in members] == [[], [group["id"]]]
    assert wise.data("DELETE", one) is None
    assert wise.data("GET", path) == []


def test_a_flow_has_fifty_groups_at_most(wise: Licence) -> None:
    flow = wise.flow()
    body = {"title": "G", "assessorIds": [_assessor(wise, flow)]}
    allocation = f"/flows/{flow}/marking/assessor-allocation-type"
    wise.data("PUT", allocation, {"allocationType": "GROUPED"})
    for _ in range(50):
        wise.data("POST", f"/flows/{flow}/assessor-groups", body)

    assert wise.status("POST", f"/flows/{flow}/assessor-groups", body) == 403


def test_unique_exam_ids_are_set_and_taken_away(wise: Licence) -> None:
    flow = wise.flow()
    one, other = wise.participant(flow), wise.participant(flow)
    path = f"/flows/{flow}/participants/{{}}/unique-exam-id"

    assert wise.status("GET", path.format(one)) == 404
    wise.data("PUT", path.format(one), {"uniqueExamId": "X-17"})
    assert wise.data("GET", path.format(one)) == {"uniqueExamId": "X-17"}
    assert wise.status("PUT", path.format(other), {"uniqueExamId": "X-17"}) == 400
    assert wise.data("GET", f"/flows/{flow}/participants")[0]["uniqueExamId"] == "X-17"
    assert wise.status("DELETE", path.format(one)) == 204
    assert "uniqueExamId" not in wise.data("GET", f"/flows/{flow}/participants")[0]


def test_ids_of_one_kind_of_seat_mean_nothing_to_another(wise: Licence) -> None:
    flow = wise.flow()
    person, assessor = wise.participant(flow), _assessor(wise, flow)

    assert wise.status("DELETE", f"/flows/{flow}/assessors/{person}") == 404
    assert wise.status("DELETE", f"/flows/{flow}/participants/{assessor}") == 404
    other = wise.flow()
    assert wise.status("GET", f"/flows/{other}/participants/{person}") == 404
