"""Structures from any OPTIMADE provider; the only module to import optimade."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from loop.errors import DatabaseError, MissingPackageError
from loop.knowledge.confinement import silent
from loop.knowledge.databases import Entry, Wanted

MOST_ENTRIES = 100
"""Structures taken of one composition; polymorphs are rarely so many."""
_TIMEOUT_SECONDS = 30.0
_ATTEMPTS = 2


def fetch(provider: str, wanted: Wanted) -> tuple[Entry, ...]:
    """Return the structures that a provider holds.

    Args:
        provider: Address of a database, such as `https://optimade.example.org`, or the
            id of a provider, such as `mp`, `oqmd` or `cod`, looked up in OPTIMADE's
            list.
        wanted: One entry or a composition.

    Raises:
        DatabaseError: If the provider does not answer, answers with an error, or holds
            nothing that can be used.
        MissingPackageError: If the client is not installed.
    """
    question = _filter(wanted)
    answers = _ask(provider, question)
    entries, faults = [], []
    for address, answer in answers.items():
        faults += [f"{address}: {_plain(error)}" for error in answer.get("errors", ())]
        for row in answer.get("data", ()):
            try:
                entries.append(_entry(row, address))
            except Exception as error:  # whatever a foreign row makes it stumble over
                faults.append(f"{row.get('id', 'an entry')}: {_plain(error)}")
    if not entries:
        reason = "; ".join(faults) if faults else f"it holds nothing of {question}"
        raise DatabaseError(f"OPTIMADE provider {provider}: {reason}")
    return tuple(entries[:MOST_ENTRIES])


def _filter(wanted: Wanted) -> str:
    """Return what is wanted in OPTIMADE's query language."""
    if wanted.id:
        if '"' in wanted.id or "\\" in wanted.id:
            raise MaterialError(
                f"--id: found {wanted.id!r}; allowed: an id without quotes and"
                " backslashes"
            )
        return f'id="{wanted.id}"'
    reduced = Formula.parse(wanted.formula).reduced
    text = "".join(f"{e}{'' if n == 1 else n}" for e, n in reduced.composition)
    return f'chemical_formula_reduced="{text}"'


def _ask(provider: str, question: str) -> Mapping[str, Any]:
    """Return each database's answer by its address."""
    try:
        with silent():
            from optimade.client import OptimadeClient
    except ImportError as error:
        raise MissingPackageError("optimade", "databases", error) from error
    is_address = bool(urlsplit(provider).netloc)
    where: dict[str, Any] = (
        {"base_urls": provider} if is_address else {"include_providers": [provider]}
    )
    try:
        with silent():
            client = OptimadeClient(
                **where,
                max_results_per_provider=MOST_ENTRIES,
                http_timeout=_TIMEOUT_SECONDS,
                max_attempts=_ATTEMPTS,
                use_async=False,
                silent=True,
            )
            found = client.get(question, endpoint="structures")
    except (Exception, SystemExit) as error:  # the client ends the program without one
        raise DatabaseError(
            f"OPTIMADE provider {provider} cannot be asked: {_plain(error)}; give an"
            " address such as https://HOST/PATH, or a provider's id, and see that there"
            " is a network"
        ) from error
    return dict(found["structures"][question])


def _entry(row: Mapping[str, Any], address: str) -> Entry:
    """Read one entry."""
    from optimade.adapters.structures import Structure

    with silent():
        structure = Structure(dict(row)).as_pymatgen
    attributes = row["attributes"]
    said = [f"OPTIMADE {address.rstrip('/')}/v1/structures/{row['id']}"]
    said += [
        f"{key} {attributes[key]}"
        for key in ("immutable_id", "last_modified")
        if attributes.get(key)
    ]
    return Entry(str(row["id"]), structure, ", ".join(said))


def _plain(error: object) -> str:
    """Return an error on one line."""
    return " ".join(str(error).split()) or type(error).__name__
