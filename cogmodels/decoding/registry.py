"""Every model that learns from several subjects, by the name that a study's config gives it."""

from __future__ import annotations

from cogmodels.decoding.models.eegconformer import EegConformer
from cogmodels.decoding.models.eegnet import EegNet
from cogmodels.decoding.models.group_pca_ridge import GroupPcaRidge
from cogmodels.decoding.models.hyperalignment_ridge import HyperalignmentRidge
from cogmodels.decoding.models.joint import Joint
from cogmodels.decoding.models.lda import Lda
from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.models.mindeye2 import MindEye2
from cogmodels.decoding.models.nice import Nice
from cogmodels.decoding.models.ridge import SubjectRidge
from cogmodels.decoding.models.srm_ridge import SrmRidge
from cogmodels.decoding.models.sttm import Sttm
from cogmodels.decoding.models.tangent_space import TangentSpace
from cogmodels.decoding.models.template_average import TemplateAverage

#: Fitted in closed form: ``Model(parts, targets, grid=, dimensions=, seed=)``, ``add(part)``, ``predict``, ``weights``.
BASELINES = {
    "subject_ridge": SubjectRidge,
    "srm_ridge": SrmRidge,
    "hyperalignment_ridge": HyperalignmentRidge,
    "group_pca_ridge": GroupPcaRidge,
    "template_average": TemplateAverage,
}
#: Trained by gradients: subclasses of :class:`cogmodels.decoding.network.SubjectNetwork`.
NETWORKS = {"mindbridge": MindBridge, "mindeye2": MindEye2, "sttm": Sttm}
#: Of several modalities, trained by gradients: the same, ``widths`` being those of each subject's modalities.
JOINT_NETWORKS = {"joint": Joint}
#: Of epochs, in closed form: ``Model(**options).fit(values, codes, n_classes)``, ``log_odds``, ``weights``.
EPOCH_CLASSIFIERS = {"lda": Lda, "tangent_space": TangentSpace}
#: Of epochs, trained by gradients: subclasses of :class:`cogmodels.decoding.epoch_network.EpochNetwork`.
EPOCH_NETWORKS = {"eegnet": EegNet, "eegconformer": EegConformer, "nice": Nice}
