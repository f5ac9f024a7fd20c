"""The flow search: every filter, pages, and what the documents leave open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.licence import DAY, START, licence

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence


def test_titles_and_subtitles_are_searched_in_part(wise: Licence) -> None:
    flow = wise.flow(title="Mathematics of 100 % Æther", subTitle="wisectl0abc")

    assert wise.search(metadata={"title": "OF 100 %"}) == [flow]
    assert wise.search(metadata={"title": "100 % Æ", "subtitle": "0abc"}) == [flow]
    assert wise.search(metadata={"title": "100 _ Æ"}) == []


def test_codes_and_terms_are_searched_whole(wise: Licence) -> None:
    flow = wise.flow()
    metadata = wise.data("GET", f"/flows/{flow}/metadata")
    whole = metadata | {"code": "XCODE1", "term": "Term of tests", "purpose": "BACHELOR"}
    wise.data("PUT", f"/flows/{flow}/metadata", whole)

    for found in ({"code": "XCODE1"}, {"term": "Term of tests"}):
        assert wise.search(metadata=found) == [flow]
    for missed in ({"code": "XCODE"}, {"term": "Term"}):
        assert wise.search(metadata=missed) == []
    assert wise.search(metadata={"code": "XCODE1", "purposes": ["BACHELOR", "MASTER"]}) == [flow]
    assert wise.search(metadata={"code": "XCODE1", "purposes": ["MASTER"]}) == []


@pytest.mark.parametrize(
    ("comparator", "moments"),
    [
        ("GREATER", {-1}),
        ("GREATER_EQUAL", {-1, 0}),
        ("LESS", {1}),
        ("LESS_EQUAL", {0, 1}),
        ("EQUAL", {0}),
        (None, {0}),
    ],
)
def test_dates_are_compared_as_asked(
    wise: Licence, comparator: str | None, moments: set[int]
) -> None:
    flow, start = wise.flow(), START + 300 * DAY
    wise.windows(flow, start)
    end = wise.data("GET", f"/flows/{flow}/dates")["marking"]["end"]

    def found(window: str, edge: str, moment: int) -> bool:
        asked: dict[str, Any] = {edge: moment}
        if comparator:
            asked[f"{edge}Comparator"] = comparator
        return flow in wise.search(dates={window: asked})

    assert {m for m in (-1, 0, 1) if found("participation", "start", start + m)} == moments
    assert {m for m in (-1, 0, 1) if found("marking", "end", end + m)} == moments


def test_flows_are_searched_by_creation_settings_and_content(wise: Licence) -> None:
    scale = wise.data("GET", "/license/grading-scales")[2]["id"]
    lock, plain = wise.flow("FLOWlock"), wise.flow()
    wise.data("PUT", f"/flows/{plain}/grading-scale", {"gradingScaleId": scale})
    recent = {"createdAt": {"from": START - 60, "to": START + 600}}

    assert wise.search(metadata=recent) == [lock, plain]
    assert wise.search(metadata={"createdAt": {"from": START + 900}}) == []
    assert wise.search(metadata=recent, settings={"usesLockdownBrowser": True}) == [lock]
    assert wise.search(metadata=recent, settings={"gradingScaleId": scale}) == [plain]
    state = wise.control.get("/state").json()
    told = next(flow for flow in state["flows"] if flow["assignments"])
    reference = told["assignments"][0]["publishedReference"]
    assert told["id"] in wise.search(content={"activityReference": reference})
    assert wise.search(content={"assignmentFileName": "no such file.pdf"}) == []


def test_every_flow_is_on_exactly_one_page(wise: Licence) -> None:
    for _ in range(5):
        wise.flow()
    whole = wise.search()

    pages = [
        wise.call("POST", f"/flows/search?limit=4&offset={offset}", {}).json()
        for offset in range(0, len(whole), 4)
    ]

    assert [row["flowId"] for page in pages for row in page["data"]] == whole
    assert {page["pagination"]["total"] for page in pages} == {len(whole)}
    past = wise.call("POST", "/flows/search?offset=9999", {}).json()
    assert (past["data"], past["pagination"]["total"]) == ([], len(whole))


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=x", "offset=-1", "limit=1e3"])
def test_a_page_that_cannot_be_is_refused(wise: Licence, query: str) -> None:
    assert wise.careless.post(f"/flows/search?{query}", json={}).status_code == 400


def test_a_limit_above_the_maximum_can_be_lowered() -> None:
    with licence(quirks={"over_limit": "clamp"}) as wise:
        answer = wise.call("POST", "/flows/search?limit=500", {}).json()

        assert answer["pagination"]["limit"] == 100


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"states": ["DELETED"]}},
        {"metadata": {"states": "ARCHIVED"}},
        {"metadata": {"title": 5}},
        {"metadata": {"isSis": "yes"}},
        {"dates": {"participation": {"start": "2027-01-01"}}},
        {"dates": {"marking": {"end": 1, "endComparator": "=="}}},
        [],
    ],
)
def test_search_data_of_another_type_is_refused(wise: Licence, body: Any) -> None:
    assert wise.careless.post("/flows/search", json=body).status_code == 400


def test_a_reference_is_searched_whole_or_in_part() -> None:
    for quirk, count in (("exact", 0), ("partial", 1)):
        with licence(quirks={"reference_search": quirk}) as wise:
            path = f"/flows/{wise.flow()}/external-sources"
            wise.data("POST", path, {"reference": "wisectl-abc"})

            whole = {"externalSourceReference": "wisectl-abc"}
            part = {"externalSourceReference": "wisectl-ab"}
            assert len(wise.search(metadata=whole)) == 1
            assert len(wise.search(metadata=part)) == count


def _when(deadline: float, found: Any) -> bool:
    while time.monotonic() < deadline:
        if found():
            return True
    return False


def test_the_search_shows_each_write_only_after_the_delay() -> None:
    delay = 0.6
    with licence(quirks={"visibility_delay": str(delay)}) as wise:
        seeded = wise.search()
        flow = wise.flow(title="First title")
        made = time.monotonic()
        assert wise.state(flow) == 0
        assert wise.search() == seeded

        wise.data("POST", f"/flows/{flow}/external-sources", {"reference": "wisectl-late"})
        metadata = wise.data("GET", f"/flows/{flow}/metadata") | {"title": "Second title"}
        wise.data("PUT", f"/flows/{flow}/metadata", metadata)

        def found(**asked: str) -> bool:
            return wise.search(metadata=asked) == [flow]

        assert _when(made + 5, lambda: found(title="First title"))
        assert time.monotonic() - made >= delay - 0.05
        assert _when(made + 5, lambda: found(title="Second title"))
        assert found(externalSourceReference="wisectl-late")
        assert not found(title="First title")


def test_a_reset_is_seen_at_once_whatever_the_delay() -> None:
    with licence(quirks={"visibility_delay": "30"}) as wise:
        seeded = wise.search()
        wise.flow()

        wise.control.post("/reset")

        assert wise.search() == seeded
