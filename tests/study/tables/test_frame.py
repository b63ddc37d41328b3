"""Tables as files: a frame is written and read back; a damaged file is refused with its line, column and command."""

import pytest

from lcr.evidence.publish import publish_table
from lcr.study.tables.frame import Column, Source, Table, integer, interval, number, read_cells, read_frame, write_frame
from lcr.study.tables.markdown import markdown
from lcr.study.tables.registry import TABLES, made_by, table_named, write_table
from lcr.util.errors import InputError
from tests.micro import PROJECT

REFERENCE = PROJECT / "results" / "reference"
TABLE = Table(
    "table2",
    (
        *("method", *interval("z.2f", "top1"), *integer("seeds", required=True), Column("used", "flag")),
        *(Column("p", "list", ".2g"), *number("g", "growth", infinite=True), "note"),
    ),
)
ROWS = [
    {"method": "LCR (full)", "top1": 62.4, "seeds": 8, "used": True, "p": (0.5, 1e-9), "note": "größer, σ"},
    {"method": "x", "top1_ci_low": -0.001, "seeds": 2**53 + 1, "growth": float("inf"), "note": 'a "b"'},
]
WRITTEN = """method,top1,top1_ci_low,top1_ci_high,seeds,used,p,growth,note
LCR (full),62.40,,,8,yes,0.5 1e-09,,"größer, σ"
x,,0.00,,9007199254740993,no,,inf,"a ""b\"""
"""


@pytest.fixture
def file(tmp_path):
    write_frame(tmp_path / "table2.csv", TABLE, TABLE.frame(ROWS))
    return tmp_path / "table2.csv"


def test_a_frame_is_rounded_by_its_columns_formats_where_it_is_written_and_read_back_by_kind(file):
    assert file.read_text(encoding="utf-8") == WRITTEN
    found = read_frame(file, TABLE)
    assert found.dtypes.equals(TABLE.frame([]).dtypes)
    assert (found.p[0], found.seeds[1], found.top1.isna().tolist()) == ((0.5, 1e-9), 2**53 + 1, [False, True])
    assert list(read_cells(file, TABLE).index) == [2, 3], "lines of the file"


def test_a_maker_cannot_give_a_column_that_its_table_has_not():
    with pytest.raises(ValueError, match="top2"):
        TABLE.frame([{"top2": 1.0}])


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda text: text.encode("utf-16"), 1),
        (lambda text: text.replace("σ", "s").encode("latin-1"), 2),
        (lambda text: text.encode("utf-8-sig"), 1),
        (lambda text: text.replace("top1,", "top,"), 1),
        (lambda text: text.replace("note", "note,more", 1), 1),
        (lambda text: text.replace("method,top1", "top1,method"), 1),
        (lambda text: text.replace("x,,", "x,"), 3),
        (lambda text: text.replace("x,,", "x,,,"), 3),
        (lambda text: text.replace("x,,", "\nx,,"), 3),
        (lambda text: text.replace('b"""\n', "b\n"), 3),
        (lambda text: text[:-1], 3),
        (lambda text: text.splitlines(keepends=True)[0], 1),
        (lambda text: "", 1),
    ],
)
def test_a_damaged_table_is_refused_with_its_line_and_the_command_that_makes_it_again(file, damage, line):
    damaged = damage(file.read_text(encoding="utf-8"))
    file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(InputError, match=rf"^{file}, line {line}: .*lcr table table2 --study tiny$"):
        read_frame(file, TABLE, "tiny")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("top1", cell) for cell in ("6x.4", "nan", "inf", "-Infinity", "NaN", " 6.5", "1_0.5")),
        *(("seeds", cell) for cell in ("6.5", "1_2", "")),
        *(("used", cell) for cell in ("true", "")),
        *(("p", cell) for cell in ("0.5  1", "x")),
        ("growth", "-inf"),
    ],
)
def test_a_cell_that_is_not_of_its_columns_kind_is_named_with_its_file_and_line(file, column, cell):
    cells = TABLE.cells(TABLE.frame(ROWS))
    cells.loc[1, column] = cell
    cells.to_csv(file, index=False)
    with pytest.raises(InputError, match=rf"table2\.csv, line 3: {column} .*'{cell}'.*lcr table table2 --study tiny"):
        read_frame(file, TABLE, "tiny")


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.of == "whole"])
def test_each_table_of_the_reference_is_read_by_its_schema_written_with_the_same_bytes_and_shown(name, tmp_path):
    frozen = PROJECT / "lcr" / "paper" / f"{name}.csv"  # of the search for Table 1's reading
    places = [*REFERENCE.rglob(f"{name}.csv"), *([frozen] if name in made_by("readings search") else [])]
    assert places
    for place in places:
        frame = read_frame(place, TABLES[name])
        write_frame(tmp_path / "again.csv", TABLES[name], frame)
        assert (tmp_path / "again.csv").read_bytes() == place.read_bytes()
    text = markdown(TABLES[name], frame)
    cells = [line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")]
    assert cells == [cells[0]] * (len(frame) + 2)
    assert all(note in text for note in (*frame.get("note", ()), TABLES[name].legend))


def test_the_registry_knows_each_tables_command_and_refuses_other_names(study, tmp_path):
    assert TABLES["cost"].again("a/b.yaml").endswith("lcr cost --study a/b.yaml")
    assert made_by("readings diagnose") == ("reading_diagnosis", "reading_gradients")
    for named, call, *arguments in (
        ("'table2'", table_named, "table"),
        ("lcr readings diagnose --study made-up", write_table, "reading_gradients", Source(study, tmp_path)),
        (r"nowhere\.csv", publish_table, tmp_path / "nowhere.csv", Source(study, tmp_path), "made-up"),
    ):
        with pytest.raises(InputError, match=named):
            call(*arguments)


@pytest.mark.parametrize(("p", "column"), [((0.03125, 0.0312), False), ((0.03125, 0.6), True)])
def test_p_has_a_column_only_where_a_test_stands_above_its_floor(p, column):
    tested = [{"method": name, "p_family": value, "p_floor": 0.03125} for name, value in zip("ab", p, strict=True)]
    rows = [{"method": "full", "seeds": 6, "clips": 10}, *({"seeds": 6, "clips": 10} | one for one in tested)]
    text = markdown(TABLES["statistics"], TABLES["statistics"].frame(rows))
    assert ("| p |" in text) == column
    assert ("floor of p = 0.031" in text) != column
