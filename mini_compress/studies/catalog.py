"""All studies, by name."""

from . import post_training_quantization, timing
from .grid import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (post_training_quantization.STUDY, timing.STUDY)
}
