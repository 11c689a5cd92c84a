"""Malvern Panalytical .xrdml, one or several scans."""

from instruments import xrdml
from loop.analyse.formats.scan import RawScan


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the completed scans over 2 theta.

    Raises:
        ValueError: As `instruments.xrdml.parse_all`.
    """
    return tuple(
        RawScan(
            pattern.two_theta,
            pattern.counts,
            unit="counts",
            seconds_per_point=pattern.seconds_per_point,
            wavelengths=pattern.wavelengths,
            alpha_ratio=pattern.alpha_ratio,
            # 0 stands for what the file does not say.
            radius_millimetres=pattern.radius_millimetres or None,
            divergence_degrees=pattern.divergence_degrees or None,
            sample_id=pattern.sample_id,
        )
        for pattern in xrdml.parse_all(content)
    )
