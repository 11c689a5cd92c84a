"""A sound phase table of two rows, and faults to plant in it, each by one change.

Tests of the command and the benchmark of the checker both use these.
"""

SOUND = """\
[citations]
paper = "A. Author, J. Tests 1 (2000) 1"

[[phase]]
name = "Co3O4"
formula = "Co3O4"
hall = 526
cell = [8.0835, 8.0835, 8.0835, 90.0, 90.0, 90.0]
sites = [
  ["Co1", "Co", "1/8", "1/8", "1/8", 0.4],
  ["Co2", "Co", "1/2", "1/2", "1/2", 0.4],
  ["O1", "O", 0.2631, 0.2631, 0.2631, 0.6],
]
xray_density = 6.056
valence = "mixed"
heat = [["decomposes", 900, "air", "CoO"]]
sources = { structure = "paper", density = "paper", thermal = "paper" }

[[phase]]
name = "CuO"
formula = "CuO"
hall = 90
cell = [4.6837, 3.4226, 5.1288, 90.0, 99.54, 90.0]
sites = [
  ["Cu1", "Cu", "1/4", "1/4", 0, 0.4],
  ["O1", "O", 0, 0.4184, "1/4", 0.6],
]
xray_density = 6.515
heat = [["decomposes", 1028, "air", "Cu2O"], ["melts", 1326, "closed"]]
sources = { structure = "paper", density = "paper", thermal = "paper" }
"""
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "origin of the other choice": ("hall = 526", "hall = 525", "Co3O4", "Hall number"),
    "density": ("6.056", "5.1", "Co3O4", "cite a density"),
    "charge balance": ('valence = "mixed"\n', "", "Co3O4", "state `valence`"),
    "atoms in contact": ('0.4184, "1/4"', '0.3, "1/16"', "CuO", "coordinates"),
    "Hall number against cell": ("hall = 90", "hall = 523", "CuO", "Hall number"),
    "cell against Hall number": ("8.0835, 8.0835, 8.0835", "8.0835, 8.0835, 8.2",
                                 "Co3O4", "correct the cell"),
    "no such Hall number": ("hall = 90", "hall = 531", "CuO", "correct hall"),
    "occupancy above 1": ("0.4184, \"1/4\", 0.6]", "0.4184, \"1/4\", 0.6, 1.2]",
                          "CuO", "above 0 to 1"),
    "shared site overfull": ('["Cu1", "Cu", "1/4", "1/4", 0, 0.4],',
                             '["Cu1", "Cu", "1/4", "1/4", 0, 0.4],'
                             '["Zn1", "Zn", "1/4", "1/4", 0, 0.4],',
                             "CuO", "correct the occupancies"),
    "content against formula": ('formula = "Co3O4"', 'formula = "Co4O5"', "Co3O4",
                                "correct formula"),
    "site left out": ('  ["Co1", "Co", "1/8", "1/8", "1/8", 0.4],\n', "", "Co3O4",
                      "correct formula"),
    "no source": (', thermal = "paper" }\n\n', " }\n\n", "Co3O4", "a source for"),
    "source without a citation": ('structure = "paper", density = "paper", '
                                  'thermal = "paper" }\n\n',
                                  'structure = "book", density = "paper", '
                                  'thermal = "paper" }\n\n',
                                  "Co3O4", "a key of [citations]"),
    "unknown element": ('"Cu1", "Cu"', '"Cu1", "Cx"', "CuO", "element symbols"),
    "unknown element in the formula": ('formula = "CuO"', 'formula = "CxO"', "CuO",
                                       "a formula such as"),
    "negative cell": ("[4.6837", "[-4.6837", "CuO", "edges above 0"),
    "angle of 190": ("99.54", "190", "CuO", "angles below 180"),
    "melting in kelvin below zero": ("1326", "-1326", "CuO", "look the temperatures"),
    "changes out of order": ("1028", "1428", "CuO", "rising temperatures"),
    "decomposed twice in one gas": ('["melts", 1326, "closed"]',
                                    '["decomposes", 1115, "air"]', "CuO", "once in"),
    "decomposition in no gas": ('900, "air"', '900, "argon"', "Co3O4", "any, air"),
    "decomposition loses a metal": ('"air", "CoO"', '"air", "O2"', "Co3O4",
                                    "all its metals"),
    "decomposition gains a metal": ('"air", "Cu2O"', '"air", "CuFeO2"', "CuO",
                                    "its own elements"),
    "turns when molten": ('["melts", 1326, "closed"]',
                          '["melts", 1326, "any"], ["turns", 1400, "any"]', "CuO",
                          "below the melting point"),
    "turns into another composition": ('["decomposes", 900, "air", "CoO"]',
                                       '["turns", 900, "any", "CuO"]', "Co3O4",
                                       "a row of the same formula"),
    "unknown furnace gas": ('formula = "CuO"',
                            'formula = "CuO"\natmospheres = ["argon"]', "CuO",
                            "air, O2"),
    "assay above one": ('formula = "CuO"', 'formula = "CuO"\nassay = 99', "CuO",
                        "a mass share"),
    "higher oxide than the cell's": ('formula = "CuO"', 'formula = "Cu2O3"', "CuO",
                                     "correct the formula"),
    "digits of a coordinate exchanged": ("0.2631, 0.2631, 0.2631",
                                         "0.2361, 0.2361, 0.2361", "Co3O4",
                                         "correct coordinates"),
    "duplicate name": ('name = "CuO"', 'name = "Co3O4"', "Co3O4", "take one row out"),
    "one element for another": ('"Co1", "Co"', '"Co1", "Ba"', "Co3O4", "correct"),
    "mistyped field": ("xray_density = 6.515", "density = 6.515", "CuO", "one of"),
}  # fmt: skip
"""Fault: text that is replaced, by what, the row that is to be named, and a part of
the remedy."""


def with_fault(name: str) -> str:
    """Return the table with one fault."""
    old, new, _, _ = FAULTS[name]
    if old not in SOUND:
        raise ValueError(f"{name}: the sound table does not hold {old!r}")
    return SOUND.replace(old, new, 1)
