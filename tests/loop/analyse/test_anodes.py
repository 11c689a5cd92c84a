"""Tubes are known by their anode or by a wavelength."""

import pytest

from loop.analyse.anodes import K_ALPHA, K_BETA, beta_of, doublet_of, lines_of


def test_lines():
    assert lines_of(" CO") == (1.788996, 1.792835)
    assert lines_of("Xx") is None
    for anode, (first, second) in K_ALPHA.items():
        assert 1.0015 < second / first < 1.01
        assert doublet_of(first) == (first, second)
        assert doublet_of((2 * first + second) / 3) == (first, second)
        if anode in K_BETA:
            assert 0.88 < beta_of(first) / first < 0.92
    # As programs round them.
    assert doublet_of(1.5406) == doublet_of(1.5418) == K_ALPHA["Cu"]
    assert doublet_of(0.7107) == K_ALPHA["Mo"]
    assert doublet_of(1.5) is None
    assert beta_of(1.5) is None
    assert beta_of(1.5405929) == pytest.approx(1.39225)
