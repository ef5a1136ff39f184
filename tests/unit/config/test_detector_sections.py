"""The detectors' config sections and the dataclasses that take them are one thing."""

from dataclasses import fields

import pytest

from cogmodels.config.study import GazePipeline
from cogmodels.gaze import engbert, i2mc, idt, ihmm, ivt, nystrom_holmqvist, relative_velocity, remodnav
from cogmodels.gaze.detectors import DETECTORS

PARAMETERS = {
    "ivt": ivt.IVT,
    "idt": idt.IDT,
    "ihmm": ihmm.IHMM,
    "engbert_kliegl": engbert.EngbertKliegl,
    "nystrom_holmqvist": nystrom_holmqvist.NystromHolmqvist,
    "remodnav": remodnav.REMoDNaV,
    "i2mc": i2mc.I2MC,
    "relative_velocity": relative_velocity.RelativeVelocity,
}


def test_every_detector_has_a_section():
    assert set(PARAMETERS) == set(DETECTORS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_sections_have_the_parameters_and_defaults_of_the_detector(name):
    section = GazePipeline(datasets=["x"], detector=name).detection()
    assert section.pop("detector") == name
    defaults = PARAMETERS[name]()
    expected = {field.name: getattr(defaults, field.name) for field in fields(defaults)}
    normal = {key: list(value) if isinstance(value, tuple) else value for key, value in expected.items()}
    assert {key: list(value) if isinstance(value, tuple) else value for key, value in section.items()} == normal
