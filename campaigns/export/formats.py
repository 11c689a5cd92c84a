"""Tables and curves as bytes: CSV, Parquet, XY. Equal content gives equal bytes."""

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np

from campaigns.export.records import Record, columns
from instruments.quantities import Floats


def csv_bytes(records: list[Record]) -> bytes:
    """Return records as CSV in UTF-8, with a header line and empty missing cells."""
    table = columns(records)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return text.getvalue().encode()


def parquet_bytes(records: list[Record]) -> bytes:
    """Return records as a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = io.BytesIO()
    table = pa.table(
        {name: pa.array(cells) for name, cells in columns(records).items()}
    )
    parquet.write_table(table, sink)
    return sink.getvalue()


def curves_csv(curves: Mapping[str, Floats]) -> bytes:
    """Return curves of one length as CSV columns; the numbers read back equal."""
    lines = [",".join(_quoted(name) for name in curves)]
    lines += [
        ",".join(map(repr, row)) for row in np.column_stack([*curves.values()]).tolist()
    ]
    return "\n".join([*lines, ""]).encode()


def xy_bytes(two_theta: Floats, counts: Floats, *, comments: Sequence[str]) -> bytes:
    """Return a pattern as two columns, angle in degrees and counts, after comments."""
    lines = [f"# {comment}" for comment in comments]
    lines += [
        f"{angle:.6f} {count:.6g}"
        for angle, count in zip(two_theta.tolist(), counts.tolist(), strict=True)
    ]
    return "\n".join([*lines, ""]).encode()


def _quoted(name: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([name])
    return text.getvalue()
