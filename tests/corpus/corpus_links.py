#!/usr/bin/python3
"""Reads messages from stdin ("message SIZE HOST ...", then the octets) and answers with a line each: the hosts of http
and https URLs in href attributes of all HTML parts and in all plain text, as Python's email package, html.parser and
urllib see them; then "|", and those of the hosts given that are nowhere in the text of any part.
"""
import email
import html
import html.parser
import re
import sys
import urllib.parse


class Hrefs(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.urls = []

    def handle_starttag(self, tag, attrs):
        self.urls += [value for name, value in attrs if name == "href" and value]


def host_of(url):
    """A host of letters that DNS could have, or None: what Python leaves undone is not compared."""
    url = "".join(c for c in url if c not in "\t\r\n").strip()
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    return urllib.parse.unquote(host).rstrip(".").lower()


def texts(message):
    """Each part of text, with its type: octets as characters, so that all of ASCII stands as it is.  Header fields that
    a bounce returns are nobody's links."""
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_type() != "text/rfc822-headers":
            content = (part.get_payload(decode=True) or b"").decode("latin-1")
            yield part.get_content_type(), content


def wanted(message):
    hosts = set()
    for kind, text in texts(message):
        urls = re.findall(r"(?<![A-Za-z0-9])https?://[A-Za-z0-9.-]+", text, re.IGNORECASE)
        if kind == "text/html":
            parser = Hrefs()
            parser.feed(text)
            parser.close()
            urls = parser.urls
        hosts.update(filter(None, map(host_of, urls)))
    return sorted(filter(re.compile(r"[a-z0-9._-]+").fullmatch, hosts))


def invented(message, hosts):
    whole = "\n".join(text for _, text in texts(message)).lower()
    forms = [whole, html.unescape(whole), urllib.parse.unquote(html.unescape(whole))]
    forms += [re.sub(r"[\r\n\t]", "", form) for form in forms]
    return [host for host in hosts if not any(host in form for form in forms)]


def main():
    while line := sys.stdin.buffer.readline():
        words = line.decode("ascii").split()
        octets = sys.stdin.buffer.read(int(words[1]))
        try:
            message = email.message_from_bytes(octets)
            answer = " ".join(wanted(message)) + " | " + " ".join(invented(message, words[2:]))
        except Exception as fault:  # pylint: disable=broad-except
            answer = "raised-" + type(fault).__name__
        print(answer, flush=True)


main()
