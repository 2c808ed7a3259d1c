"""Ways of spoiling text files: encodings, line ends, quotation marks, fields, headers, cells, cuts, compression."""

import csv
from random import Random

import pyarrow as pa
from spoil import (
    AMOUNT,
    HEADER,
    KIND,
    KNOWN_ON,
    MONTH,
    NUMBER,
    PERIOD,
    PERSON,
    WAYS,
    Spoilt,
    Table,
    as_csv,
    cells_changed,
    cut,
    lines_changed,
    packed,
    some,
    way,
)

CELLS = {
    "an amount in full width digits": (AMOUNT, lambda random: "１２３４５６"),
    "an amount with a comma": (AMOUNT, lambda random: "1,234"),
    "an amount with a Chinese comma": (AMOUNT, lambda random: "1，234"),
    "an amount with an exponent": (AMOUNT, lambda random: "1.1E+17"),
    "an amount with a point": (AMOUNT, lambda random: "12345.5"),
    "an amount with its unit": (AMOUNT, lambda random: "12345元"),
    "an amount with a currency sign": (AMOUNT, lambda random: "¥12345"),
    "an amount with a no break space": (AMOUNT, lambda random: "12\u00a0345"),
    "an amount with a zero width space": (AMOUNT, lambda random: "12345\u200b"),
    "an amount in brackets": (AMOUNT, lambda random: "(12345)"),
    "an amount beyond 64 bits": (AMOUNT, lambda random: "9" * random.randint(19, 40)),
    "an amount that is no number": (
        AMOUNT,
        lambda random: random.choice(["NaN", "inf", "-", "None", "#N/A", "0x1F"]),
    ),
    "an amount with a control character": (AMOUNT, lambda random: "12345\x07"),
    "a formula": (AMOUNT, lambda random: random.choice(["=1+1", "+1+1|cmd", "@SUM(A1)", '=HYPERLINK("x")'])),
    "a blank amount": (AMOUNT, lambda random: random.choice(["", " ", "\u3000"])),
    "a number that kept fifteen digits": (PERSON, lambda random: "990101195001010000"),
    "a number with an exponent": (PERSON, lambda random: "9.90101E+17"),
    "a number of seventeen digits": (PERSON, lambda random: "99010119500101001"),
    "a wrong check digit": (PERSON, lambda random: "990101195001010015"),
    "a birthday that never was": (PERSON, lambda random: "990101195013010018"),
    "a date with slashes": (MONTH, lambda random: "2024/01/01"),
    "a date without zeros": (MONTH, lambda random: "2024-1-1"),
    "a date as eight digits": (MONTH, lambda random: "20240101"),
    "a date as a serial number": (MONTH, lambda random: str(random.randint(44_000, 46_000))),
    "a date in Chinese": (MONTH, lambda random: "2024年1月1日"),
    "a date that never was": (MONTH, lambda random: random.choice(["2024-02-30", "2023-02-29", "0000-00-00"])),
    "a date with a time": (MONTH, lambda random: "2024-01-01 00:00:00"),
    "a month that is no first day": (MONTH, lambda random: "2024-01-15"),
    "known after the delivery": (KNOWN_ON, lambda random: "2031-01-01"),
    "a code of another list": (KIND, lambda random: random.choice(["salary", "工资", "WAGE", "wage "])),
    "a period that is too long": (PERIOD, lambda random: random.choice(["13", "0", "-1"])),
    "a huge field": (NUMBER, lambda random: "x" * random.randint(131_073, 200_000)),
}
for name, (column, make) in CELLS.items():
    WAYS[name] = cells_changed(column, make)

TAKEN = {
    "a number in full width digits": lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
    "a number with a small x": lambda text: text.lower(),
    "a number with blanks around": lambda text: f" {text}　",
}
for name, change in TAKEN.items():

    def _kept(table: Table, random: Random, change=change) -> Spoilt:  # type: ignore[no-untyped-def]
        for row in some(table, random):
            table = table.with_cell(row, PERSON, change(table.rows[row][PERSON]))
        return as_csv(table)

    WAYS[name] = _kept

ENCODED = {
    "a byte order mark": lambda table: table.csv().encode("utf-8-sig"),
    "UTF-16": lambda table: table.csv().encode("utf-16"),
    "UTF-16 with the big end first": lambda table: b"\xfe\xff" + table.csv().encode("utf-16-be"),
    "GB 18030": lambda table: table.csv().encode("gb18030"),
    "line ends of Windows": lambda table: table.csv(end="\r\n").encode(),
    "line ends of Windows in GB 18030": lambda table: table.csv(end="\r\n").encode("gb18030"),
    "every field quoted": lambda table: table.csv(quoting=csv.QUOTE_ALL).encode(),
    "blank lines": lambda table: table.csv().encode().replace(b"\n", b"\n\n", 7),
    "blank lines at the end": lambda table: table.csv().encode() + b"\r\n\n\n",
}
for name, encode in ENCODED.items():

    def _encoded(table: Table, random: Random, encode=encode) -> Spoilt:  # type: ignore[no-untyped-def]
        return Spoilt(encode(table), len(table.rows))

    WAYS[name] = _encoded

NAMED = {
    "tabs": ("income.tsv", lambda table: table.csv("\t").encode()),
    "tabs in text": ("income.txt", lambda table: table.csv("\t").encode("utf-16")),
    "semicolons in text": ("INCOME.TXT", lambda table: table.csv(";").encode("gb18030")),
    "gzip": ("income.csv.gz", lambda table: packed(table.csv().encode())),
    "gzip of GB 18030": ("income.tsv.gz", lambda table: packed(table.csv("\t").encode("gb18030"))),
    "gzip under the wrong name": ("income.csv", lambda table: packed(table.csv().encode())),
    "zstd": ("income.csv.zst", lambda table: pa.compress(table.csv().encode(), "zstd", asbytes=True)),
    "no zstd under its name": ("income.csv.zst", lambda table: table.csv().encode()),
}
for name, (file, encode) in NAMED.items():

    def _named(table: Table, random: Random, file=file, encode=encode) -> Spoilt:  # type: ignore[no-untyped-def]
        return Spoilt(encode(table), len(table.rows), name=file)

    WAYS[name] = _named

FEWER_THAN_A_COLUMN = 4
"""Of a column that is blank but for five unreadable values, the whole file would be refused."""
LINES = {
    "a NUL": lambda line: line.replace(b"wage", b"wa\0ge"),
    "too few fields": lambda line: line.rsplit(b",", 3)[0],
    "too many fields": lambda line: line + b",,",
    "a quotation mark never closed": lambda line: line.replace(b"wage", b'"wage'),
    "text after a quoted field": lambda line: b'"x"y' + line,
    "a carriage return inside": lambda line: line.replace(b"wage", b"wa\rge"),
    "bytes that are no UTF-8": lambda line: line.replace("号".encode(), b"\xe5\x8f"),
    "a row of another encoding": lambda line: line.replace("号".encode(), "号".encode("gb18030")),
    "a lone surrogate": lambda line: line.replace("号".encode(), b"\xed\xa0\x80"),
    "a line of blanks": lambda line: b"   ",
    "a row of commas": lambda line: b"," * (len(HEADER) - 1),
    "the header again": lambda line: ",".join(HEADER).encode(),
    "a line of totals": lambda line: ("合计" + "," * (len(HEADER) - 1)).encode(),
}
for name, change_line in LINES.items():

    def _line(table: Table, random: Random, change_line=change_line) -> Spoilt:  # type: ignore[no-untyped-def]
        rows = some(table, random)[:FEWER_THAN_A_COLUMN]
        return Spoilt(lines_changed(table, rows, change_line), len(table.rows), aside=len(rows))

    WAYS[name] = _line

REFUSED = {
    "nothing at all": lambda table: b"",
    "a byte order mark and nothing else": lambda table: b"\xef\xbb\xbf",
    "blanks and nothing else": lambda table: b"\n \n\n",
    "no header": lambda table: table.csv().encode().split(b"\n", 1)[1],
    "a title above the header": lambda table: "收入一览表\n".encode() + table.csv().encode(),
    "a column twice": lambda table: table.csv().replace("quality", "amount", 1).encode(),
    "a column too many": lambda table: table.csv().replace("quality", "quality,remark", 1).encode(),
    "columns under other names": lambda table: table.csv().replace("amount", "金额", 1).encode(),
    "a column named as one of ours": lambda table: table.csv().replace("quality", "row_", 1).encode(),
    "a delimiter at the end of every line": lambda table: table.csv(end=",\n").encode(),
    "semicolons under the name of commas": lambda table: table.csv(";").encode(),
    "facts of stage B": lambda table: table.csv().replace(",RS,", ",SW,", 3).encode(),
    "line ends of long ago": lambda table: table.csv(end="\r").encode(),
    "a column in words": lambda table: table.csv().replace("registered", "表").encode(),
    "gzip and nothing in it": lambda table: packed(b""),
}
for name, encode in REFUSED.items():

    def _refused(table: Table, random: Random, encode=encode) -> Spoilt:  # type: ignore[no-untyped-def]
        return Spoilt(encode(table), None, None, refused=True)

    WAYS[name] = _refused


@way
def nothing(table: Table, random: Random) -> Spoilt:
    return as_csv(table)


@way
def a_header_and_no_rows(table: Table, random: Random) -> Spoilt:
    return Spoilt((",".join(HEADER) + "\n").encode(), 0)


@way
def shuffled_columns(table: Table, random: Random) -> Spoilt:
    places = random.sample(range(len(HEADER)), len(HEADER))
    rows = [[row[place] for place in places] for row in table.rows]
    return as_csv(Table([HEADER[place] for place in places], rows))


@way
def mixed_line_ends(table: Table, random: Random) -> Spoilt:
    lines = table.csv().encode().splitlines()
    return Spoilt(b"".join(line + random.choice([b"\n", b"\r\n"]) for line in lines), len(table.rows))


@way
def a_line_of_two_million_bytes(table: Table, random: Random) -> Spoilt:
    return Spoilt(table.csv().encode() + b"x" * 2_000_000 + b"\n", len(table.rows) + 1, aside=1)


@way
def rows_twice(table: Table, random: Random) -> Spoilt:
    again = [table.rows[row] for row in some(table, random)[:4]]
    return as_csv(Table(HEADER, [*table.rows, *again]), aside=2 * len(again))


@way
def one_record_with_two_amounts(table: Table, random: Random) -> Spoilt:
    other = [list(table.rows[row]) for row in some(table, random)[:4]]
    for row in other:
        row[AMOUNT] = "7"
    return as_csv(Table(HEADER, [*table.rows, *other]), aside=2 * len(other))


@way
def line_breaks_inside_quotation_marks(table: Table, random: Random) -> Spoilt:
    for row in some(table, random):
        table = table.with_cell(row, NUMBER, table.rows[row][NUMBER] + "\n续\n页")
    return as_csv(table, sound=False)


@way
def quotation_marks_far_apart(table: Table, random: Random) -> Spoilt:
    rows = [3, len(table.rows) - 3]
    return Spoilt(lines_changed(table, rows, lambda line: line.replace(b"wage", b'"wage')), len(table.rows), 2)


@way
def broken_gb18030(table: Table, random: Random) -> Spoilt:
    lines = table.csv().encode("gb18030").split(b"\n")
    rows = some(table, random)
    for row in rows:
        lines[row + 1] = lines[row + 1].replace("号".encode("gb18030"), b"\xba\xff")
    return Spoilt(b"\n".join(lines), len(table.rows), len(rows))


@way
def a_lone_surrogate_in_utf16(table: Table, random: Random) -> Spoilt:
    lines = table.csv().split("\n")
    rows = some(table, random)
    for row in rows:
        lines[row + 1] = lines[row + 1].replace("号", "\ud812")
    return Spoilt(b"\xff\xfe" + "\n".join(lines).encode("utf-16-le", "surrogatepass"), len(table.rows), len(rows))


@way
def a_cut_file(table: Table, random: Random) -> Spoilt:
    data = cut(table.csv().encode(), random)
    rows = len([line for line in data.split(b"\n")[1:] if line])
    return Spoilt(data, rows, None)


@way
def a_cut_file_in_utf16(table: Table, random: Random) -> Spoilt:
    data = cut(table.csv().encode("utf-16"), random, 3)
    text = data[2 : len(data) // 2 * 2].decode("utf-16-le") + ("?" if len(data) % 2 else "")
    return Spoilt(data, len([line for line in text.split("\n")[1:] if line]), None)


@way
def a_cut_file_that_the_manifest_counts(table: Table, random: Random) -> Spoilt:
    data = table.csv().encode()
    end = data.rindex(b"\n", 0, len(data) // 2) + 1
    return Spoilt(data[:end], None, None, refused=True, entry={"rows": len(table.rows)})


@way
def cut_gzip(table: Table, random: Random) -> Spoilt:
    return Spoilt(cut(packed(table.csv().encode()), random), None, None, refused=True, name="income.csv.gz")


@way
def cut_zstd(table: Table, random: Random) -> Spoilt:
    data = pa.compress(table.csv().encode(), "zstd", asbytes=True)
    return Spoilt(cut(data, random), None, None, refused=True, name="income.csv.zst")


@way
def gzip_with_rubbish_behind_it(table: Table, random: Random) -> Spoilt:
    data = packed(table.csv().encode()) + random.randbytes(40)
    return Spoilt(data, None, None, refused=True, name="income.csv.gz")


@way
def flipped_bits(table: Table, random: Random) -> Spoilt:
    data = bytearray(table.csv().encode(random.choice(["utf-8", "gb18030", "utf-16"])))
    for _ in range(random.randint(1, 5)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return Spoilt(bytes(data), None, None, refused=None, sound=False)


@way
def flipped_bits_of_gzip(table: Table, random: Random) -> Spoilt:
    data = bytearray(packed(table.csv().encode()))
    for _ in range(random.randint(1, 5)):
        data[random.randrange(10, len(data))] ^= 1 << random.randrange(8)
    return Spoilt(bytes(data), None, None, refused=True, name="income.csv.gz")


@way
def any_bytes(table: Table, random: Random) -> Spoilt:
    return Spoilt(random.randbytes(random.randint(1, 9_000)), None, None, refused=None, sound=False)


@way
def any_bytes_inside(table: Table, random: Random) -> Spoilt:
    data = table.csv().encode()
    place = random.randrange(len(",".join(HEADER)), len(data))
    return Spoilt(data[:place] + random.randbytes(30) + data[place:], None, None, refused=None, sound=False)
