"""Facts about matter: formulas, phases, free energies, scattering."""
