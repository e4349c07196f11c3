"""What people upload, checked by content and made harmless before it is stored.

PDF, PNG and JPEG only. Pictures are drawn anew, so neither metadata nor anything hidden behind them survives.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdf
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

MAX_PIXELS = 40_000_000
MAX_PDF_OBJECTS = 50_000
MAX_NAME = 100
_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_MAGIC = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_ACTIVE = {"/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA", "/SubmitForm", "/ImportData", "/GoToE", "/AA"}
_ACTIVE |= {"/GoToR", "/Rendition", "/Movie", "/Sound"}  # another file is fetched, on some readers with the reader's credentials
_MARKUP = re.compile(rb"<\s*(script|html|svg|!doctype|\?php|iframe)", re.IGNORECASE)

_MESSAGES = {
    "empty": _("This file is empty."),
    "too_large": _("This file is larger than %(limit)s."),
    "type": _("Upload a PDF, a PNG or a JPEG file."),
    "extension": _("The ending of the file name does not fit what is in the file."),
    "broken": _("This file cannot be read. It may be damaged."),
    "encrypted": _("This PDF is protected by a password. Upload a copy without protection."),
    "active": _("This PDF contains scripts, actions or attached files. Print it to a new PDF and upload that one."),
    "hidden": _("There is something else hidden in this file. Upload a plain copy."),
    "pixels": _("This picture has too many pixels. Upload a smaller one."),
}


@dataclass(frozen=True)
class CleanUpload:
    """What may be stored: bytes that are safe to hand out as `content_type`, and a harmless name (personal data: keep it encrypted)."""

    content: bytes
    content_type: str
    name: str


def check_upload(file: UploadedFile) -> CleanUpload:  # type: ignore[type-arg]
    """Checks an uploaded file; reads no more than the limit. Raises ValidationError with a code of _MESSAGES."""
    if (file.size or 0) > settings.DOCUMENT_MAX_BYTES:
        raise _refusal("too_large")
    file.seek(0)
    return check_content(content=file.read(settings.DOCUMENT_MAX_BYTES + 1), name=file.name or "")


def check_content(*, content: bytes, name: str) -> CleanUpload:
    """As check_upload, for bytes. Raises ValidationError."""
    if not content:
        raise _refusal("empty")
    if len(content) > settings.DOCUMENT_MAX_BYTES:
        raise _refusal("too_large")
    content_type = next((kind for kind, magic in _MAGIC.items() if content.startswith(magic)), None)
    if content_type is None:
        raise _refusal("type")
    harmless = safe_name(name)
    if _TYPES.get(harmless.rpartition(".")[2].lower()) != content_type:
        raise _refusal("extension")
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise _refusal("hidden")
    cleaned = _pdf(content) if content_type == "application/pdf" else _picture(content, content_type)
    return CleanUpload(content=cleaned, content_type=content_type, name=harmless)


def safe_name(name: str) -> str:
    """The last part of a name without paths, control or direction characters, at most MAX_NAME long; never empty."""
    last = unicodedata.normalize("NFKC", name).replace("\\", "/").rpartition("/")[2]
    visible = "".join(character for character in last if unicodedata.category(character)[0] not in "CZ" or character == " ")
    plain = re.sub(r'[<>:"|?*%;&$`\']', "_", visible).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    return (stem[: MAX_NAME - len(ending) - 1] + dot + ending)[-MAX_NAME:] or "document"


def _refusal(code: str) -> ValidationError:
    return ValidationError(_MESSAGES[code], code=code, params={"limit": filesizeformat(settings.DOCUMENT_MAX_BYTES)})


def _picture(content: bytes, content_type: str) -> bytes:
    """The first frame drawn anew, turned the way the camera was held, without metadata."""
    kind = "PNG" if content_type == "image/png" else "JPEG"
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            if image.width * image.height > MAX_PIXELS:  # known from the header, before a byte is unpacked
                raise _refusal("pixels")
            upright = ImageOps.exif_transpose(image)
            mode = "RGBA" if kind == "PNG" and (upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info) else "RGB"
            fresh = Image.new(mode, upright.size)
            fresh.paste(upright.convert(mode))
    except ValidationError:
        raise
    except Image.DecompressionBombError as error:
        raise _refusal("pixels") from error
    except Exception as error:  # a damaged picture breaks the decoder in many ways; all mean the same to its sender
        raise _refusal("broken") from error
    out = io.BytesIO()
    fresh.save(out, kind, **({"optimize": False} if kind == "PNG" else {"quality": 90}))
    return out.getvalue()


def _pdf(content: bytes) -> bytes:
    """The same bytes, once nothing in them runs, opens, sends or hides anything."""
    _body, end, rest = content.rpartition(b"%%EOF")
    if not end:
        raise _refusal("broken")
    if rest.strip(b"\x00\r\n\t ") or _MARKUP.search(content[:1024]):
        raise _refusal("hidden")
    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise _refusal("encrypted")
        if not reader.pages or any(_is_active(thing) for thing in _objects(reader)):
            raise _refusal("active" if reader.pages else "broken")
    except ValidationError:
        raise
    except Exception as error:  # as for pictures; RecursionError of a nested bomb included
        raise _refusal("broken") from error
    return content


def _objects(reader: pypdf.PdfReader) -> Iterator[Any]:
    """Every object of the file, those packed in object streams and those no page refers to included."""
    ids = {(number, generation) for generation, table in reader.xref.items() for number in table}
    ids |= {(number, 0) for number in reader.xref_objStm}
    if len(ids) > MAX_PDF_OBJECTS:
        raise _refusal("broken")
    yield reader.trailer
    for number, generation in sorted(ids):
        if number:
            yield reader.get_object(IndirectObject(number, generation, reader))


def _opens_by_itself(thing: DictionaryObject) -> bool:
    """Whether opening the document does more than turn to a page of its own. A link somebody has to click is theirs to click."""
    if "/OpenAction" not in thing:
        return False
    action = thing["/OpenAction"]  # as an index, which follows a reference
    return isinstance(action, DictionaryObject) and action.get("/S") != "/GoTo"


def _is_active(thing: Any, depth: int = 0) -> bool:
    """Whether an object, or one written inside it, carries an action or an attachment. References are visited on their own."""
    if depth > 50:
        return True
    if isinstance(thing, DictionaryObject):
        if _opens_by_itself(thing):
            return True
        names = set(thing) | {str(thing.raw_get(name)) for name in ("/S", "/Type", "/Subtype") if name in thing}
        return bool(names & _ACTIVE) or any(_is_active(thing.raw_get(name), depth + 1) for name in thing)
    return isinstance(thing, ArrayObject) and any(_is_active(list.__getitem__(thing, index), depth + 1) for index in range(len(thing)))
