"""Users: the upsert, e-mails, roles, user data, and how users are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence


def _upsert(wise: Licence, **members: Any) -> tuple[int, Any]:
    body = {"firstName": "Grace", "lastName": "Hopper", "roles": [], "emails": []} | members
    answer = wise.call("POST", "/license/user", body)
    return answer.status_code, answer.json()


def _external(wise: Licence, **values: str) -> list[dict[str, Any]]:
    return [
        {"userDataTypeId": wise.data_type(name.replace("_", " ")), "value": value}
        for name, value in values.items()
    ]


def _values(wise: Licence, user: int) -> list[tuple[str, str]]:
    rows = wise.data("GET", f"/users/{user}/user-data")
    return sorted((row["metaTypeName"], row["value"]) for row in rows)


def test_a_second_upsert_with_the_same_identifier_updates_the_same_user(wise: Licence) -> None:
    key = _external(wise, Personal_Organisation_Id="grace@northfield.example")

    created = _upsert(wise, externalIds=key)
    updated = _upsert(wise, externalIds=key, firstName="Amazing", language="da")

    assert created[0] == 201
    assert updated == (200, created[1])
    shown = wise.data("GET", f"/users/{created[1]['userId']}")
    assert (shown["firstName"], shown["language"]) == ("Amazing", "da_DK")


@pytest.mark.parametrize(
    "name", ["Personal Organisation Id", "Personal Unique Id", "External User Id"]
)
def test_an_upsert_matches_on_each_identifying_type(wise: Licence, name: str) -> None:
    value = {"Personal Organisation Id": "one@northfield.example"}.get(name, "010170-1234")
    ids = [{"userDataTypeId": wise.data_type(name), "value": value}]
    user = wise.user(externalIds=ids)

    assert _upsert(wise, externalIds=ids) == (200, {"userId": user})


@pytest.mark.parametrize(("name", "value"), [("Student_Number", "11111111"), ("UNIC_ID", "ada1")])
def test_an_upsert_does_not_match_on_other_types(wise: Licence, name: str, value: str) -> None:
    ids = _external(wise, **{name: value})
    wise.user(externalIds=ids)

    # Where the type is unique there is nothing left but to refuse; else there are two users.
    assert _upsert(wise, externalIds=ids)[0] == (400 if name == "UNIC_ID" else 201)


def test_identifiers_of_two_users_update_neither(wise: Licence) -> None:
    one = wise.user(externalIds=_external(wise, Personal_Organisation_Id="one@northfield.example"))
    two = wise.user(externalIds=_external(wise, External_User_Id="E2"))
    both = _external(wise, External_User_Id="E2", Personal_Organisation_Id="one@northfield.example")

    assert _upsert(wise, externalIds=both, firstName="Mixed")[0] == 400

    names = {wise.data("GET", f"/users/{user}")["firstName"] for user in (one, two)}
    assert names == {"Ada"}


def test_an_upsert_overwrites_single_values_and_adds_to_multiple_ones(wise: Licence) -> None:
    manager, assessor = wise.role("Manager"), wise.role("Assessor")
    key = _external(wise, Personal_Organisation_Id="grace@northfield.example")
    user = wise.user(
        roles=[manager],
        emails=["one@northfield.example"],
        phone="1",
        externalIds=key + _external(wise, External_User_Id="E1", Student_Number="11111111"),
    )

    _upsert(
        wise,
        roles=[assessor],
        emails=["two@northfield.example"],
        externalIds=key + _external(wise, External_User_Id="E2", Student_Number="22222222"),
    )

    assert _values(wise, user) == [
        ("External User Id", "E2"),
        ("Personal Organisation Id", "grace@northfield.example"),
        ("Student Number", "11111111"),
        ("Student Number", "22222222"),
    ]
    roles = wise.data("GET", f"/users/{user}/roles")
    assert {role["licenseRoleId"] for role in roles} == {manager, assessor}
    emails = wise.data("GET", f"/users/{user}/emails")
    assert [(e["email"], e["primary"]) for e in emails] == [
        ("one@northfield.example", True),
        ("two@northfield.example", False),
    ]
    assert wise.data("GET", f"/users/{user}")["phone"] == "1"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"emails": ["no address"]}, "emails"),
        ({"roles": [1]}, "roles"),
        ({"language": "xx"}, "language"),
        ({"externalIds": [{"userDataTypeId": 1, "value": "x"}]}, "externalIds"),
        ({"firstName": " "}, "firstName"),
    ],
)
def test_an_upsert_that_cannot_be_done_changes_nothing(
    wise: Licence, members: dict[str, Any], reason: str
) -> None:
    key = _external(wise, Personal_Organisation_Id="new@northfield.example")

    body = {"firstName": "A", "lastName": "B", "roles": [], "emails": [], "externalIds": key}
    answer = wise.careless.post("/license/user", json=body | members)

    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == reason
    assert wise.status("GET", "/user/eduPrincipalName/new@northfield.example") == 404


def test_a_value_that_does_not_match_its_pattern_is_refused_with_the_pattern(
    wise: Licence,
) -> None:
    status, body = _upsert(wise, externalIds=_external(wise, Student_Number="12"))

    assert status == 400
    assert "^[0-9]{8}$" in body["error"]["errors"][0]["message"]


def test_an_email_of_another_user_is_refused_and_matches_nobody(wise: Licence) -> None:
    wise.user(emails=["taken@northfield.example"])

    assert _upsert(wise, emails=["Taken@northfield.example"])[0] == 400


def test_the_upsert_can_match_on_email() -> None:
    with licence(quirks={"upsert_email_match": "on"}) as wise:
        user = wise.user(emails=["taken@northfield.example"])

        assert _upsert(wise, emails=["Taken@northfield.example"]) == (200, {"userId": user})


def test_a_licence_can_refuse_users_without_email() -> None:
    with licence(quirks={"empty_emails": "refuse"}) as wise:
        assert _upsert(wise)[0] == 400


def test_a_user_without_language_gets_that_of_the_licence(wise: Licence) -> None:
    assert wise.data("GET", f"/users/{wise.user()}")["language"] == "en_GB"


def test_a_put_changes_all_basic_fields_and_needs_them_all(wise: Licence) -> None:
    user = wise.user(phone="+44 1")
    body = {
        "firstName": "A",
        "lastName": "B",
        "phone": "",
        "language": "pt",
        "loginDeactivated": True,
    }

    shown = wise.data("PUT", f"/users/{user}", body)

    assert shown | body == shown | {"language": "pt"}
    assert shown["language"] == "pt_PT"
    assert wise.data("GET", f"/users/{user}") == shown
    for member in body:
        without = {name: value for name, value in body.items() if name != member}
        assert wise.careless.put(f"/users/{user}", json=without).status_code == 400


def test_a_user_cannot_be_deleted(wise: Licence) -> None:
    user = wise.user()

    assert wise.status("DELETE", f"/users/{user}") == 403
    assert wise.status("DELETE", "/users/1") == 404


def test_roles_that_cannot_be_given_leave_the_others_given(wise: Licence) -> None:
    user = wise.user(roles=[wise.role("Manager")])
    asked = [{"licenseRoleId": wise.role(n)} for n in ("Manager", "Administrator", "Author")]

    answer = wise.call("POST", f"/users/{user}/roles", [*asked, {"licenseRoleId": 1}])

    assert answer.status_code == 201
    body = answer.json()
    assert body["success"] is False
    assert [role["name"] for role in body["data"]] == ["Manager", "Author"]
    assert len(body["error"]["errors"]) == 2


def test_a_role_is_taken_away_by_the_id_of_its_relation(wise: Licence) -> None:
    manager = wise.role("Manager")
    user = wise.user(roles=[manager])
    relation = wise.data("GET", f"/users/{user}/roles")[0]["userRoleId"]

    assert wise.status("DELETE", f"/users/{user}/roles/{manager}") == 404
    assert wise.data("DELETE", f"/users/{user}/roles/{relation}") is None
    assert wise.data("GET", f"/users/{user}/roles") == []


def test_a_new_primary_email_demotes_the_other_and_has_to_be_activated(wise: Licence) -> None:
    user = wise.user(emails=["one@northfield.example"])
    path = f"/users/{user}/emails"

    added = wise.data("POST", path, [{"email": "two@northfield.example", "primary": True}])[0]
    wise.data("POST", path, [{"email": "three@northfield.example", "receiveNotifications": False}])

    one, two, three = wise.data("GET", path)
    assert (one["primary"], two["primary"], two["activated"]) == (False, True, False)
    assert (three["primary"], three["activated"], three["receiveNotifications"]) == (
        False,
        True,
        False,
    )
    assert two == added
    assert wise.status("DELETE", f"{path}/{two['emailId']}") == 400
    assert wise.data("DELETE", f"{path}/{one['emailId']}") is None
    changed = wise.data(
        "PATCH", path, [{"emailId": three["emailId"], "email": three["email"], "primary": True}]
    )
    assert changed[0]["primary"] is True
    assert [e["primary"] for e in wise.data("GET", path)] == [False, True]


def test_emails_that_cannot_be_added_leave_the_others_added(wise: Licence) -> None:
    wise.user(emails=["taken@northfield.example"])
    user = wise.user(emails=["own@northfield.example"])
    asked = ["taken@northfield.example", "OWN@northfield.example", "x", "new@northfield.example"]

    answer = wise.call("POST", f"/users/{user}/emails", [{"email": email} for email in asked])

    body = answer.json()
    assert (answer.status_code, body["success"]) == (201, False)
    assert [email["email"] for email in body["data"]] == ["new@northfield.example"]
    assert len(body["error"]["errors"]) == 3


def test_a_list_of_emails_with_repetition_or_two_primaries_is_refused_whole(
    wise: Licence,
) -> None:
    path = f"/users/{wise.user()}/emails"
    one, two = "one@northfield.example", "two@northfield.example"

    assert wise.status("POST", path, [{"email": one}, {"email": one}]) == 400
    primaries = [{"email": one, "primary": True}, {"email": two, "primary": True}]
    assert wise.status("POST", path, primaries) == 400
    assert len(wise.data("GET", path)) == 1


def test_user_data_is_added_changed_and_deleted_by_row(wise: Licence) -> None:
    user = wise.user()
    path = f"/users/{user}/user-data"
    number = wise.data_type("Student Number")

    row = wise.data("POST", path, [{"userDataTypeId": number, "value": "11111111"}])[0]
    changed = wise.data("PATCH", path, [{"userDataId": row["userDataId"], "value": "22222222"}])

    assert changed == [row | {"value": "22222222"}]
    assert wise.status("DELETE", f"{path}/{number}") == 404
    assert wise.data("DELETE", f"{path}/{row['userDataId']}") is None
    assert wise.data("GET", path) == []


def test_user_data_that_does_not_fit_leaves_the_rest_added(wise: Licence) -> None:
    wise.user(externalIds=_external(wise, External_User_Id="E1"))
    user = wise.user(externalIds=_external(wise, User_Alias="one"))
    path = f"/users/{user}/user-data"
    asked = [
        *_external(wise, External_User_Id="E1", User_Alias="two", Student_Number="1"),
        *_external(wise, UNIC_ID="ada1"),
        {"userDataTypeId": 1, "value": "x"},
    ]

    answer = wise.call("POST", path, asked)

    body = answer.json()
    assert (answer.status_code, body["success"]) == (201, False)
    assert [row["value"] for row in body["data"]] == ["ada1"]
    assert len(body["error"]["errors"]) == 4


@pytest.mark.parametrize(("quirk", "kept"), [("ignored", ["11111111"]), ("added", None)])
def test_a_second_value_of_a_type_in_one_request(quirk: str, kept: list[str] | None) -> None:
    both = ["11111111", "22222222"]
    with licence(quirks={"duplicate_data_type": quirk}) as wise:
        user, number = wise.user(), wise.data_type("Student Number")

        rows = wise.data(
            "POST",
            f"/users/{user}/user-data",
            [{"userDataTypeId": number, "value": value} for value in both],
        )

        assert [row["value"] for row in rows] == (kept or both)


def test_users_are_found_by_several_values(wise: Licence) -> None:
    number, alias = wise.data_type("Student Number"), wise.data_type("User Alias")
    ids = _external(wise, Student_Number="11111111", User_Alias="one")
    first = wise.user(externalIds=ids, phone="1")
    second = wise.user(externalIds=_external(wise, Student_Number="22222222"))
    asked = [
        {"id": number, "value": "11111111"},
        {"id": number, "value": "22222222"},
        {"id": alias, "value": "one"},
        {"id": alias, "value": "ONE"},
    ]

    found = wise.data("POST", "/users/search", {"dataTypes": asked})

    assert [user["id"] for user in found] == [first, second]
    assert found[0]["dataTypes"][0] == {"id": number, "name": "Student Number", "value": "11111111"}
    assert (found[0]["deactivated"], found[0]["language"]) == (False, "en_GB")


@pytest.mark.parametrize(
    ("quirks", "values", "count"),
    [
        ({"user_search": "and"}, ["11111111", "22222222"], 0),
        ({"user_search": "and"}, ["11111111", "11111111"], 1),
        ({"user_search_match": "partial"}, ["1111"], 1),
        ({"empty_user_search": "none"}, [], 0),
        ({"empty_user_search": "all"}, [], None),
        ({"empty_user_search": "refuse"}, [], 400),
    ],
)
def test_how_a_user_search_matches_is_a_quirk(
    quirks: dict[str, str], values: list[str], count: int | None
) -> None:
    with licence(quirks=quirks) as wise:
        number = wise.data_type("Student Number")
        for value in ("11111111", "22222222"):
            wise.user(externalIds=[{"userDataTypeId": number, "value": value}])
        asked = {"dataTypes": [{"id": number, "value": value} for value in values]}

        answer = wise.call("POST", "/users/search", asked)

        if count == 400:
            assert answer.status_code == 400
        elif count is None:
            everybody = len(wise.control.get("/state").json()["users"])
            assert answer.json()["pagination"]["total"] == everybody
        else:
            assert len(answer.json()["data"]) == count


def test_the_older_look_ups_find_a_user_by_identifier(wise: Licence) -> None:
    user = wise.user(
        roles=[wise.role("Manager")],
        emails=["one@northfield.example", "two@northfield.example"],
        externalIds=_external(
            wise, Personal_Organisation_Id="ada+x@northfield.example", User_Alias="a b/c"
        ),
    )
    alias = wise.data_type("User Alias")

    shown = wise.call("GET", f"/user/{user}/info").json()

    assert wise.call("GET", "/user/eduPrincipalName/ada+x@northfield.example").json() == shown
    assert wise.call("GET", f"/user/userDataType/{alias}/a%20b%2Fc").json() == shown
    assert wise.status("GET", "/user/eduPrincipalName/nobody@northfield.example") == 404
    assert shown["emails"] == ["one@northfield.example", "two@northfield.example"]
    assert {entry["name"] for entry in shown["externalIds"]} == {
        "Personal Organisation Id",
        "User Alias",
    }


def test_a_user_has_flows_by_relation(wise: Licence) -> None:
    user = wise.user()
    managed = wise.flow(managers=[user])
    attended = wise.flow()
    wise.participant(attended, user)

    flows = wise.call("GET", f"/user/{user}/flows").json()

    assert [flow["id"] for flow in flows["manager"]] == [managed]
    assert [(flow["id"], flow["handedIn"]) for flow in flows["participant"]] == [(attended, False)]
    assert wise.call("GET", f"/user/{user}/flows/archived").json()["manager"] == []
