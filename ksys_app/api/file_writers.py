"""The writer of each file format."""

from __future__ import annotations

from ksys_app.api.csv_writer import CsvFile
from ksys_app.api.file_metadata import FileMetadata, Format, Writer


def writer_of(kind: Format, metadata: FileMetadata) -> Writer:
    """A writer for this format. The libraries of the other formats are not loaded."""
    if kind == "xlsx":
        from ksys_app.api.xlsx_file import XlsxFile

        return XlsxFile(metadata)
    if kind == "parquet":
        from ksys_app.api.parquet_file import ParquetFile

        return ParquetFile(metadata)
    return CsvFile(metadata)
