"""What the rules of safety found, as the report shows it."""

from campaigns import lifecycle as facts
from campaigns.results import Hazard
from campaigns.review.safety import hazard_views, refused_views

GAS = Hazard(
    rule="toxic-gas", severity="warn", about="BaCO3", step="fire", found="CO2, 0.1 L",
    limit="15 L/min", samples=("S0001",),
)  # fmt: skip
MELT = Hazard(
    rule="target-melts", severity="refuse", about="YBa2Cu3O7", step="fire",
    found="1100 °C", limit="1015 °C", samples=("S0002",),
)  # fmt: skip


def judged(number, before, *hazards, refused=None, samples=("S0001", "S0002")):
    payload = facts.HazardsJudged(
        load=1, before=before, samples=samples, hazards=hazards, refused=refused or {}
    )
    return facts.Event(
        sequence=number, lab_time=0.0, actor="executor", payload=payload,
        previous="0" * 64,
    )  # fmt: skip


def test_each_finding_stands_once_the_gravest_first():
    other = GAS.model_copy(update={"samples": ("S0003",)})
    accepted = MELT.model_copy(update={"accepted": "in platinum"})
    found = hazard_views([
        judged(1, "L001", GAS, refused={"S0002": "melts"}),
        judged(2, "S0001/fire", MELT, accepted),
        judged(3, "L002", other, samples=("S0003",)),
    ])  # fmt: skip
    assert [(one.rule, one.outcome) for one in found] == [
        ("target-melts", "refused"),
        ("target-melts", "accepted: in platinum"),
        ("toxic-gas", "warned"),
    ]
    assert found[2].before == ("L001", "L002")
    assert found[2].samples == ("S0001", "S0003")
    assert found[0].about == "YBa₂Cu₃O₇"


def test_samples_kept_out_have_their_reasons_once():
    log = [
        judged(1, "L001", MELT, refused={"S0002": "melts"}),
        judged(2, "S0002/fire", MELT, refused={"S0002": "melts"}),
    ]
    assert refused_views(log) == (("S0002", "melts"),)
    assert refused_views([judged(1, "L001")]) == ()


def test_the_report_tells_what_safety_judged(finished):
    page = (finished / "report.html").read_text("utf-8")
    assert '<h2 id="safety">Safety</h2>' in page
    assert "No judgement" not in page
