"""Structures from providers: recorded replies, and a real server on loopback."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.phases import PhaseTable
from loop.errors import DatabaseError, MissingPackageError
from loop.knowledge import mpclient, optimadeclient
from loop.knowledge.databases import Wanted
from loop.knowledge.optimadefile import entry_of, lines_of

TABLE = PhaseTable.load()
KEY = "k" * 32
STARTS_WITHIN = 120.0


@contextmanager
def replying(reply):
    """Serve what `reply(path)` returns as (status, object) from a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = reply(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def answer(*rows):
    meta = {
        "query": {"representation": "/structures"}, "api_version": "1.2.0",
        "more_data_available": False, "data_returned": len(rows),
    }  # fmt: skip
    return 200, {"data": list(rows), "meta": meta, "links": {"next": None}}


def test_an_entry_of_a_recorded_reply_is_read():
    pytest.importorskip("optimade")
    paths = []

    def reply(path):
        paths.append(path)
        return answer(entry_of(TABLE["MgAl2O4"]))

    with replying(reply) as address:
        (entry,) = optimadeclient.fetch(address, Wanted(id="MgAl2O4"))
    assert entry.structure.composition.reduced_formula == "MgAl2O4"
    assert f"{address}/v1/structures/MgAl2O4" in entry.source
    assert "MgAl2O4" in paths[0]


def test_a_composition_is_asked_for_in_the_providers_words():
    pytest.importorskip("optimade")
    paths = []

    def reply(path):
        paths.append(path)
        return answer()

    with (
        replying(reply) as address,
        pytest.raises(DatabaseError, match=r"holds nothing of.*Al2MgO4"),
    ):
        optimadeclient.fetch(address, Wanted(formula="Mg2Al4O8"))
    assert "Al2MgO4" in paths[0]


@pytest.mark.parametrize(
    "reply",
    [
        (500, {"errors": [{"detail": "out of order"}]}),
        (
            200,
            {"data": [{"id": "x", "type": "structures", "attributes": {}}], "meta": {}},
        ),
        (200, []),
    ],
)
def test_a_broken_reply_is_one_error(reply):
    pytest.importorskip("optimade")
    with (
        replying(lambda _: reply) as address,
        pytest.raises(DatabaseError, match=r"OPTIMADE provider http"),
    ):
        optimadeclient.fetch(address, Wanted(id="x"))


def test_a_provider_that_is_not_there_is_one_error():
    pytest.importorskip("optimade")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DatabaseError, match=r"OPTIMADE provider"):
        optimadeclient.fetch(f"http://127.0.0.1:{port}", Wanted(id="x"))


def test_an_id_cannot_break_out_of_the_query():
    with pytest.raises(MaterialError, match="without quotes"):
        optimadeclient.fetch("http://127.0.0.1:1", Wanted(id='x" OR id="y'))


def test_a_missing_client_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optimade.client", None)
    with pytest.raises(MissingPackageError, match=r"athanor-lab\[databases\]"):
        optimadeclient.fetch("http://127.0.0.1:1", Wanted(id="x"))
    monkeypatch.setitem(sys.modules, "mp_api.client", None)
    with pytest.raises(MissingPackageError, match="mp-api"):
        mpclient.fetch(Wanted(id="mp-1"), key=KEY)


HEARTBEAT = {
    "status": "OK", "db_version": "2026.04.13", "version": "0.87.0",
    "emmet_version": "0.87.0",
    "access_controlled_batch_ids": [],
}  # fmt: skip


def materials_project(path):
    if "heartbeat" in path:
        return 200, HEARTBEAT
    structure = TABLE["MgO"].structure()
    structure.remove_site_property("b_iso")
    row = {"material_id": "mp-1265", "structure": structure.as_dict()}
    return 200, {"data": [row], "meta": {"total_doc": 1, "max_limit": 1000}}


@pytest.mark.parametrize("wanted", [Wanted(id="mp-1265"), Wanted(formula="MgO")])
def test_a_recorded_reply_of_the_materials_project_is_read(wanted):
    pytest.importorskip("mp_api")
    with replying(materials_project) as address:
        (entry,) = mpclient.fetch(wanted, key=KEY, endpoint=f"{address}/")
    assert entry.id == "mp-1265"
    assert entry.structure.composition.reduced_formula == "MgO"
    assert "database version 2026.04.13" in entry.source


def test_a_refusal_of_the_materials_project_hides_the_key():
    pytest.importorskip("mp_api")

    def reply(path):
        if "heartbeat" in path:
            return 200, HEARTBEAT
        return 403, {"detail": f"key {KEY} is not known"}

    with (
        replying(reply) as address,
        pytest.raises(DatabaseError, match=r"mp-1 ?:") as caught,
    ):
        mpclient.fetch(Wanted(id="mp-1"), key=KEY, endpoint=f"{address}/")
    assert KEY not in str(caught.value)


def test_the_materials_project_needs_a_key(monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    with pytest.raises(MaterialError, match="MP_API_KEY"):
        mpclient.fetch(Wanted(id="mp-1"))


def test_shared_and_partly_filled_sites_are_written_as_they_are():
    entry = entry_of(TABLE["YBa2Cu3O6.5"])["attributes"]
    partly = [s for s in entry["species"] if "vacancy" in s["chemical_symbols"]]
    assert partly
    assert all(sum(s["concentration"]) == pytest.approx(1.0) for s in entry["species"])
    assert entry["structure_features"] == ["disorder"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve the phase table by optimade-python-tools, as a provider would."""
    pytest.importorskip("mongomock", reason="optimade[server] is not installed")
    folder = tmp_path_factory.mktemp("optimade")
    (folder / "phases.jsonl").write_text("\n".join(lines_of(TABLE.values())) + "\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    config = {
        "database_backend": "mongomock", "insert_test_data": False,
        "insert_from_jsonl": str(folder / "phases.jsonl"), "base_url": address,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "uvicorn", "optimade.server.main:app"]
    environment = {**os.environ, "OPTIMADE_CONFIG_FILE": str(folder / "config.json")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, env=environment,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(address, process):
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/v1/info", timeout=5).close()
        except (urllib.error.URLError, OSError):
            threading.Event().wait(0.2)
        else:
            return
    pytest.fail("the OPTIMADE server did not start")


@pytest.mark.slow
def test_a_real_server_gives_back_what_the_table_holds(server):
    found = optimadeclient.fetch(server, Wanted(formula="TiO2"))
    assert {each.id for each in found} == {
        phase.name for phase in TABLE.by_formula("TiO2")
    }
    for each in found:
        assert each.structure.matches(TABLE[each.id].structure())
    (disordered,) = optimadeclient.fetch(server, Wanted(id="YBa2Cu3O6.5"))
    assert not disordered.structure.is_ordered


@pytest.mark.slow
def test_the_command_adds_an_entry_of_a_real_server(server, tmp_path):
    from tests.end_to_end.runs import athanor

    table = tmp_path / "mine.toml"
    table.write_text("[citations]\n")
    done = athanor(
        "phases", "add", "--optimade", server, "--id", "CaTiO3", "--table", table
    )
    assert done.code == 0, done.err
    assert f"OPTIMADE {server}/v1/structures/CaTiO3" in table.read_text()
    done = athanor(
        "phases", "add", "--optimade", server, "--formula", "TiO2", "--table", table
    )
    assert done.code == 2
    assert "TiO2-anatase (I4_1/amd)" in done.err
