"""What a Bragg-Brentano powder diffractometer sees of a mixture of phases.

Written apart from the analyser: the two share facts about matter and nothing else.
"""

from simulators.diffraction.crystals import Crystallites, Structures
from simulators.diffraction.instrument import Instrument
from simulators.diffraction.pattern import expected_rate, measure

__all__ = ["Crystallites", "Instrument", "Structures", "expected_rate", "measure"]
