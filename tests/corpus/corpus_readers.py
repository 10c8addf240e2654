#!/usr/bin/python3
"""Reads messages from stdin ("message SIZE", then the octets) and answers with four lines each, in the form of readers.h:
the tree of parts, the mailboxes of From, the instant of Date, sums of decoded content, as Python's email package sees them.
"""
import email
import email.errors
import email.header
import email.utils
import re
import sys
import zlib

KNOWN = {"", "7bit", "8bit", "binary", "quoted-printable", "base64"}


def plain(text):
    return re.sub(r"[\x00-\x1f\x7f]", lambda octet: "\\x%02x" % ord(octet.group()), text)


def decoded(text):
    """Encoded words as mail programs show them."""
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, UnicodeError, email.errors.HeaderParseError):
        return text


def tree(part):
    kind = part.get_content_type()
    if kind.startswith("multipart/") and part.is_multipart():
        return "(%s%s)" % (kind, "".join(tree(inner) for inner in part.get_payload()))
    if kind in ("message/rfc822", "message/global", "message/news") and part.is_multipart():
        return "(%s%s)" % (kind, "".join(tree(inner) for inner in part.get_payload()))
    encoding = re.sub(r"\(.*\)", "", str(part.get("Content-Transfer-Encoding", ""))).strip().lower()
    name = part.get_filename()
    shown = ' "%s"' % plain(decoded(name)) if name else ""
    return "(%s %s%s)" % (kind, encoding if encoding in KNOWN else "?", shown)


def mailboxes(message):
    fields = [str(field) for field in message.get_all("From", [])]
    return "".join(address.lower() + " " for _, address in email.utils.getaddresses(fields) if address)


def date(message):
    parts = email.utils.parsedate_tz(str(message.get("Date", "")))
    if parts is None:
        return ""
    try:
        return "%d %d" % (email.utils.mktime_tz(parts), parts[9] or 0)
    except (OverflowError, ValueError):
        return ""


def content(part):
    if part.is_multipart():
        return "".join(content(inner) for inner in part.get_payload())
    encoding = re.sub(r"\(.*\)", "", str(part.get("Content-Transfer-Encoding", ""))).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return ""
    octets = part.get_payload(decode=True) or b""
    return "%d:%08x " % (len(octets), zlib.adler32(octets))


def attempt(question, message):
    """An answer, or which exception the package raised."""
    try:
        return question(message)
    except Exception as fault:
        return "raised " + type(fault).__name__


def main():
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        message = email.message_from_bytes(source.read(int(line.split()[1])))
        for question in (tree, mailboxes, date, content):
            answer = attempt(question, message).replace("\n", " ").replace("\r", " ")
            sink.write(answer.encode("utf-8", "surrogateescape") + b"\n")
        sink.flush()


main()
