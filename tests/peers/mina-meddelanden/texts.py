"""The kinds of text that messages hold, each with samples just inside and just outside its limits."""

import calendar
import re

from grammar import Text

SPACES = " \t\r\n"


def _collapsed(value):
    return re.sub("[%s]+" % SPACES, " ", value).strip(" ")


def _matches(expression):
    return lambda value: re.fullmatch(expression, value) is not None


def text(least=0, most=None):
    """Any characters; limits count characters, not bytes."""
    good = ["Text åäö & <tecken>"[: most or None].ljust(least, "x")]
    bad = []
    if least:
        good += ["x" * least, "x" + " " * (least - 1)]
        bad += ["x" * (least - 1), ""]
    else:
        good += ["", " ", "##"]
    if most is not None:
        good += ["x" * most, "å" * most, "\U0001f4ee" * most, " " * most]
        bad += ["x" * (most + 1), "x" * most + " ", " " + "x" * most]
    good += ["rad ett\nrad två\t\r slut"[: most or None].ljust(least, "x")]
    ok = lambda value: len(value) >= least and (most is None or len(value) <= most)
    return Text("text", ok, tuple(good), tuple(bad))


def one_of(*values):
    bad = [""]
    for value in values:
        bad += [value + "x", value[:-1], value.swapcase(), " " + value, value + "\n"]
    return Text("one of " + values[0], lambda value: value in values, values, tuple(bad))


def uri(most=None):
    plain = "https://www.example.se/"
    good = [plain, "", "urn:uuid:7d3b6f0e-2f9e-4e0c-9d5d-0a4f6f2f9a01", "sida?x=1#y", "#x", "mailto:namn@example.se",
            plain + "åäö", "  " + plain + "\n", "http://www.w3.org/2001/10/xml-exc-c14n#"]
    bad = ["##", "%zz"]
    if most is not None:
        good += [plain.ljust(most, "x"), plain.ljust(most, "x") + "   "]
        bad += [plain.ljust(most + 1, "x")]
    legal = lambda value: value.count("#") < 2 and not re.search("%(?![0-9A-Fa-f]{2})", value)
    ok = lambda value: legal(value) and (most is None or len(_collapsed(value)) <= most)
    return Text("URI", ok, tuple(good), tuple(bad))


def number(least, most):
    """A whole number of 32 bits within limits."""
    good = [str(least + 1000), str(least), str(most), "000%d" % most, "+%d" % most, " %d\n" % least]
    bad = [str(least - 1), str(most + 1), "", "x", "1.0", "5000.0", "5000.5", "1e3", "0x10", "10 00", "-1",
           "99999999999"]

    def ok(value):
        value = _collapsed(value)
        return re.fullmatch("[+-]?[0-9]+", value) is not None and least <= int(value) <= most

    return Text("number", ok, tuple(good), tuple(bad))


def _date(value):
    match = re.fullmatch(r"(-?\d{4})-(\d\d)-(\d\d)" + _ZONE, _collapsed(value), re.ASCII)
    return match is not None and _is_day(*match.groups()[:3])


def _instant(value):
    expression = r"(-?\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?" + _ZONE
    match = re.fullmatch(expression, _collapsed(value), re.ASCII)
    return match is not None and _is_day(*match.groups()[:3])


def _is_day(year, month, day):
    year, month, day = int(year), int(month), int(day)
    return year != 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(abs(year), month)[1]


def _base64(value):
    value = re.sub("[%s]" % SPACES, "", value)
    whole, last = "(?:L{4})*", "(?:LL[AEIMQUYcgkosw048]=|L[AQgw]==)?"
    return re.fullmatch((whole + last).replace("L", "[A-Za-z0-9+/]"), value) is not None


_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_LANGUAGE = "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"
_PARTY = r"16\d{10}|(18|19|20)\d\d(0[1-9]|1[0-2])\d{6}"
_USER = r"(18|19|20)\d{10}|[a-z]{2}[^\r\n]*"
_MAIL = r"[^\r\n]+@[^\r\n]+\.[^\r\n]+"

STRING = text()
NAME = text(2, 256)

BOOLEAN = Text(
    "boolean",
    lambda value: _collapsed(value) in ("true", "false", "1", "0"),
    ("true", "false", "1", "0", " true\n"),
    ("", "True", "FALSE", "yes", "2", "sant"),
)

DATE = Text(
    "date",
    _date,
    ("2026-03-01", "2026-03-01Z", "2013-11-14+01:00", "2026-12-31-14:00", "2024-02-29", "\n 2026-03-01 "),
    ("", "2026-3-1", "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "20260301", "2026-03-01T10:00:00",
     "2026-03-01+15:00", "2026-03-01+1:00", "01-03-2026", "i dag"),
)

INSTANT = Text(
    "dateTime",
    _instant,
    ("2026-03-01T10:11:12", "2026-03-01T10:11:12.345", "2026-03-01T23:59:59Z", "2026-03-01T00:00:00+01:00",
     " 2026-03-01T10:11:12 "),
    ("", "2026-03-01", "2026-03-01 10:11:12", "2026-03-01T10:11", "2026-03-01T25:00:00", "2026-03-01T10:60:00",
     "2026-02-29T10:00:00", "10:11:12"),
)

BASE64 = Text(
    "base64Binary",
    _base64,
    ("SGVqIQ==", "", "AAAA", "AAA=", "AA==", "SGVq\nIQ==\n", "SG Vq IQ = =", "+/+/"),
    ("A", "AB", "ABC", "AAAA=", "=", "A===", "AA-_", "hej!", "AA==AA==", "AB==", "AAB=", "åäöå"),
)

LANGUAGE = Text(
    "language",
    lambda value: re.fullmatch(_LANGUAGE, _collapsed(value)) is not None,
    ("svSE", "sv", "sv-SE", "en-GB-oxendict", "x-1", " sv "),
    ("", "sv_SE", "svenskaspr", "sv-", "-sv", "46", "sv-svenskaspr", "sv SE"),
)

IDENTIFIER = Text(
    "ID",
    lambda value: re.fullmatch(r"[^\W\d][\w.-]*", _collapsed(value)) is not None,
    ("x1", "_x", "a.b-c", "Å", " x1 "),
    ("", "1x", "a b", "a:b", "#x"),
)

INTEGER = Text(
    "integer",
    lambda value: re.fullmatch("[+-]?[0-9]+", _collapsed(value)) is not None,
    ("4711", "0", "-1", "+7", "007", "99999999999999999999", " 1\n"),
    ("", "1.0", "x", "1e3", "0x1", "1 0"),
)

# A person or an organisation. \d is any decimal digit of Unicode, so Arabic ones fit.
PARTY = Text(
    "PartyId",
    _matches(_PARTY),
    ("198101052382", "162120002411", "160000000000", "169999999999", "180001000000", "200012999999", "201910612380",
     *("1999%02d011234" % month for month in range(1, 13)),
     "16\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660", "19810105238\u0662", "19\u0668101052382"),
    ("", "19810105238", "1981010523820", "16212000241", "1621200024110", "171234567890", "151234567890",
     "211201011234", "100101011234", "290101011234", "198100011234", "198113011234", "198120011234", "198130011234",
     "19810:052382", "19811/052382",
     "19810105238x", "1981010x2382", "198x01052382", "1x8101052382", "16212000241x", "x62120002411", "1621x0002411",
     "198101-2382", "19810105-2382", "8101052382", " 198101052382", "198101052382\n", "26212000241",
     "\u0661\u0666" + "1234567890",
     "1981\u0660\u0661052382", "262120002411", "281012011234"),
)

ORGANISATION = Text(
    "OrganizationNumber",
    _matches(r"16\d{10}"),
    ("162120002411", "160000000000", "169999999999", "16\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660"),
    ("", "16212000241", "1621200024110", "2120002411", "172120002411", "262120002411", "198101052382", "16212000241x",
     "16x120002411", " 162120002411", "162120002411 ", "162120-2411", "\u0661\u0666" + "2120002411"),
)

PERSON_NUMBER = Text(
    "PersonalNumber",
    _matches(r"(18|19|20)\d{10}"),
    ("198101052382", "181234567890", "209999999999", "190000000000", "19\u0668\u0661" + "01052382"),
    ("", "19810105238", "1981010523820", "162120002411", "179999999999", "211234567890", "101234567890", "281234567890",
     "19810105238x", "19x101052382", "x98101052382", " 198101052382", "198101052382\n", "se12345678901",
     "abcdefghijkl", "\u0661\u0669" + "8101052382"),
)

USER = Text(
    "UserIdentity",
    lambda value: re.fullmatch(_USER, value) is not None and 12 <= len(value) <= 255,
    ("198101052382", "181234567890", "209999999999", "no1234567890", "az".ljust(12, "."), "za".ljust(255, "x"),
     "dk åäö 😀 123", "abcdefghijklm", "fi          ", "19\u0668\u0661" + "01052382"),
    ("", "19810105238", "1981010523820", "171234567890", "211234567890", "101234567890", "281234567890", "19810105238x",
     "19x101052382", "NO1234567890", "No1234567890", "nO1234567890", "n11234567890", "1o1234567890", "no123456789",
     "no".ljust(256, "x"), "åä1234567890", "no12345\n67890", "no12345\r67890", " no1234567890", "`a1234567890",
     "{a1234567890", "a{1234567890", "162120002411"),
)

PERSON = text(2, 256)

MAIL = Text(
    "EMailAdress",
    lambda value: re.fullmatch(_MAIL, value) is not None and 5 <= len(value) <= 256,
    ("namn@example.se", "a@b.c", "a@b.c".rjust(256, "x"), " @ . ", "a@b@c.d.e", "å@ö.ä", "a.b@c.d"),
    ("", "a@bc", "ab.c", "@b.c", "a@.c", "a@b.", "a.b@c", "a@b.c".rjust(257, "x"), "a\n@b.c", "a@b\n.c", "a@b.\r", "@.",
     "namn.example.se", "namn@example", "@...", "a@b,c"),
)

URI = uri()
