"""The book's models in PyTorch, channels first, and how they are trained."""

from companion.in_torch._running import has_bfloat16
from companion.in_torch.attention import AttentionCNN
from companion.in_torch.checkpoint import (
    Checkpoint,
    CheckpointError,
    compare_weights,
    load_model,
    save_model,
)
from companion.in_torch.cluster import all_reduce_seconds, run_processes
from companion.in_torch.cox import (
    CoxNetwork,
    VisitNetwork,
    cox_loss,
    fit_cox,
    partial_likelihood,
    predict_risk,
)
from companion.in_torch.features import pooled_features
from companion.in_torch.models import DocumentCNN, PooledCNN, Rescaled
from companion.in_torch.normalization import group_norm
from companion.in_torch.parallel import fit_distributed
from companion.in_torch.pretrained import frozen_features, load_backbone
from companion.in_torch.processes import ProcessError, Processes, join_processes
from companion.in_torch.recall import fit_recall, make_recall, open_gates, recall_accuracy
from companion.in_torch.recurrent import (
    NextFrame,
    NextSample,
    fit_next,
    linear_predictor,
    predict_next,
)
from companion.in_torch.residual import ResidualBlock, ResidualCNN, block_maps
from companion.in_torch.segmentation import (
    LOSSES,
    both_losses,
    dice_loss,
    fit_segmentation,
    predict_labels,
    standardize_volume,
)
from companion.in_torch.training import fit, predict, train_epoch
from companion.in_torch.transfer import TransferCNN, classify_photograph
from companion.in_torch.unet import UNet, UpAndJoin, two_convolutions
from companion.in_torch.volume import VolumeCNN

__all__ = [
    "LOSSES",
    "AttentionCNN",
    "Checkpoint",
    "CheckpointError",
    "CoxNetwork",
    "DocumentCNN",
    "NextFrame",
    "NextSample",
    "PooledCNN",
    "ProcessError",
    "Processes",
    "Rescaled",
    "ResidualBlock",
    "ResidualCNN",
    "TransferCNN",
    "UNet",
    "UpAndJoin",
    "VisitNetwork",
    "VolumeCNN",
    "all_reduce_seconds",
    "block_maps",
    "both_losses",
    "classify_photograph",
    "compare_weights",
    "cox_loss",
    "dice_loss",
    "fit",
    "fit_cox",
    "fit_distributed",
    "fit_next",
    "fit_recall",
    "fit_segmentation",
    "frozen_features",
    "group_norm",
    "has_bfloat16",
    "join_processes",
    "linear_predictor",
    "load_backbone",
    "load_model",
    "make_recall",
    "open_gates",
    "partial_likelihood",
    "pooled_features",
    "predict",
    "predict_labels",
    "predict_next",
    "predict_risk",
    "recall_accuracy",
    "run_processes",
    "save_model",
    "standardize_volume",
    "train_epoch",
    "two_convolutions",
]
