import time

import pytest
import stripe


@pytest.fixture
def charges(sandbox):
    """Five charges, newest first, as the API lists them."""
    made = [sandbox.control("charges", amount=100 * n, metadata={}) for n in range(1, 6)]
    return [charge["id"] for charge in reversed(made)]


def ids(page):
    return [item.id for item in page.data]


def test_list_is_newest_first_with_more_to_come(sandbox, charges):
    page = sandbox.stripe.charges.list({"limit": 2})
    assert ids(page) == charges[:2]
    assert (page.has_more, page.url) == (True, "/v1/charges")


def test_pages_follow_each_other(sandbox, charges):
    page = sandbox.stripe.charges.list({"limit": 2, "starting_after": charges[1]})
    assert (ids(page), page.has_more) == (charges[2:4], True)
    page = sandbox.stripe.charges.list({"limit": 2, "starting_after": charges[3]})
    assert (ids(page), page.has_more) == (charges[4:], False)
    page = sandbox.stripe.charges.list({"limit": 2, "ending_before": charges[4]})
    assert (ids(page), page.has_more) == (charges[2:4], True)


def test_library_pages_through_everything(sandbox, charges):
    page = sandbox.stripe.charges.list({"limit": 2})
    assert [charge.id for charge in page.auto_paging_iter()] == charges


def test_list_filters_by_time(sandbox, charges):
    now = int(time.time())
    listed = sandbox.stripe.charges.list
    assert ids(listed({"created": {"gte": now - 60, "lt": now + 60}})) == charges
    assert ids(listed({"created": {"lt": now - 60}})) == []
    intents = sandbox.stripe.payment_intents.list({"created": {"gt": now - 60, "lte": now + 60}})
    assert len(intents.data) == 5


def test_list_filters_by_payment_intent(sandbox, charges):
    charge = sandbox.stripe.charges.retrieve(charges[2])
    params = {"payment_intent": charge.payment_intent, "expand": ["data.payment_intent"]}
    (found,) = sandbox.stripe.charges.list(params).data
    assert (found.id, found.payment_intent.amount) == (charge.id, charge.amount)


def test_list_of_events_filters_by_type(sandbox, charges):
    events = sandbox.stripe.events
    assert len(events.list({"type": "charge.succeeded"}).data) == 5
    assert len(events.list({"type": "payment_intent.*", "limit": 100}).data) == 10
    types = {"types": ["charge.succeeded", "payment_intent.created"], "limit": 100}
    assert len(events.list(types).data) == 10
    newest = events.list({"type": "charge.succeeded", "limit": 1}).data[0]
    assert events.retrieve(newest.id).data.object.id == charges[0]


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"limit": 101}, "parameter_invalid_integer", "limit"),
        ({"limit": 0}, "parameter_invalid_integer", "limit"),
        ({"starting_after": "ch_none"}, "resource_missing", "starting_after"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"created": {"after": 1}}, "parameter_unknown", "created[after]"),
        ({"expand": ["data.outcome"]}, None, "expand"),
        ({"expand": ["payment_intent"]}, None, "expand"),
    ],
)
def test_wrong_list_parameter_is_refused(sandbox, charges, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.stripe.charges.list(params)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_expanding_what_is_always_null_changes_nothing(sandbox, charges):
    page = sandbox.stripe.charges.list({"expand": ["data.customer"]})
    assert [charge.customer for charge in page.data] == [None] * 5
