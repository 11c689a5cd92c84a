"""Writers of the vendors' pattern files, as small as the readers' makers accept."""

import io
import struct
import zipfile

import numpy as np

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def zipped(members):
    """A zip archive of texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def xrdml(
    x, scans, *, unit="counts", seconds=2.0, axis="Gonio", optics=True, version="2.1"
):
    """An .xrdml file of one or several scans over the same angles."""
    tag = "counts" if version.startswith("2") else "intensities"
    blocks = "".join(
        f'<scan appendNumber="{n}" scanAxis="{axis}" status="Completed"><dataPoints>'
        f'<positions axis="2Theta" unit="deg"><startPosition>{x[0]:.8f}'
        f"</startPosition><endPosition>{x[-1]:.8f}</endPosition></positions>"
        f'<commonCountingTime unit="seconds">{seconds}</commonCountingTime>'
        f'<{tag} unit="{unit}">{" ".join(f"{v:.9g}" for v in y)}</{tag}>'
        "</dataPoints></scan>"
        for n, y in enumerate(scans)
    )
    beam = (
        '<incidentBeamPath><radius unit="mm">240.00</radius><divergenceSlit id="1" '
        'name="Slit Fixed 1/2°"/></incidentBeamPath>'
    )
    return (
        f'<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/{version}" '
        'status="Completed"><sample><id>s1</id></sample>'
        '<xrdMeasurement status="Completed"><usedWavelength>'
        '<kAlpha1 unit="Angstrom">1.5405980</kAlpha1>'
        '<kAlpha2 unit="Angstrom">1.5444260</kAlpha2>'
        "<ratioKAlpha2KAlpha1>0.5000</ratioKAlpha2KAlpha1></usedWavelength>"
        f"{beam if optics else ''}{blocks}</xrdMeasurement></xrdMeasurements>"
    ).encode()


def ras(x, scans, *, unit="counts", axis="TwoThetaTheta", attenuation=None, speed=2.0):
    """A .ras file; speed in degrees a minute."""
    step = x[1] - x[0]
    factors = np.ones(len(x)) if attenuation is None else attenuation
    out = ["*RAS_DATA_START"]
    for y in scans:
        out += [
            "*RAS_HEADER_START",
            '*FILE_SAMPLE "s1"',
            '*HW_XG_TARGET_NAME "Cu"',
            '*HW_XG_WAVE_LENGTH_ALPHA1 "1.540593"',
            '*HW_XG_WAVE_LENGTH_ALPHA2 "1.544414"',
            '*MEAS_COND_AXIS_NAME-20 "SlitDS"',
            '*MEAS_COND_AXIS_POSITION-20 "1.250deg"',
            f'*MEAS_SCAN_AXIS_X "{axis}"',
            f'*MEAS_SCAN_STEP "{step:.10f}"',
            f'*MEAS_SCAN_SPEED "{speed:.6f}"',
            '*MEAS_SCAN_SPEED_UNIT "deg/min"',
            f'*MEAS_SCAN_UNIT_Y "{unit}"',
            "*RAS_HEADER_END",
            "*RAS_INT_START",
        ]
        columns = zip(x, y, factors, strict=True)
        out += [f"{a:.6f} {b:.6g} {c:.4f}" for a, b, c in columns]
        out.append("*RAS_INT_END")
    return "\r\n".join([*out, "*RAS_DATA_END"]).encode("latin-1")


def rasx(x, scans, *, unit="counts", axis="TwoThetaTheta", extra=""):
    """A .rasx file with what fairmat-readers-xrd asks for."""
    listed = "".join(
        f'<Data{n}><ContentHashList Name="Profile{n}.txt"/></Data{n}>'
        for n in range(len(scans))
    )
    members = {"root.xml": f"<root>{listed}</root>"}
    step = x[1] - x[0]
    for n, y in enumerate(scans):
        points = "\r\n".join(f"{a:.6f}\t{b:.6g}\t1" for a, b in zip(x, y, strict=True))
        members[f"Data{n}/Profile{n}.txt"] = "\ufeff" + points
        members[f"Data{n}/MesurementConditions{n}.xml"] = (
            "<MeasurementConditions><ScanInformation>"
            f"<AxisName>{axis}</AxisName><Mode>CONTINUOUS</Mode>"
            "<PositionUnit>deg</PositionUnit>"
            f"<Step>{step:.8f}</Step><Speed>2.0</Speed><SpeedUnit>deg/min</SpeedUnit>"
            f"<IntensityUnit>{unit}</IntensityUnit></ScanInformation>"
            "<HWConfigurations><Categories>"
            '<Category Name="Detector" SelectedUnit="D/teX Ultra"/></Categories>'
            "<Optics/><Distances/><XrayGenerator>"
            "<TargetName>Co</TargetName>"
            "<WavelengthKalpha1>1.788996</WavelengthKalpha1>"
            "<WavelengthKalpha2>1.792835</WavelengthKalpha2>"
            "</XrayGenerator></HWConfigurations>"
            "<RASHeader><Pair><Key>FILE_SAMPLE</Key><Value>s1</Value></Pair></RASHeader>"
            f"<Axes/>{extra}</MeasurementConditions>"
        )
    return zipped(members)


def brml(x, scans, *, has_column=False, axis="TwoTheta", counters=1):
    """A .brml file of one experiment; `has_column` writes 2 theta at each point."""
    step = x[1] - x[0]
    members = {}
    for n, y in enumerate(scans):
        head = [np.full(len(x), 0.5), np.ones(len(x))]
        columns = [*head, *([x] if has_column else []), y]
        rows = zip(*columns, strict=True)
        data = "".join(
            f"<Datum>{','.join(f'{v:.8g}' for v in row)}</Datum>" for row in rows
        )
        varying = (
            '<RawDataView Start="2" Length="1" xsi:type="VaryingRawDataView"><Varying>'
            '<FieldDefinitions FieldName="TwoTheta"/></Varying></RawDataView>'
        )
        recorded = "".join(
            f'<RawDataView Start="{3 if has_column else 2}" Length="1" '
            'xsi:type="RecordedRawDataView"><Recording LogicName="ScanCounter"/>'
            "</RawDataView>"
            for _ in range(counters)
        )
        members[f"Experiment0/RawData{n}.xml"] = (
            f'<RawData {XSI}><DataRoutes><DataRoute RouteFlag="Measured">'
            '<ScanInformation ScanName="Locked Coupled">'
            f"<MeasurementPoints>{len(x)}</MeasurementPoints>"
            "<TimePerStep>0.5</TimePerStep>"
            "<TimePerStepEffective>96</TimePerStepEffective>"
            "<ScanMode>StillScan</ScanMode><ScanAxes>"
            f'<ScanAxisInfo AxisName="{axis}"><Unit Base="Degree"/>'
            f"<Reference>0</Reference><Start>{x[0]:.8f}</Start>"
            f"<Stop>{x[-1]:.8f}</Stop><Increment>{step:.10f}</Increment>"
            f"</ScanAxisInfo></ScanAxes></ScanInformation>{data}<DataViews>"
            '<RawDataView Start="0" Length="1" LogicName="MeasuredTime" '
            'xsi:type="FixedRawDataView"/>'
            '<RawDataView Start="1" Length="1" LogicName="AbsorptionFactor" '
            f'xsi:type="FixedRawDataView"/>{varying if has_column else ""}{recorded}'
            "</DataViews></DataRoute></DataRoutes><FixedInformation><Drives>"
            '<InfoData LogicName="Chi"><Position Value="0" Unit="deg"/></InfoData>'
            "</Drives><Instrument><PrimaryTracks><TrackInfoData>"
            '<Radius Unit="mm" Value="280"/><MountedOptics>'
            '<InfoData xsi:type="TubeMountInfoData"><Tube><TubeMaterial>Cu'
            '</TubeMaterial><WaveLengthAlpha1 Unit="Å" Value="1.5406"/>'
            '<WaveLengthAlpha2 Unit="Å" Value="1.54439"/>'
            '<WaveLengthRatio Value="0.5"/></Tube></InfoData>'
            '<InfoData xsi:type="SlitInfoData"><Restrictions FieldName="OpeningDegree">'
            '<Data Value="0.6"/></Restrictions></InfoData></MountedOptics>'
            "</TrackInfoData></PrimaryTracks></Instrument></FixedInformation></RawData>"
        )
    listed = "".join(f"<string>{name}</string>" for name in members)
    members["Experiment0/DataContainer.xml"] = (
        '<DataContainer><MeasurementInfo SampleName="s1"/><RawDataReferenceList>'
        f"{listed}</RawDataReferenceList></DataContainer>"
    )
    return zipped(members)


def put(buffer, **fields):
    """Write values at places given as code_offset."""
    for key, value in fields.items():
        code, at = key.split("_")
        if code == "s":
            buffer[int(at) : int(at) + len(value)] = value.encode("latin-1")
        else:
            struct.pack_into(f"<{code}", buffer, int(at), value)
    return bytes(buffer)


def raw1(x, scans):
    out = b""
    for n, y in enumerate(scans):
        more = n < len(scans) - 1
        head = put(
            bytearray(156), s_0="RAW ", I_4=len(x), f_8=2.0, f_12=x[1] - x[0],
            f_24=x[0], f_28=-1e6, s_40="s1", f_72=1.5406, f_76=1.5444, I_152=more,
        )  # fmt: skip
        out += head + np.asarray(y, "<f4").tobytes()
    return out


def raw2(x, scans):
    out = put(
        bytearray(256), s_0="RAW2", H_4=len(scans), s_188="Cu", f_190=1.5406,
        f_194=1.5444, f_198=0.5,
    )  # fmt: skip
    for y in scans:
        head = put(
            bytearray(60), H_0=60, H_2=len(x), f_8=2.0, f_12=x[1] - x[0], f_16=x[0]
        )
        out += head + np.asarray(y, "<f4").tobytes()
    return out


def raw3(x, scans, *, kind=0, extra=40, varying=False):
    out = put(
        bytearray(712), s_0="RAW1.01", I_8=1, I_12=len(scans), s_326="s1", f_564=217.5,
        f_568=0.6, s_608="Cu", d_616=1.5418, d_624=1.5406, d_632=1.54439, d_648=0.5,
    )  # fmt: skip
    stride = 12 if varying else 4
    for y in scans:
        head = put(
            bytearray(304), I_0=304, I_4=len(x), d_8=x[0] / 2, d_16=x[0],
            d_176=x[1] - x[0], f_192=2.0, I_196=kind, I_252=stride, I_256=extra,
        )  # fmt: skip
        records = np.zeros(len(x), np.dtype({"names": ["i"], "formats": ["<f4"],
                                             "itemsize": stride}))  # fmt: skip
        records["i"] = y
        out += head + bytes(extra) + records.tobytes()
    return out


def raw4(x, scans, *, kind="Locked Coupled", stride=8):
    out = put(bytearray(61), s_0="RAW4.00", s_12="11/22/2026", s_24="20:00:00")
    text = b"s1\n"
    out += put(bytearray(36), I_0=10, I_4=36 + len(text), s_12="SAMPLEID") + text
    out += put(
        bytearray(120), I_0=30, I_4=120, d_72=1.5418, d_80=1.5406, d_88=1.54439,
        d_96=1.3922, d_104=0.5, s_116="Cu",
    )  # fmt: skip
    for y in scans:
        drive = put(bytearray(64), I_0=50, I_4=64, I_8=1, s_12="2Theta", d_56=x[0])
        head = put(
            bytearray(160), I_0=0, s_32=kind, d_72=x[0], d_80=x[1] - x[0], I_88=len(x),
            f_92=310.0, I_136=stride, I_140=len(drive),
        )  # fmt: skip
        records = np.zeros(len(x), np.dtype({"names": ["i"], "formats": ["<f4"],
                                             "itemsize": stride}))  # fmt: skip
        records["i"] = y
        out += head + drive + records.tobytes()
    return out


def cif(x, scans, *, item="_pd_meas_counts_total", has_range=False, extra=""):
    out = []
    for n, y in enumerate(scans):
        out.append(f"data_scan{n}\n_diffrn_radiation_wavelength 1.54187\n{extra}")
        if has_range:
            out.append(
                f"_pd_meas_2theta_range_min {x[0]:.5f}\n"
                f"_pd_meas_2theta_range_max {x[-1]:.5f}\n"
                f"_pd_meas_2theta_range_inc {x[1] - x[0]:.6f}\nloop_\n{item}"
            )
            out += [f"{v:.6g}({max(1, round(v**0.5))})" for v in y]
        else:
            out.append(f"loop_\n_pd_meas_2theta_scan\n{item}")
            out += [f"{a:.5f} {v:.6g}" for a, v in zip(x, y, strict=True)]
    return "\n".join(out).encode() + b"\n"


def xy(x, scans):
    (y,) = scans
    return "\n".join(f"{a:.5f} {v:.6g}" for a, v in zip(x, y, strict=True)).encode()


def xye(x, scans, scale=1.0):
    (y,) = scans
    rows = zip(x, y, strict=True)
    return "\n".join(
        f"{a:.5f} {v / scale:.8g} {max(v, 1.0) ** 0.5 / scale:.8g}" for a, v in rows
    ).encode()


WRITERS = {
    ".xrdml": xrdml,
    ".xy": xy,
    ".xye": xye,
    ".ras": ras,
    ".rasx": rasx,
    ".brml": brml,
    ".cif": cif,
    ".raw v1": raw1,
    ".raw v2": raw2,
    ".raw v3": raw3,
    ".raw v4": raw4,
}
"""By suffix, with the version where there are several."""
