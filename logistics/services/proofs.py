"""Photos and signatures, fetched once and kept as our own clean pictures (rule R757)."""

from typing import Final
from uuid import UUID

from django.core.files.base import ContentFile

from logistics.gateway import get_gateway
from logistics.models import DeliveryProof
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.uploads import UploadRefusedError, clean_picture

LONGEST_SIDE: Final = 1600  # pixels


def fetch_proofs(task_id: UUID) -> int:
    """Copy the pictures of a task that are not here yet; returns how many.

    One that cannot be had keeps no other away. Raises TemporaryError if one has to be asked for
    again, else PermanentError if one is no picture; a repeat fetches only what is missing.
    """
    fetched = 0
    problems: list[TemporaryError | PermanentError] = []
    for proof in DeliveryProof.objects.filter(task=task_id, fetched_at=None):
        try:
            _fetch(proof)
            fetched += 1
        except (TemporaryError, PermanentError) as problem:
            problems.append(problem)
    if problems:
        raise next((one for one in problems if isinstance(one, TemporaryError)), problems[0])
    return fetched


def _fetch(proof: DeliveryProof) -> None:
    content = get_gateway().picture(proof.onfleet_upload_id)
    try:
        picture = clean_picture(content, longest_side=LONGEST_SIDE)
    except UploadRefusedError as error:
        raise PermanentError("Onfleet sent no picture") from error
    proof.image.save("picture.jpg", ContentFile(picture), save=False)
    proof.fetched_at = clock.real_now()
    proof.save(update_fields=["image", "fetched_at"])


def proofs_of(booking_id: UUID) -> list[DeliveryProof]:
    """The pictures of a booking that are here, in the order in which they were taken."""
    found = DeliveryProof.objects.filter(task__booking=booking_id, fetched_at__isnull=False)
    return list(found.select_related("task").order_by("task__completed_at", "created_at"))
