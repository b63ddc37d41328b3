"""Tables as files: what was written is read back, and a damaged one is refused with its line and what to do."""

import pytest

from lcr.study.tables.rows import float_of, int_of, read_rows, remake, write_rows
from lcr.util.errors import InputError

COLUMNS = ("method", "top1", "note")
ROWS = [{"method": "LCR (full)", "top1": "62.40", "note": "größer, σ"}, {"method": "x", "top1": "", "note": 'a "b"'}]
REDO = "make it anew: lcr table table2 --study tiny"


@pytest.fixture
def table(tmp_path):
    write_rows(tmp_path / "table2.csv", COLUMNS, ROWS)
    return tmp_path / "table2.csv"


def test_what_was_written_is_read_back(table):
    assert read_rows(table, COLUMNS, REDO) == ROWS


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.encode("utf-16"), "line 1: no text in UTF-8"),
        (lambda text: text.replace("σ", "s").encode("latin-1"), "line 2: no text in UTF-8"),
        (lambda text: text.encode("utf-8-sig"), "line 1: a byte order mark"),
        (lambda text: text.replace("top1", "top"), "line 1: no column top1"),
        (lambda text: text.replace("note", "top1", 1), "line 1: two columns top1"),
        (lambda text: text.replace("x,,", "x,"), "line 3: 2 cells under 3 columns"),
        (lambda text: text.replace("x,,", "x,,,"), "line 3: 4 cells under 3 columns"),
        (lambda text: text.replace("x,,", "\nx,,"), "line 3: 0 cells under 3 columns"),
        (lambda text: text.replace('b"""\n', "b\n"), "line 3: no CSV"),
        (lambda text: text[:-8], "line 3: the file breaks off here"),
        (lambda text: text[:-1], "line 3: the file breaks off here"),
        (lambda text: text.splitlines(keepends=True)[0], "line 1: no row follows"),
        (lambda text: "", "line 1: the file breaks off here"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line_and_what_to_do(table, damage, said):
    damaged = damage(table.read_text(encoding="utf-8"))
    table.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(InputError) as refused:
        read_rows(table, COLUMNS, REDO)
    assert str(refused.value).startswith(f"{table}, {said}")
    assert str(refused.value).endswith(f"; {REDO}")


@pytest.mark.parametrize(
    ("cell", "kind", "word"),
    [
        *((cell, float_of, "number") for cell in ("6x.4", "", "nan", "inf", "-Infinity", "NaN", " 6.5", "1_0.5")),
        *((cell, int_of, "whole number") for cell in ("6.5", "1_2")),
    ],
)
def test_a_cell_that_is_no_number_is_named_with_its_file_and_line(table, cell, kind, word):
    write_rows(table, COLUMNS, [ROWS[0], ROWS[0] | {"top1": cell}])
    first, second = read_rows(table, COLUMNS, REDO)
    assert float_of(first, "top1") == 62.4
    with pytest.raises(InputError) as refused:
        kind(second, "top1")
    assert str(refused.value) == f"{table}, line 3: top1 is '{cell}', which is no {word}; {REDO}"


def test_each_table_is_made_anew_by_its_own_command():
    assert remake("table2", "tiny") == REDO
    assert remake("cost", "a/b.yaml") == "make it anew: lcr cost --study a/b.yaml"
    assert remake("reading_gradients", "tiny") == "make it anew: lcr readings diagnose --study tiny"
