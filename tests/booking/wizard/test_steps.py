import pytest

from booking.wizard import steps
from catalog.pricing import Evaluation
from catalog.request import Problem, QuoteRequest

SLUGS = ["service", "schedule", "addresses", "contact", "review"]


def evaluation(*problem_steps):
    problems = tuple(Problem(step, "field", "code", "Message.") for step in problem_steps)
    return Evaluation(QuoteRequest(), None, problems)


def test_steps_come_in_the_order_of_the_wizard():
    assert [step.slug for step in steps.STEPS] == SLUGS


@pytest.mark.parametrize(
    ("problem_steps", "expected"),
    [
        (["service", "contact"], "service"),
        (["contact", "schedule"], "schedule"),
        (["contact"], "contact"),
        (["review"], "review"),
        ([], "review"),
    ],
)
def test_first_incomplete_step_is_the_earliest_with_a_problem(problem_steps, expected):
    assert steps.first_incomplete(evaluation(*problem_steps)).slug == expected


def test_step_is_open_only_when_all_earlier_ones_are_complete():
    judged = evaluation("addresses", "contact")
    assert [step.slug for step in steps.STEPS if steps.is_open(step, judged)] == SLUGS[:3]


def test_refused_discount_code_does_not_close_the_review():
    assert steps.is_open(steps.REVIEW, evaluation("review"))


def test_progress_links_complete_steps_and_the_one_that_is_due():
    progress = steps.progress(steps.BY_SLUG["schedule"], evaluation("contact"))

    assert [stop.state for stop in progress.stops] == ["done", "now", "done", "ahead", "ahead"]
    assert [stop.is_open for stop in progress.stops] == [True, True, True, True, False]
    assert progress.number == 2


def test_back_and_continue_go_to_the_neighbours():
    service, review = steps.BY_SLUG["service"], steps.REVIEW

    assert steps.before(service) is None
    assert steps.after(service).slug == "schedule"
    assert steps.before(review) == steps.BY_SLUG["contact"]
    assert steps.after(review) == review


def test_step_urls():
    assert [step.url for step in steps.STEPS] == [f"/book/{slug}/" for slug in SLUGS]
