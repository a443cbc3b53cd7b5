"""The peer of bench/run: one DuckDB SQL script from raw files to a star schema.

usage: peer.py LAKE DATABASE SCRIPT

Writes the script to SCRIPT, runs it into DATABASE. The SELECTs are the models' own, so that both do
the same work; the rest is what a person would write around them.
"""
import csv
import glob
import pathlib
import re
import sys

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = ROOT / "netflix"


def snake(name):
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def as_utf8(file):
    """Re-saves a Windows-1252 file, which read_csv cannot read, beside the script's output."""
    copy = pathlib.Path(sys.argv[2]).with_suffix("") / file.relative_to(file.parents[1])
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(file.read_bytes().decode("cp1252").encode())
    return str(copy)


def raw_tables(lake):
    """Yields (table, files, read_csv options) as a person knows them from looking at the files."""
    imdb = "delim='\\t', quote='', escape='', nullstr='\\N', "
    yield "netflix_userbase", "netflix_userbase/*/*.csv", ""
    yield "netflix_titles", "netflix_titles/*/*.csv", "quote='\"', "
    yield "netflix_top10_global", "netflix_top10_global/*/*.tsv", "delim='\\t', quote='', "
    country = next((lake / "raw").glob("netflix_top10_countries/*/*"), None)
    if country is not None and country.suffix == ".csv":
        yield "netflix_top10_countries", as_utf8(country), "quote='\"', "
    elif country is not None:
        yield "netflix_top10_countries", "netflix_top10_countries/*/*.tsv", "delim='\\t', quote='', "
    for table in ("title.basics", "title.ratings", "title.crew", "title.principals", "title.akas", "name.basics"):
        yield "imdb_" + table.replace(".", "_"), f"imdb/{table}.tsv.gz", imdb


def optional_columns():
    """Columns that a drop may lack; the models read them as null."""
    return {"netflix_top10_global": ["runtime", "weekly_views"], "netflix_top10_countries": []}


def header_of(file, delimiter):
    import gzip
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="latin-1", newline="") as text:
        return next(csv.reader(text, delimiter=delimiter))


def source_statements(lake):
    yield "create schema raw;\ncreate schema seed;\ncreate schema audit;"
    for table, pattern, options in raw_tables(lake):
        if not pattern.startswith("/"):
            pattern = f"{lake}/raw/{pattern}"
        files = sorted(map(pathlib.Path, glob.glob(pattern)))
        delimiter = "\t" if "delim='\\t'" in options else ","
        fields = header_of(files[0], delimiter)
        columns = ", ".join(f'"{field}" as {snake(field)}' for field in fields)
        missing = "".join(f", cast(null as varchar) as {column}" for column in optional_columns().get(table, [])
                          if column not in map(snake, fields))
        drop = "coalesce(try_cast(regexp_extract(filename, 'drop=([0-9-]+)', 1) as date), date '2026-01-01')"
        yield (f"create view raw.{table} as select {columns}{missing}, filename as _object, "
               f"cast(0 as bigint) as _line, {drop} as _drop "
               f"from read_csv('{pattern}', {options}header=true, all_varchar=true, filename=true);")
    yield ("create view raw.imdb_title_episode as select cast(null as varchar) as tconst, "
           "cast(null as varchar) as parent_tconst, cast(null as varchar) as season_number, "
           "cast(null as varchar) as episode_number, cast(null as varchar) as _object, "
           "cast(null as bigint) as _line, cast(null as date) as _drop where false;")
    for seed in sorted((PROJECT / "seeds").glob("*.csv")):
        yield f"create table seed.{seed.stem} as select * from read_csv('{seed}', header=true, all_varchar=true, nullstr='');"


def model_statements(connection):
    """Yields the models in an order in which each comes after what it names."""
    models = {path.stem: path for path in sorted((PROJECT / "models").rglob("*.sql"))}
    texts = {name: path.read_text().rstrip().rstrip(";") for name, path in models.items()}
    words = {name: set(re.findall(r"\b[a-z_0-9]+\b", re.sub(r"--.*", "", text))) & models.keys() - {name}
             for name, text in texts.items()}
    done = []

    def visit(name):
        if name in done:
            return
        for other in sorted(words[name]):
            visit(other)
        done.append(name)

    for name in models:
        visit(name)
    for name in done:
        text = texts[name]
        published = models[name].parent.name == "marts"
        kind = "view" if re.search(r"^-- materialized: view", text, re.M) else "table"
        where = "star." if published else ""
        yield f"create {kind if published else 'or replace temp ' + kind} {where}{name} as\n{text};"


def main():
    lake, database, script = map(pathlib.Path, sys.argv[1:4])
    connection = duckdb.connect()
    helpers = (ROOT / "src" / "engine" / "duckdb" / "helpers.sql").read_text()
    statements = [helpers, f"set preserve_insertion_order = false;\nattach '{database}' as star;",
                  *source_statements(lake), *model_statements(connection),
                  "set search_path = 'memory,star';", "checkpoint star;"]
    statements.insert(2, "set search_path = 'memory,temp,star';")
    script.write_text("\n\n".join(statements))
    for statement in statements:
        connection.execute(statement)
    connection.close()


if __name__ == "__main__":
    main()
