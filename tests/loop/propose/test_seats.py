"""The places of a load: control, orders, replicates, and who may share the furnace."""

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.results import History, Pin
from loop.propose.company import Company
from loop.propose.proposer import make_proposer
from loop.propose.space import search_space
from tests.loop.propose.oven import make_spec
from tests.loop.propose.sites import site, tight

SETS = ("Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuO", "Y2O3 + Ba(NO3)2 + CuO")
STRICT = {"apart": ["co-firing-gas"]}


def pin(number, label, celsius):
    chosen = {"precursors": label}
    if celsius is not None:
        chosen["fire.temperature_celsius"] = celsius
    return Pin(order=f"P{number}", parameters=chosen, by="A", reason="wanted")


PINS = st.lists(
    st.tuples(st.sampled_from(SETS), st.sampled_from([None, 800.0, 900.0])), max_size=3
)


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(1, 8), copies=st.integers(1, 3), every=st.integers(0, 2),
    load=st.integers(1, 4), asked=PINS, reference=st.sampled_from(SETS),
    is_strict=st.booleans(), seed=st.integers(0, 5),
)  # fmt: skip
def test_a_load_is_never_too_large_and_seats_all_that_may_sit_together(
    size, copies, every, load, asked, reference, is_strict, seed
):
    spec = make_spec(
        loads=STRICT if is_strict else {},
        controls={"every_loads": every, "replicates": copies,
                  "reference": {"precursors": reference}},
    )  # fmt: skip
    place = tight(spec) if is_strict else site(spec)
    pins = tuple(pin(i, *one) for i, one in enumerate(asked, start=1))
    found = make_proposer("random").propose(
        spec, History(pins=pins), load=load, size=size, seed=seed, site=place
    )
    assert 1 <= len(found) <= size
    shared = {(p.parameters["fire.temperature_celsius"],
               p.parameters["fire.atmosphere"]) for p in found}  # fmt: skip
    assert len(shared) == 1, "one load, one firing"
    roles = [p.role for p in found]
    orders = [p.order for p in found if p.order]
    is_due = bool(every) and load % every == 0
    assert roles.count("control") <= is_due
    if not is_strict:
        assert len(found) == size
        assert roles.count("control") == is_due
    if pins and size > is_due:
        assert orders[0] == "P1", "the oldest order always rides"
    assert orders == sorted(orders)
    assert [p.order for p in found[: len(orders)]] == orders
    space = search_space(spec, SETS)
    company = Company(spec, place)
    profile, _ = space.split(found[0].parameters)
    own = [{"precursors": p.parameters["precursors"]} for p in found]
    # Copies of an order are not searched for, so only firsts are judged.
    for i, one in enumerate(own):
        assert not company.objection(profile, own[:i], one)


def test_replicates_follow_their_sample():
    spec = make_spec(controls={"replicates": 2})
    found = make_proposer("random").propose(
        spec, History(), load=1, size=6, seed=0, site=site(spec)
    )
    assert [p.role for p in found] == ["search", "replicate"] * 3
    assert [p.parameters for p in found[::2]] == [p.parameters for p in found[1::2]]


def test_the_control_stays_out_beside_an_order_that_may_not_share_its_furnace():
    spec = make_spec(
        loads=STRICT,
        controls={"every_loads": 1, "reference": {"precursors": SETS[0]}},
    )
    history = History(pins=(pin(1, SETS[1], 900.0),))
    found = make_proposer("random").propose(
        spec, history, load=1, size=3, seed=0, site=tight(spec)
    )
    assert found[0].order == "P1"
    assert "control" not in [p.role for p in found]
    assert not any("CO3" in str(p.parameters["precursors"]) for p in found)
    assert any("CO3" in label for label in found[-1].decision.apart)


def test_our_proposer_keeps_them_apart_and_says_so():
    spec = make_spec(
        loads=STRICT, precursors=["Y2O3", "BaCO3", "BaO2", "CuO"],
    )  # fmt: skip
    found = make_proposer("athanor").propose(
        spec, History(), load=1, size=2, seed=0, site=tight(spec)
    )
    (only,) = found
    (label, reason), *_ = only.decision.apart.items()
    assert label != only.parameters["precursors"]
    assert reason.startswith("co-firing-gas")
