"""A query parameter that is given twice means nothing: none of the two is taken."""

from __future__ import annotations

import pytest

from gateway.api.endpoint import Endpoint
from gateway.app import ENDPOINTS
from tests.api.conftest import Api, problem_of
from tests.stack import KEY

WITH_QUERY = [(endpoint, name) for endpoint in ENDPOINTS for name in endpoint.query]
GOOD = {"status": "queued", "channel": "sms", "limit": "5", "lookup": "offline"}


@pytest.mark.parametrize(("endpoint", "name"), WITH_QUERY, ids=lambda each: getattr(each, "name", each))
def test_it_is_refused_by_its_name(api: Api, endpoint: Endpoint, name: str) -> None:
    value = GOOD.get(name, "x")
    answer = api.app.test_client().open(
        f"{endpoint.path}?{name}={value}&{name}={value}",
        method=endpoint.method,
        json={"to": "+14155550100", "body": "Hello."} if endpoint.takes else None,
        headers={"Authorization": f"Bearer {KEY}"},
    )
    problem = problem_of(answer)
    assert (problem["code"], [error["field"] for error in problem["errors"]]) == ("invalid_request", [name])
    assert "once" in problem["errors"][0]["message"]
