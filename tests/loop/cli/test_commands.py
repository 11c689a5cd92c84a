"""Every command as a stranger would use it, and what it says when it cannot."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading

import jsonschema
import pytest

from campaigns.store import Store
from campaigns.tables import EventRow
from loop.cli import main as main_module
from loop.cli.errors import explain
from loop.cli.running import ProposerName
from loop.propose.proposer import NAMES
from tests.end_to_end.runs import (
    ROOT,
    athanor,
    command,
    elsewhere,
    write_campaign,
)
from tests.shipped import CAMPAIGNS

HEAVY = ("torch", "ax", "botorch", "numpy", "scipy", "pymatgen", "pandas", "sqlmodel")


def test_help_is_light():
    code = (
        "import sys; from loop.cli.main import main\n"
        "sys.argv = ['athanor', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "simulate" in done.stdout
    loaded = set(json.loads(done.stderr.replace("'", '"')))
    assert not loaded & set(HEAVY)


def test_new_writes_a_campaign_that_passes_the_check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert athanor("new", "Grün-α").out == "Grün-α.toml\n"
    checked = athanor("check", "Grün-α.toml")
    assert checked.code == 0, checked.err
    assert "BaCO3 + TiO2 → BaTiO3 + CO2(g)" in checked.out
    assert "no faults" in checked.out
    again = athanor("new", "Grün-α")
    assert again.code == 2
    assert "exists" in again.err


def test_schema_is_a_json_schema_that_takes_the_examples():
    import tomllib

    schema = json.loads(athanor("schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in CAMPAIGNS:
        data = tomllib.loads((ROOT / "examples" / f"{name}.toml").read_text("utf-8"))
        jsonschema.validate(data, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": 7}, schema)


def test_the_choice_of_proposers_is_that_of_the_loop():
    assert tuple(ProposerName) == tuple(NAMES)


def test_status_log_report_and_phases(finished, tmp_path):
    database = finished / "campaign.db"
    status = athanor("status", database)
    assert status.out.startswith("campaign  tiny (ended, virtual)")
    log = athanor("log", database).out.splitlines()
    with Store.open(database) as store:
        assert len(log) == len(store.events())
    about = athanor("log", database, "--sample", "S0002").out.splitlines()
    assert 20 < len(about) < len(log)
    assert {line.split()[0] for line in about} <= {line.split()[0] for line in log}
    html = tmp_path / "out.html"
    assert athanor("report", database, "-o", html).out == f"{html}\n"
    assert html.stat().st_size > 10_000
    assert "BaTiO3" in athanor("phases", "list", "--elements", "Ba Ti O").out
    assert "hall" in athanor("phases", "show", "BaTiO3").out


def test_lab_check_asks_every_instrument():
    done = athanor("lab", "check", ROOT / "examples" / "lab.toml", "--connect")
    assert done.code == 0
    assert done.out.count(" answers: ") == 8


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status", "none.db"), 1, "no such campaign database"),
        (("status", "text.db"), 1, "not a whole campaign database"),
        (("status", "other.db"), 1, "not a campaign database"),
        (("status", "torn.db"), 1, "damaged|not a whole"),
        (("log", "{db}", "--sample", "S9999"), 1, "allowed: S0001 to S0004"),
        (("export", "{db}", "--to", "full"), 1, "not empty"),
        (("export", "{db}", "--to", "text.db"), 1, "cannot be written"),
        (("report", "{db}", "-o", "full"), 1, "cannot be written"),
        (("resume", "{db}"), 1, "has ended"),
        (("simulate", "none.toml"), 2, "no readable file"),
        (("simulate", "tiny.toml", "-o", "text.db"), 1, "cannot be made"),
        (("simulate", "tiny.toml", "-o", "{run}"), 1, "athanor resume"),
        (("simulate", "tiny.toml", "--proposer", "best"), 2, "best-temperature"),
        (("simulate", "tiny.toml", "--speed", "0"), 2, "above 0"),
        (("simulate", "tiny.toml", "--speed", "nan"), 2, "above 0"),
        (("simulate", "tiny.toml", "--seed", "-1"), 2, "seed"),
        (("new", "nowhere/x"), 2, "folder where you may write"),
        (("phases", "show", "Unobtainium"), 2, "no phase 'Unobtainium'"),
        (("phases", "list", "--elements", "Xx"), 2, "made of Xx"),
        (("lab", "check", "none.toml"), 2, "check the path"),
        (("simulat",), 2, "simulate"),
    ],
)
def test_errors_are_one_readable_message(
    finished, tmp_path, monkeypatch, arguments, code, words
):
    monkeypatch.chdir(tmp_path)
    write_campaign(tmp_path)
    (tmp_path / "text.db").write_text("not a database at all, only some text\n" * 9)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE friends (name TEXT)")
    other.close()
    whole = (finished / "campaign.db").read_bytes()
    (tmp_path / "torn.db").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    before = {item.name for item in tmp_path.rglob("*")}
    filled = [
        a.format(db=finished / "campaign.db", run=finished) if "{" in a else a
        for a in arguments
    ]
    done = athanor(*filled)
    assert done.code == code, done
    assert done.out == ""
    assert any(word in done.err for word in words.split("|")), done.err
    assert "Traceback" not in done.err
    assert "unexpected" not in done.err
    made = {item.name for item in tmp_path.rglob("*")} - before
    assert not {name for name in made if not name.endswith(("-wal", "-shm"))}


def test_debug_shows_the_traceback():
    done = elsewhere("--debug", "status", "none.db")
    assert done.code == 1
    assert "Traceback" in done.err
    assert "StoreError" in done.err


def test_unforeseen_errors_are_named():
    message, code = explain(ZeroDivisionError("x"))
    assert code == 1
    assert message.startswith("unexpected ZeroDivisionError: x")
    message, code = explain(OSError(28, "No space left on device"))
    assert message == "file: No space left on device"


def test_json_is_one_object_and_interrupts_can_be_resumed(tmp_path):
    """One run: started, watched by another process, interrupted, resumed."""
    file = write_campaign(tmp_path, experiments=2)
    run = tmp_path / "läufe" / "α 1"
    database = run / "campaign.db"
    started = subprocess.Popen(
        command("simulate", file, "--proposer", "random", "-o", run, "--speed", 2000),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    assert "load 1 planned" in started.stdout.readline()
    follower = subprocess.Popen(
        command("log", database, "--follow"),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert follower.stdout is not None
    guard = threading.Timer(60.0, follower.kill)
    guard.start()
    followed = [follower.stdout.readline() for _ in range(12)]
    assert "quantos-1" in "".join(followed)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert err == f"athanor: interrupted; go on with `athanor resume {database}`\n"
    resumed = athanor("resume", database, "--json")
    assert resumed.code == 0, resumed.err
    figures = json.loads(resumed.out, parse_constant=pytest.fail)
    assert list(figures) == [
        "experiments", "best", "pareto", "wall_seconds", "lab_seconds", "hypervolume",
        "database", "report",
    ]  # fmt: skip
    assert figures["experiments"] == 2
    assert figures["database"] == str(database)
    rest = follower.stdout.read()
    follower.wait(timeout=60)
    follower.stdout.close()
    guard.cancel()
    assert follower.returncode == 0
    assert rest.splitlines()[-1].endswith("campaign ended: budget spent: 2 experiments")
    # Every event once, in order, over both processes.
    told = [int(line.split()[0]) for line in [*followed, *rest.splitlines()]]
    assert told == list(range(1, len(told) + 1))


def test_a_reader_who_goes_away_is_no_error(finished):
    with subprocess.Popen(
        command("log", finished / "campaign.db"),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_records_can_be_read_where_nobody_may_write(finished, tmp_path):
    folder = tmp_path / "archive"
    shutil.copytree(finished, folder)
    for item in folder.iterdir():
        item.chmod(0o444)
    folder.chmod(0o555)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert athanor("status", folder / "campaign.db").code == 0
        refused = athanor("simulate", finished.parent / "tiny.toml", "-o", folder / "x")
        assert "where you may write" in refused.err
    finally:
        folder.chmod(0o755)


def test_the_world_journal_belongs_beside_the_database(tmp_path):
    file = write_campaign(tmp_path, experiments=2)
    run = tmp_path / "run"
    victim = "tests.end_to_end.victim"
    assert elsewhere(
        "store:4:after", "simulate", file, "--proposer", "random", "-o", run,
        module=victim,
    ).code == -9  # fmt: skip
    with Store.open(run / "campaign.db") as store:
        store.lock()
        done = athanor("resume", run / "campaign.db")
        assert "another process" in done.err
    (run / "world.jsonl").unlink()
    done = athanor("resume", run / "campaign.db")
    assert done.code == 1
    assert "put it back" in done.err
    (run / "world.jsonl").write_text("{\n{}\n")
    done = athanor("resume", run / "campaign.db")
    assert "line 1" in done.err
    assert "unexpected" not in done.err


def test_a_changed_past_is_refused(finished, tmp_path):
    database = tmp_path / "changed.db"
    shutil.copy(finished / "campaign.db", database)
    table = str(EventRow.__tablename__)
    with sqlite3.connect(database) as edited:
        edited.execute(
            f"UPDATE {table} SET body = replace(body, 'S0002', 'S0001')"
            " WHERE sequence = 30"
        )
    edited.close()
    for name in ("status", "resume"):
        done = athanor(name, database)
        assert done.code == 1
        assert "30" in done.err


def test_notes_of_an_error_are_printed(monkeypatch, capsys):
    def fail() -> None:
        error = OSError(5, "disk fell off", "campaign.db")
        error.add_note("furnace-1: goes on with its program")
        raise error

    monkeypatch.setattr(main_module, "app", fail)
    with pytest.raises(SystemExit) as ended:
        main_module.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "disk fell off" in said
    assert "  furnace-1: goes on with its program\n" in said


def test_check_shows_every_hazard_where_one_of_them_refuses(tmp_path):
    text = """
name = "fireworks"
precursors = ["Ba(NO3)2", "TiO(C2O4).H2O"]
target = { formula = "BaTiO3" }
space = { steps = { fire = { temperature_celsius = 900, hold_hours = 2 } } }
"""
    (tmp_path / "unsafe.toml").write_text(text, "utf-8")
    done = athanor("check", tmp_path / "unsafe.toml")
    assert done.code == 2
    assert done.out.startswith("safety, refused: 1 finding\n  oxidiser-with-fuel\n")
    assert "safety, to be careful of" in done.out
    assert "gas-toxic" in done.out
    assert "Ba(NO3)2 with TiO(C2O4)" in done.err
    assert "Traceback" not in done.err
