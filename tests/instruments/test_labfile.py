"""Lab files: the example loads; every kind of fault is refused with path and remedy."""

from pathlib import Path

import pytest

from instruments.errors import LabFileError
from instruments.labfile import load_lab_file, parse_lab

EXAMPLE = Path(__file__).parents[2] / "examples" / "lab.toml"

BAD = [
    # (text in the example, its replacement, path of the fault, words of the answer)
    ('driver = "quantos"', 'driver = "quanto"', "dosers.quantos-1.driver", "'quantos'"),
    ("schema = 1", "schema = 2", "schema", "1"),
    ("positions = 30", "positions = 31", "dosers.quantos-1.positions", "30"),
    ("positions = 30", "position = 30", "dosers.quantos-1.position", "did you mean"),
    ("min_grams = 0.010", "min_grams = 20", "dosers.quantos-1.min_grams", "max_grams"),
    ("max_grams = 10.0", "max_grams = 500.0", "dosers.quantos-1.max_grams", "250"),
    ("max_grams = 200.0", "max_grams = -1", "balances.xpr-1.max_grams", "greater than"),
    ("readability_grams = 0.0001", "readability_grams = 1.0",
     "balances.xpr-1.readability_grams", "thousandth"),
    ('url = "sim://xpr-1"', 'url = "sim://dac-1"', "mixers.dac-1.url", "own port"),
    ('url = "sim://xpr-1"', 'url = "usb://1"', "balances.xpr-1.url", "tcp://host:port"),
    ('url = "sim://xpr-1"', 'url = "xpr-1"', "balances.xpr-1.url", "pattern"),
    ('url = "sim://xpr-1"', 'url = "tcp://10.0.0.1"', "balances.xpr-1.url", "no host"),
    ('url = "sim://xpr-1"', 'url = "tcp://h:99999"', "balances.xpr-1.url", "0-65535"),
    ('url = "sim://xpr-1"', 'url = "serial:///dev/x?parity=Q"', "balances.xpr-1.url",
     "parity=Q"),
    ('url = "sim://xpr-1"', 'url = "faulty+sim://xpr-1?fault.fire=1"',
     "balances.xpr-1.url", "unknown fault"),
    ('url = "sim://xpr-1"', 'url = "console://"', "balances.xpr-1.url", "serial"),
    ('purposes = ["mix", "grind"]', 'purposes = ["mix"]', "mixers", "grind"),
    ('purpose = "dry"', 'purpose = "fire"', "furnaces", 'purpose = "dry"'),
    ("max_celsius = 1150.0", "max_celsius = 11500.0", "furnaces.box-a.max_celsius",
     "1800"),
    ("air = 0, O2 = 1", "air = 1, O2 = 1", "furnaces.box-a.atmospheres", "outputs"),
    ("air = 0, O2 = 1", "air = 0, O2 = 300", "furnaces.box-a.atmospheres.O2", "255"),
    ("atmospheres = { air = 0 }", "atmospheres = { N2 = 0 }",
     "furnaces.oven-1.atmospheres", "air"),
    ("[[800.0, 15.0], [400.0, 6.0]", "[[400.0, 15.0], [800.0, 6.0]",
     "furnaces.box-a.cooling", "hottest first"),
    ("[400.0, 6.0]", "[400.0, 60.0]", "furnaces.box-a.cooling", "slower cooling"),
    ("[[800.0, 15.0], [400.0, 6.0], [150.0, 2.0], [40.0, 0.8]]", "[]",
     "furnaces.box-a.cooling", "data sheet"),
    (", [40.0, 0.8]]", "]", "furnaces.box-a.cooling", "last part"),
    ("open_below_celsius = 60.0", "open_below_celsius = 300.0",
     "furnaces.oven-1.open_below_celsius", "lower it"),
    ('cutout = "class 3.1 temperature limiter, set to 260 C"', 'cutout = "none"',
     "furnaces.oven-1.cutout", "only protection"),
    ('cutout = "class 3.1 temperature limiter, set to 260 C"', "",
     "furnaces.oven-1.cutout", "add `cutout`"),
    ('crucibles = ["glass", "Al2O3"]', "crucibles = []", "furnaces.oven-1.crucibles",
     "Al2O3"),
    ("unit = 1 ", "unit = 300 ", "furnaces.box-a.unit", "247"),
    ('on_lost_contact = "reset"', 'on_lost_contact = "pray"',
     "furnaces.oven-1.on_lost_contact", "finish"),
    ('default_program = "8min"', 'default_program = "9min"',
     "diffractometers.aeris-1.default_program", "2min, 8min"),
    ('results = "sim://aeris-1"', 'results = "http://x/y"',
     "diffractometers.aeris-1.results", "folder"),
    ("{source}-to-{destination}.urp", "move.urp", "arms.ur5e-1.program", "{source}"),
    ("[arms.ur5e-1]", '[arms."ur5e/1"]', "arms.ur5e/1", "rename"),
    ('holds = "archive"', 'holds = "head"', "racks", "archive"),
    ('holds = "jar"\nslots = 48', 'holds = "jar"\nslots = 4', "racks", "at least 8"),
    ('holds = "head"\nslots = 24', 'holds = "head"\nslots = 1', "racks", "at least 2"),
    ("[racks.archive]", "[racks.xpr-1]", "lab", "names used twice: xpr-1"),
    ("schema = 1", "schema = ", "lab.toml", "line"),
]  # fmt: skip


def test_the_example_loads():
    spec = load_lab_file(EXAMPLE)
    assert spec.furnaces["box-a"].slots == 8
    assert spec.places()["quantos-1.head"] == 1


@pytest.mark.parametrize(("old", "new", "path", "words"), BAD)
def test_bad_lab_files_are_refused(old, new, path, words):
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(LabFileError) as refused:
        parse_lab(text.replace(old, new, 1))
    faults = [fault for fault in refused.value.faults if fault[0] == path]
    assert faults, refused.value
    assert all(all(part for part in fault) for fault in faults)
    assert words in " ".join(faults[0])


def test_every_fault_is_reported_at_once():
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("max_rpm = 2500", "").replace("slots = 96", "slots = 0")
    with pytest.raises(LabFileError) as refused:
        parse_lab(text)
    assert {fault[0] for fault in refused.value.faults} == {
        "mixers.dac-1.max_rpm",
        "racks.archive.slots",
    }


def test_a_missing_file_is_a_fault_not_a_traceback(tmp_path):
    with pytest.raises(LabFileError, match="check the path"):
        load_lab_file(tmp_path / "none.toml")


def test_two_instruments_on_one_line_are_refused_whatever_the_settings():
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("sim://xpr-1", "serial:///dev/ttyUSB0?baudrate=9600")
    text = text.replace("sim://dac-1", "serial:///dev/ttyUSB0?baudrate=19200")
    with pytest.raises(LabFileError, match=r"balances\.xpr-1 already has it"):
        parse_lab(text)
