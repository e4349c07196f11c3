import io
import struct
import zipfile
import zlib

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from core.uploads import check_content, check_upload, safe_name


def picture(kind, size=(40, 20), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **options)
    return out.getvalue()


def pdf(change=None, **options):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    if change:
        change(writer)
    if options:
        writer.encrypt(**options)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", "<script>1</script>")
    return out.getvalue()


def named(key, value):
    return lambda writer: writer.root_object.__setitem__(NameObject(key), value)


def action(kind):
    return DictionaryObject({NameObject("/S"): NameObject(kind), NameObject("/JS"): TextStringObject("app.alert(1)")})


def huge_png():
    """A header that promises 100 megapixels, and hardly anything behind it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (pdf(), "salary.pdf", "application/pdf"),
        (pdf(), "工资单.PDF", "application/pdf"),
        (pdf() + b"\r\n\0\0", "a.pdf", "application/pdf"),
        (pdf(named("/OpenAction", DictionaryObject({NameObject("/S"): NameObject("/GoTo")}))), "turns to a page.pdf", "application/pdf"),
        (pdf(named("/Weird", DictionaryObject({NameObject("/S"): NameObject("/URI")}))), "has a link.pdf", "application/pdf"),
        (picture("PNG"), "a.png", "image/png"),
        (picture("PNG", mode="RGBA"), "a.png", "image/png"),
        (picture("PNG", mode="P"), "a.png", "image/png"),
        (picture("JPEG"), "a.jpg", "image/jpeg"),
        (picture("JPEG", mode="CMYK"), "a.jpeg", "image/jpeg"),
    ],
)
def test_plain_documents_and_pictures_are_accepted(content, name, content_type):
    assert check_content(content=content, name=name).content_type == content_type


HOSTILE = {
    "nothing": (b"", "a.pdf", "empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "a.svg", "type"),
    "svg named png": (b"<svg onload='x'>", "a.png", "type"),
    "html": (b"<!doctype html><script>1</script>", "a.html", "type"),
    "zip": (zipped(), "a.zip", "type"),
    "zip named pdf": (zipped(), "a.pdf", "type"),
    "gif": (picture("GIF"), "a.gif", "type"),
    "text": (b"hello", "a.txt", "type"),
    "pdf not at the start": (b"\n" + pdf(), "a.pdf", "type"),
    "pdf named png": (pdf(), "a.png", "extension"),
    "png named pdf": (picture("PNG"), "a.pdf", "extension"),
    "pdf named exe": (pdf(), "salary.pdf.exe", "extension"),
    "pdf without a name": (pdf(), "", "extension"),
    "pdf and zip": (pdf() + zipped(), "a.pdf", "hidden"),
    "png and zip": (picture("PNG") + zipped(), "a.png", "hidden"),
    "jpeg and zip": (picture("JPEG") + zipped(), "a.jpg", "hidden"),
    "pdf and html": (pdf() + b"<script>alert(1)</script>", "a.pdf", "hidden"),
    "html inside a pdf's head": (pdf().replace(b"\n", b"\n%<script>x</script>\n", 1), "a.pdf", "hidden"),
    "script in pdf": (pdf(named("/Names", DictionaryObject({NameObject("/JavaScript"): ArrayObject([action("/JavaScript")])}))), "a.pdf", "active"),
    "opening action": (pdf(named("/OpenAction", action("/JavaScript"))), "a.pdf", "active"),
    "opens a site by itself": (pdf(named("/OpenAction", DictionaryObject({NameObject("/S"): NameObject("/URI")}))), "a.pdf", "active"),
    "fetches another file": (pdf(named("/Weird", DictionaryObject({NameObject("/S"): NameObject("/GoToR")}))), "a.pdf", "active"),
    "launch": (pdf(named("/OpenAction", action("/Launch"))), "a.pdf", "active"),
    "action deep inside": (pdf(named("/Weird", ArrayObject([DictionaryObject({NameObject("/AA"): action("/URI")})]))), "a.pdf", "active"),
    "attached file": (pdf(lambda w: w.add_attachment("a.exe", b"MZ")), "a.pdf", "active"),
    "form of its own": (pdf(named("/AcroForm", DictionaryObject({NameObject("/XFA"): TextStringObject("x")}))), "a.pdf", "active"),
    "password": (pdf(user_password="x", algorithm="RC4-128"), "a.pdf", "encrypted"),
    "cut pdf": (pdf()[:200], "a.pdf", "broken"),
    "pdf of rubbish": (b"%PDF-1.7\n" + b"\xff" * 500 + b"%%EOF", "a.pdf", "broken"),
    "cut png": (picture("PNG", size=(300, 300))[:60], "a.png", "broken"),
    "cut jpeg": (picture("JPEG", size=(300, 300))[:300], "a.jpg", "broken"),
    "png of rubbish": (b"\x89PNG\r\n\x1a\n" + b"\xff" * 100, "a.png", "broken"),
    "hundred megapixels": (huge_png(), "a.png", "pixels"),
    "eleven megabytes": (b"%PDF-" + b"x" * (11 * 1024 * 1024), "a.pdf", "too_large"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_and_told_why(case):
    content, name, code = HOSTILE[case]
    with pytest.raises(ValidationError) as refused:
        check_content(content=content, name=name)
    assert refused.value.code == code
    assert str(refused.value.messages[0])


def test_pictures_lose_their_metadata_and_whatever_hides_behind_them():
    exif = Image.Exif()
    exif[0x010E] = "Alice Zhang, Beijing"
    content = picture("JPEG", exif=exif) + b"<?php hidden ?>"
    clean = check_content(content=content, name="a.jpg").content
    assert b"Alice" not in clean
    assert b"php" not in clean
    assert len(Image.open(io.BytesIO(clean)).getexif()) == 0


def test_a_picture_is_turned_the_way_the_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = check_content(content=picture("JPEG", size=(40, 20), exif=exif), name="a.jpg").content
    assert Image.open(io.BytesIO(clean)).size == (20, 40)


def test_a_file_too_large_is_refused_before_it_is_read(settings):
    settings.DOCUMENT_MAX_BYTES = 10
    file = SimpleUploadedFile("a.pdf", pdf())
    file.file.close()
    with pytest.raises(ValidationError) as refused:
        check_upload(file)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("salary.pdf", "salary.pdf"),
        ("工资单 2026.pdf", "工资单 2026.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Alice\\salary.pdf", "salary.pdf"),
        ("..", "document"),
        ("", "document"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("exe\u202efdp.pdf", "exefdp.pdf"),
        ('<img src=x>".pdf', "_img src=x__.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("x." + "y" * 300, "y" * 100),
    ],
)
def test_names_are_neutralized(name, harmless):
    assert safe_name(name) == harmless
