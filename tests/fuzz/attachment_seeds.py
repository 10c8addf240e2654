#!/usr/bin/python3
"""Writes the seeds of fuzz_attachment: attachment_seeds.py DIRECTORY.

Archives are made by Python's own modules, or by hand where it has none; nothing in them could run.
"""

import io
import os
import struct
import sys
import tarfile
import zipfile

WHEN = (2026, 3, 1, 0, 0, 0)
PROGRAM = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + b"\0" * 43 + struct.pack("<I", 64) + b"PE\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


class Blind(io.RawIOBase):
    """Cannot seek, so that zipfile writes sizes behind the data."""

    def __init__(self):
        self.octets = b""

    def writable(self):
        return True

    def write(self, octets):
        self.octets += bytes(octets)
        return len(octets)


def zip_of(*names, kind=zipfile.ZIP_DEFLATED, target=None):
    target = target or io.BytesIO()
    with zipfile.ZipFile(target, "w", kind) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, WHEN), b"" if name.endswith("/") else b"words " * 20)
    return target.octets if isinstance(target, Blind) else target.getvalue()


def zip64_of(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        with archive.open(zipfile.ZipInfo(name, WHEN), "w", force_zip64=True) as member:
            member.write(b"words")
    return out.getvalue()


def encrypted_zip(name):
    octets = bytearray(zip_of(name))
    octets[6] |= 1
    octets[octets.find(b"PK\1\2") + 8] |= 1
    return bytes(octets)


def tar_of(*names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 5
            archive.addfile(member, io.BytesIO(b"words"))
    return out.getvalue().rstrip(b"\0") + b"\0" * 512


def rar4_of(name):
    head = b"Rar!\x1a\x07\0" + struct.pack("<HBHH6x", 0, 0x73, 0, 13)
    fields = struct.pack("<HBHHIIBIIBBHI", 0, 0x74, 0x8004, 32 + len(name), 5, 5, 2, 0, 0, 29, 0x33, len(name), 0)
    return head + fields + name + b"words" + struct.pack("<HBHH", 0, 0x7b, 0, 7)


def rar5_of(name):
    def block(fields, data=b""):
        return b"\0\0\0\0" + bytes([len(fields)]) + fields + data

    member = bytes([2, 2, 5, 0, 5, 0, 0, 0, len(name)]) + name
    return b"Rar!\x1a\x07\x01\0" + block(b"\x01\0\0") + block(member, b"words") + block(b"\x05\0\0")


def uuencoded(name):
    return b"See below.\r\nbegin 644 " + name + b"\r\n#35H`\r\n`\r\nend\r\n"


def named(name):
    return b"application/octet-stream; name=\"" + name + b"\""


PARTS = (b"--b\r\n\r\nSee attached.\r\n--b\r\nContent-Type: " + named(b"a.pdf.exe") + b"\r\n\r\n" + PROGRAM +
         b"\r\n--b\r\nContent-Type: " + named(b"a.js") + b"\r\nContent-Transfer-Encoding: base64\r\n\r\ndmFyIGE7\r\n--b--\r\n")

SEEDS = {
    "program": (named(b"setup.exe"), PROGRAM),
    "disguised": (named("invoice_\u202efdp.exe".encode()), PROGRAM),
    "zip": (named(b"a.zip"), zip_of("papers/", "papers/a.pdf", "setup.exe", "b.js")),
    "zip_behind": (named(b"a.zip"), zip_of("a.txt", "setup.exe", target=Blind())),
    "zip64": (named(b"a.zip"), zip64_of("setup.exe")),
    "zip_encrypted": (named(b"a.zip"), encrypted_zip("setup.exe")),
    "macros": (named(b"a.docx"), zip_of("[Content_Types].xml", "word/vbaProject.bin")),
    "tar": (named(b"a.tar"), tar_of("a.txt", "d/" * 60 + "b.vbs", "setup.exe")),
    "rar4": (named(b"a.rar"), rar4_of(b"setup.exe")),
    "rar5": (named(b"a.rar"), rar5_of(b"setup.exe")),
    "gzip": (named(b"a.exe.gz"), b"\x1f\x8b\x08\0words"),
    "compound": (named(b"a.doc"), OLE + "_VBA_PROJECT".encode("utf-16-le")),
    "page": (named(b"a.html"), b"<html><script>new Blob([b]); URL.createObjectURL(c)</script>"),
    "disk": (named(b"a"), b"\0" * 2000 + b"\x01CD001\x01"),
    "uuencoded": (b"text/plain", uuencoded(b"setup.exe")),
    "parts": (b"multipart/mixed; boundary=b", PARTS),
}


def main():
    for name, (kind, octets) in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as seed:
            seed.write(kind + b"\n" + octets)


if __name__ == "__main__":
    main()
