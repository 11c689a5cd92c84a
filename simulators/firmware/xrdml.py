"""The result file of a Panalytical diffractometer, XRDML 2.1.

Source:
    Malvern Panalytical, XRDML file format, schema XRDMeasurement 2.1: elements and
    their order.
"""

from xml.sax.saxutils import escape, quoteattr

from simulators.physics import Measurement

NAMESPACE = "http://www.xrdml.com/XRDMeasurement/2.1"


def write_xrdml(measured: Measurement, *, sample_id: str, stamp: str) -> bytes:
    """Write a finished scan as the instrument does.

    Args:
        measured: The scan.
        sample_id: As given to the instrument.
        stamp: End of the scan, ISO 8601.
    """
    step = (measured.end_degrees - measured.start_degrees) / (len(measured.counts) - 1)
    counts = " ".join(map(str, measured.counts))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<xrdMeasurements xmlns={quoteattr(NAMESPACE)} status="Completed">',
        '<sample type="To be analyzed">',
        f"<id>{escape(sample_id)}</id><name>{escape(sample_id)}</name>",
        "</sample>",
        '<xrdMeasurement measurementType="Scan" status="Completed"'
        ' sampleMode="Reflection">',
        *_beam(measured),
        f'<scan appendNumber="0" mode="Continuous" scanAxis="Gonio"'
        f' status="Completed"><header><endTimeStamp>{stamp}</endTimeStamp></header>',
        "<dataPoints>",
        *_positions("2Theta", measured.start_degrees, measured.end_degrees),
        *_positions("Omega", measured.start_degrees / 2, measured.end_degrees / 2),
        f'<commonCountingTime unit="seconds">{measured.seconds_per_point:.4f}'
        "</commonCountingTime>",
        f'<counts unit="counts">{counts}</counts>',
        "</dataPoints></scan></xrdMeasurement>",
        f"<!-- step {step:.7f} -->",
        "</xrdMeasurements>",
    ]
    return "\n".join(lines).encode() + b"\n"


def _positions(axis: str, start: float, end: float) -> list[str]:
    return [
        f'<positions axis="{axis}" unit="deg">',
        f"<startPosition>{start:.8f}</startPosition>"
        f"<endPosition>{end:.8f}</endPosition></positions>",
    ]


def _beam(measured: Measurement) -> list[str]:
    first, second = measured.wavelengths
    return [
        '<usedWavelength intended="K-Alpha">',
        f'<kAlpha1 unit="Angstrom">{first:.7f}</kAlpha1>',
        f'<kAlpha2 unit="Angstrom">{second:.7f}</kAlpha2>',
        '<kBeta unit="Angstrom">1.3922500</kBeta>',
        f"<ratioKAlpha2KAlpha1>{measured.alpha_ratio:.4f}</ratioKAlpha2KAlpha1>",
        "</usedWavelength>",
        "<incidentBeamPath>",
        f'<radius unit="mm">{measured.radius_millimetres:.2f}</radius>',
        '<xRayTube id="1001" name="Aeris Cu LFF HR">'
        '<tension unit="kV">40</tension><current unit="mA">15</current>'
        "<anodeMaterial>Cu</anodeMaterial></xRayTube>",
        '<divergenceSlit id="1002" xsi:type="fixedDivergenceSlitType"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<angle unit="deg">{measured.divergence_degrees:.4f}</angle>'
        "</divergenceSlit>",
        "</incidentBeamPath>",
        "<diffractedBeamPath>",
        f'<radius unit="mm">{measured.radius_millimetres:.2f}</radius>',
        "</diffractedBeamPath>",
    ]
