"""UNIWeb over HTTP, asked as the vendor's documents and its PHP client ask it."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.sandbox.serve import Options, RunningSandbox, running
from engine.sandbox.uniweb.app import make_uniweb_app
from tests import loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

CREDENTIALS = {"grant_type": "password", "username": "sandbox", "password": "sandbox"}
NAMES = {"profile/membership_information": ["first_name", "last_name"]}
CIVIL = {"unit": "Civil Engineering"}
SOEREN = "soeren.kjeldgaard@northfield.example"
INGRID = "ingrid.solheim@northfield.example"


class Client:
    """What the vendor's PHP client does: a form field `request`, the token in the query."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(
            base_url=f"{url}/uniweb/api",
            verify=loopback.NO_CERTIFICATES,
            trust_env=False,
            timeout=30,
        )
        self.token = self.new_token()

    def new_token(self) -> str:
        token: str = self.http.post("/token.php", data=CREDENTIALS).json()["access_token"]
        return token

    def send(self, **request: Any) -> httpx.Response:
        form = {"request": json.dumps(request)}
        return self.http.post("/resource.php", params={"access_token": self.token}, data=form)

    def read(self, **request: Any) -> Any:
        asked = {"action": "read", "content": "members"} | request
        response = self.send(**asked)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Client]:
    client = Client(sandbox.url)
    yield client
    client.http.close()


def test_a_token_lives_an_hour_and_wrong_credentials_are_refused(client: Client) -> None:
    answer = client.http.post("/token.php", data=CREDENTIALS).json()
    assert (answer["expires_in"], answer["token_type"]) == (3600, "bearer")
    assert client.http.post("/token.php", data=CREDENTIALS | {"password": "x"}).status_code == 401
    other = client.http.post("/token.php", data=CREDENTIALS | {"grant_type": "client_credentials"})
    assert other.status_code == 400


def test_after_an_hour_a_client_renews_its_token_and_repeats(
    client: Client, sandbox: RunningSandbox
) -> None:
    control = f"{sandbox.url}/_sandbox/clock"
    later = sandbox.store.clock.now() + 3_601
    loopback.post(control, json={"now": later}).raise_for_status()
    stale = client.send(action="read", content="members")
    assert stale.status_code == 401
    assert stale.json()["error"] == {
        "message": "Error validating access token.",
        "type": "OAuthException",
        "code": 98,
        "error_subcode": 223,
    }
    client.token = client.new_token()
    assert len(client.read()) == 200


def test_the_token_may_stand_in_the_query_the_request_or_a_header(client: Client) -> None:
    body = {"action": "getTitles"}
    inside = client.http.post("/resource.php", json=body | {"token": client.token})
    bearer = {"Authorization": f"Bearer {client.token}"}
    header = client.http.post("/resource.php", json=body, headers=bearer)
    query = client.http.post("/resource.php", json=body, params={"access_token": client.token})
    assert inside.json() == header.json() == query.json()
    assert "Professor" in inside.json().values()
    assert client.http.post("/resource.php", json=body).status_code == 401


def test_every_way_to_send_a_request_gets_the_same_answer(client: Client) -> None:
    request = {"action": "read", "content": "members", "filter": CIVIL}
    request["resources"] = ["profile/membership_information"]
    form = client.send(**request).json()
    params = {"access_token": client.token}
    whole = client.http.post("/resource.php", params=params, json=request)
    parts = {"request": (None, json.dumps(request))}
    multipart = client.http.post("/resource.php", params=params, files=parts)
    query = {
        "action": "read",
        "content": "members",
        "filter[unit]": "Civil Engineering",
        "resources[]": "profile/membership_information",
    }
    got = client.http.get("/resource.php", params=params | query)
    assert form == whole.json() == multipart.json() == got.json()
    assert len(form) == 24


@pytest.mark.parametrize("content", ["content", "contentType"])
@pytest.mark.parametrize("resources", ["resources", "resource"])
@pytest.mark.parametrize("login", ["login", "loginName"])
def test_both_spellings_of_each_request_field_are_read(
    client: Client, content: str, resources: str, login: str
) -> None:
    request = {content: "members", resources: [NAMES], "filter": {login: INGRID}}
    answer = client.send(action="read", **request).json()
    assert answer == {
        "801": {"profile/membership_information": {"first_name": "Ingrid", "last_name": "Solheim"}}
    }


@pytest.mark.parametrize(
    "resources",
    [
        ["cv/education/degrees", "cv/personal_information/address"],
        {"cv": {"education": ["degrees"], "personal_information": ["address"]}},
        [{"cv": {"education": "degrees"}}, "CV/Personal Information/Address"],
        [{"cv/education": ["degrees"]}, {"cv": ["personal_information/address"]}],
    ],
)
def test_the_spellings_of_a_path_are_equivalent(client: Client, resources: Any) -> None:
    answer = client.read(resources=resources, filter={"loginName": INGRID})
    assert set(answer["801"]) == {"cv/education/degrees", "cv/personal_information/address"}


def test_a_page_stands_for_all_of_its_sections(client: Client) -> None:
    answer = client.read(resource="profile", filter={"loginName": "801"})["801"]
    assert "profile/affiliations" in answer
    assert all(path.startswith("profile/") for path in answer)


def test_names_are_normalised_on_both_sides(client: Client) -> None:
    path = {"CV/Personal Information/Address": ["Postal / Zip Code", "Address - Line 1"]}
    answer = client.read(resources=[path], filter={"loginName": INGRID})["801"]
    item = answer["cv/personal_information/address"][0]
    assert set(item) == {"postal_zip_code", "address_-_line_1"}


def test_members_are_found_by_unit_title_login_and_id(client: Client) -> None:
    professors = client.read(
        filter=CIVIL | {"title": "Professor"}, resources=[NAMES], index_by="login_name"
    )
    assert set(professors) == {
        "ingrid.solheim@northfield.example",
        "malcolm.ashworth@northfield.example",
        "niamh.odonoghue@northfield.example",
        "soeren.kjeldgaard@northfield.example",
    }
    assert client.read(filter={"units": [21]}).keys() == client.read(filter=CIVIL).keys()
    for login in (INGRID, "INGRID.solheim", "801"):
        assert list(client.read(filter={"loginName": login})) == ["801"]
    assert list(client.read(id=801)) == ["801"]
    assert client.read(filter={"unit": "Génie civil"}).keys() == client.read(filter=CIVIL).keys()


def test_an_answer_without_rows_is_an_empty_list_as_php_writes_it(client: Client) -> None:
    assert client.read(filter={"unit": "Alchemy"}) == []


def test_only_what_was_modified_since_is_answered(client: Client) -> None:
    some = client.read(filter={"modified_since": "2026-06-01 00:00:00"})
    assert 0 < len(some) < 200
    assert client.read(filter={"modified_since": "2038-01-01 00:00:00"}) == []
    for wrong in ("2026-06-01", "1970-01-01 00:00:00", 7):
        refused = client.send(action="read", content="members", filter={"modified_since": wrong})
        assert refused.json()["error"]["code"] == 400


def test_members_can_be_indexed_by_employee_id(client: Client) -> None:
    answer = client.read(filter={"unit": "Mathematics"}, index_by="employee_id")
    assert "E10141" in answer
    wrong = client.send(action="read", content="units", index_by="employee_id")
    assert wrong.json()["error"]["code"] == 400


def test_a_choice_has_its_label_and_its_parents_in_the_language_asked_for(client: Client) -> None:
    asked = {"resources": [{"profile/affiliations": ["unit"]}], "filter": {"loginName": "801"}}
    english = client.read(**asked)["801"]["profile/affiliations"]
    french = client.read(language="fr", **asked)["801"]["profile/affiliations"]
    assert english == [{"unit": [21, "Civil Engineering", "Faculty of Engineering", "Northfield"]}]
    assert french[0]["unit"][1] == "Génie civil"


def test_some_members_belong_to_two_units(client: Client) -> None:
    answer = client.read(resources="profile/affiliations", index_by="login_name")
    several = {
        login for login, sections in answer.items() if len(sections["profile/affiliations"]) > 1
    }
    assert len(several) == 4
    assert "aasa.lindqvist@northfield.example" in several


def test_sections_are_objects_lists_and_text_and_some_values_bilingual(client: Client) -> None:
    wanted = ["profile/biography", "profile/research_interests", "cv/education/degrees"]
    member = client.read(resources=wanted, filter={"loginName": SOEREN})["810"]
    assert isinstance(member["profile/biography"], str)
    assert set(member["profile/research_interests"][0]["interest"]) <= {"english", "french"}
    degree = member["cv/education/degrees"][0]
    assert set(degree["thesis_title"]) == {"en", "fr"}
    assert degree["supervisors"] == [{"name": "Prof. E. Whitcombe", "role": "Principal"}]


def test_units_groups_and_titles_can_be_listed(client: Client) -> None:
    units = client.send(action="getUnits", content="units").json()
    assert units["21"] == {
        "uniweb_id": 21,
        "name": "Civil Engineering",
        "type": "Department",
        "parent": 11,
    }
    information = client.read(content="units", resources="profile/unit_information")
    assert information["24"]["profile/unit_information"] == {
        "name": {"en": "Nursing", "fr": "Sciences infirmières"},
        "type": [3, "Department"],
    }
    assert len(client.read(content="groups")) == 2
    assert client.send(action="getMembers", content="members").json() == client.read()


def test_info_and_options_tell_the_schema(client: Client) -> None:
    path = "profile/membership_information/_fields_/position_title/last_name"
    info = client.send(action="info", content="members", resources=[path]).json()
    assert set(info["profile/membership_information"]["fields"]) == {"position_title", "last_name"}
    options = client.send(action="options", content="members", resources=[path]).json()
    assert [31, "Professor"] in options["profile/membership_information"]["position_title"]
    assert "cv/education/degrees" in client.send(action="info", content="members").json()


def test_public_data_leaves_the_cv_out(client: Client) -> None:
    wanted = ["profile/biography", "cv/education/degrees"]
    answer = client.read(resources=wanted, onlyPublic=1, filter={"loginName": SOEREN})
    assert list(answer["810"]) == ["profile/biography"]


@pytest.mark.parametrize("action", ["add", "edit", "clear", "updatePicture", "getPermissions"])
def test_what_the_client_may_not_do_is_a_permission_error(client: Client, action: str) -> None:
    refused = client.send(action=action, content="members", resources=[{"profile/biography": "x"}])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, 403)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"action": "dance"}', 400),
        ('{"action": "read", "content": "robots"}', 400),
        ('{"action": "read", "content": "members", "resources": ["profile/shoe_size"]}', 404),
        ('{"action": "read", "content": "members", "resources": [7]}', 400),
        ('{"action": "read", "content": "members", "filter": {"shoe": 1}}', 400),
        ('{"action": "read", "content": "members", "filter": 3}', 400),
        ('{"action": "read", "content": "members", "language": "da"}', 400),
        ('["read"]', 400),
        ("[" * 100_000, 400),
        ("{", 400),
    ],
)
def test_a_request_that_makes_no_sense_is_an_error_and_never_a_crash(
    client: Client, body: str, code: int
) -> None:
    params = {"access_token": client.token}
    response = client.http.post("/resource.php", params=params, data={"request": body})
    assert response.json()["error"]["code"] == code


def test_contradicting_query_parameters_are_an_error(client: Client) -> None:
    query = f"access_token={client.token}&filter=x&filter[unit]=y"
    assert client.http.get(f"/resource.php?{query}").json()["error"]["code"] == 400


def test_pictures_are_png_files_of_three_sizes_and_some_members_have_none(client: Client) -> None:
    asked = {"action": "display", "contentType": "members", "id": "801"}
    widths = []
    for quality in ("small", "medium", "large"):
        picture = client.http.get("/picture.php", params=asked | {"quality": quality})
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
        widths.append(int.from_bytes(picture.content[16:20], "big"))
        length = int.from_bytes(picture.content[33:37], "big")
        lines = zlib.decompress(picture.content[41 : 41 + length])
        assert len(lines) == widths[-1] * (widths[-1] * 3 + 1)
    assert widths == [32, 96, 256]
    assert client.http.get("/picture.php", params=asked | {"id": "807"}).status_code == 404
    assert client.http.get("/picture.php", params=asked | {"id": "1"}).status_code == 404


def test_a_reset_brings_the_members_back_and_keeps_tokens(
    client: Client, sandbox: RunningSandbox
) -> None:
    before = client.read()
    loopback.post(f"{sandbox.url}/_sandbox/reset").raise_for_status()
    assert client.read() == before


@pytest.mark.parametrize(("status", "code"), [("200", 200), ("401", 401)])
@pytest.mark.parametrize("form", ["object", "string"])
def test_errors_come_in_two_forms_and_also_with_status_200(
    sandbox: RunningSandbox, status: str, code: int, form: str
) -> None:
    quirks = {"uniweb_error_status": status, "uniweb_error_form": form}
    app = make_uniweb_app(sandbox.store, sandbox.store.clock, quirks)
    refused = _ask(app, {"action": "read", "content": "members", "token": "stale"})
    assert refused.status_code == code
    error = refused.json()["error"]
    assert error == "invalid_token" if form == "string" else error["code"] == 98


def _ask(app: Any, body: dict[str, Any]) -> httpx.Response:
    """One request to the application itself, where a quirk needs another one than is running."""
    import asyncio

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/api/resource.php", json=body)

    return asyncio.run(ask())
