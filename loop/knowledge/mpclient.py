"""Structures from the Materials Project; the only module to import mp_api."""

import os
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from loop.errors import DatabaseError, MissingPackageError
from loop.knowledge.confinement import silent
from loop.knowledge.databases import Entry, Wanted

KEY_VARIABLE = "MP_API_KEY"
ENDPOINT = "https://api.materialsproject.org/"
_FIELDS = ["material_id", "structure", "last_updated"]


def fetch(
    wanted: Wanted, *, key: str | None = None, endpoint: str = ENDPOINT
) -> tuple[Entry, ...]:
    """Return the structures that the Materials Project holds.

    Args:
        wanted: One material id, such as `mp-1234`, or a composition.
        key: API key; else that of the environment, `MP_API_KEY`.
        endpoint: Address of the service.

    Raises:
        DatabaseError: If the service refuses or does not answer, or holds nothing.
        MaterialError: If there is no key.
        MissingPackageError: If mp-api is not installed.
    """
    api_key = key or os.environ.get(KEY_VARIABLE, "")
    if not api_key:
        raise MaterialError(
            f"the Materials Project asks for a key: give --mp-key, or set"
            f" {KEY_VARIABLE}; it is free at https://next-gen.materialsproject.org/api"
        )
    try:
        with silent():
            from mp_api.client import MPRester
    except ImportError as error:
        raise MissingPackageError("mp-api", "databases", error) from error
    question: dict[str, Any] = (
        {"material_ids": [wanted.id]}
        if wanted.id
        else {"formula": str(Formula.parse(wanted.formula).reduced)}
    )
    try:
        with silent(), MPRester(
            api_key, endpoint=endpoint, mute_progress_bars=True,
            use_document_model=False, notify_db_version=False,
        ) as client:  # fmt: skip
            version = str(client.db_version)
            rows = client.materials.summary.search(**question, fields=_FIELDS)
            entries = tuple(_entry(row, version) for row in rows)
    except Exception as error:  # of any class: requests', mp_api's or the parser's
        said = " ".join(str(error).split()).replace(api_key, "KEY")
        raise DatabaseError(
            f"the Materials Project cannot be asked for {_named(wanted)}:"
            f" {said or type(error).__name__}"
        ) from error
    if not entries:
        raise DatabaseError(f"the Materials Project holds no {_named(wanted)}")
    return entries


def _named(wanted: Wanted) -> str:
    return wanted.id or wanted.formula


def _entry(row: Any, version: str) -> Entry:  # noqa: ANN401 - a mapping or a document
    from pymatgen.core.structure import Structure

    values = row if isinstance(row, dict) else row.model_dump()
    structure = values["structure"]
    if isinstance(structure, dict):
        structure = Structure.from_dict(structure)
    name = str(values["material_id"])
    source = f"Materials Project {name}, database version {version}"
    return Entry(name, structure, source)
