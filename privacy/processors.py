"""The register of processors: whether somebody may be given data of a kind for a purpose today. An ended contract opens nothing."""

from datetime import date

from django.conf import settings

from .models import Processor


class NoContract(Exception):
    """No processor contract covers this today."""

    code = "no_processor_contract"


def require(reference: str, *, kind: str, purpose: str, as_of: date) -> Processor:
    """The processor, when its contract covers this kind and purpose on that day. Raises NoContract."""
    found = Processor.objects.filter(
        reference=reference, starts_on__lte=as_of, ends_on__gte=as_of, returned_on=None, kinds__contains=[kind], purposes__contains=[purpose]
    ).first()
    if found is None:
        raise NoContract(reference)
    return found


def require_for(service: str, *, kind: str, purpose: str, as_of: date) -> None:
    """Before anything is handed to whoever is behind a service (settings.PROCESSORS names the contract). The sandbox's services are in the house.

    Raises NoContract: none is named, it does not cover this, or it has ended.
    """
    if not settings.SIGNED_PACKS_SANDBOX:
        require(settings.PROCESSORS[service], kind=kind, purpose=purpose, as_of=as_of)
