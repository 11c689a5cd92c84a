"""Absorption inside the powder bed: what weakens, shifts and smears a line."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def microabsorption(
    linear_per_cm: Mapping[str, float],
    volumes: Mapping[str, float],
    particle_micrometres: float | Mapping[str, float],
) -> dict[str, float]:
    """Return how much each phase's lines are weakened by its own grains.

    Args:
        linear_per_cm: Linear attenuation coefficient of each dense phase, 1/cm.
        volumes: Volume of each phase, any common unit.
        particle_micrometres: Diameter of the particles, of all or by phase, µm.

    Returns:
        Factor on each phase's intensity: below 1 for strong absorbers.

    Source:
        Brindley, Philos. Mag. 36 (1945) 347: spheres, mean over their volume of
        exp(-(μ - mean μ) x).
    """
    total = sum(volumes.values())
    mean = sum(linear_per_cm[name] * v for name, v in volumes.items()) / total
    diameters = (
        particle_micrometres
        if isinstance(particle_micrometres, Mapping)
        else dict.fromkeys(volumes, particle_micrometres)
    )
    return {
        name: float(
            np.exp(
                -(linear_per_cm[name] - mean) * diameters[name] / 2e4 * _paths()
            ).mean()
        )
        for name in volumes
    }


@lru_cache(maxsize=1)
def _paths() -> Floats:
    """Return path lengths in a unit sphere, in along x and out along y, shape n.

    Brindley's case, a deflection of 90°; the mean is 3/2 radii at any angle.
    """
    axis = (np.arange(24) + 0.5) / 12 - 1
    x, y, z = (c.ravel() for c in np.meshgrid(axis, axis, axis, indexing="ij"))
    inside = x * x + y * y + z * z < 1
    x, y, z = x[inside], y[inside], z[inside]
    into = x + np.sqrt(1 - y * y - z * z)
    out = np.sqrt(1 - x * x - z * z) - y
    return np.asarray(into + out)


def depths(
    linear_per_cm: float, depth_millimetres: float, theta: Floats, *, n_nodes: int = 4
) -> tuple[Floats, Floats]:
    """Return depths from which a line comes, and their shares of it.

    Args:
        linear_per_cm: Linear attenuation coefficient of the packed bed, 1/cm.
        depth_millimetres: Depth of the bed, mm.
        theta: Bragg angles, radians, shape n.
        n_nodes: Number of depths per angle.

    Returns:
        Depths, mm, shape `n x n_nodes`, and their shares, shape `n_nodes`, sum 1.

    Source:
        A layer at depth z returns exp(-2 μ z / sinθ): International Tables for
        Crystallography C (2006), section 6.3.3.
    """
    per_mm = np.maximum(2 * linear_per_cm / 10 / np.sin(theta), 1e-9)
    seen = -np.expm1(-per_mm * depth_millimetres)
    # Midpoints of equal shares of the intensity.
    quantiles = (np.arange(n_nodes) + 0.5) / n_nodes
    z = -np.log1p(-quantiles * seen[:, None]) / per_mm[:, None]
    return z, np.full(n_nodes, 1 / n_nodes)


def filled_share(
    linear_per_cm: float, depth_millimetres: float, theta: Floats
) -> Floats:
    """Return intensity of a bed of finite depth over that of an endless one.

    Args:
        linear_per_cm: Linear attenuation coefficient of the packed bed, 1/cm.
        depth_millimetres: Depth of the bed, mm.
        theta: Bragg angles, radians, any shape.

    Source:
        As for `depths`.
    """
    exponent = 2 * linear_per_cm * depth_millimetres / 10 / np.sin(theta)
    return np.asarray(-np.expm1(-exponent))
