"""The register of processors: whether somebody may be given data of a kind for a purpose today. An ended contract opens nothing."""

from datetime import date

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
