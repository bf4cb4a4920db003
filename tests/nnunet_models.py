"""Tiny nnU-Nets with random weights, in the folder that training leaves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

PATCH = (16, 32, 32)
SPACING = (1.5, 1.0, 1.0)
CHECKPOINT = "fold_0/checkpoint_final.pth"
TABLE = "index\tnerve\tside\n1\tC5\tL\n2\tC5\tR\n3\tC6\tL\n"
_RESAMPLING = {"order": 3, "order_z": 0, "force_separate_z": None}
_FUNCTION = "resample_data_or_seg_to_shape"


def architecture() -> dict[str, Any]:
    return {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": 3,
            "features_per_stage": [8, 16, 32],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[3, 3, 3]] * 3,
            "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
            "n_conv_per_stage": [1, 1, 1],
            "n_conv_per_stage_decoder": [1, 1],
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def plans(channels: int = 1, **changes: object) -> dict[str, Any]:
    configuration = {
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(PATCH),
        "spacing": list(SPACING),
        "normalization_schemes": ["ZScoreNormalization", "NoNormalization"][:channels],
        "use_mask_for_norm": [False] * channels,
        "resampling_fn_data": _FUNCTION,
        "resampling_fn_data_kwargs": {"is_seg": False, **_RESAMPLING},
        "resampling_fn_seg": _FUNCTION,
        "resampling_fn_seg_kwargs": {"is_seg": True, **_RESAMPLING, "order": 1},
        "resampling_fn_probabilities": _FUNCTION,
        "resampling_fn_probabilities_kwargs": {"is_seg": False, **_RESAMPLING, "order": 1},
        "architecture": architecture(),
        **changes,
    }
    properties = dict.fromkeys(
        ("max", "mean", "median", "min", "percentile_00_5", "percentile_99_5", "std"), 1.0
    )
    return {
        "dataset_name": "Dataset001_tiny",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "NibabelIOWithReorient",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"3d_fullres": configuration},
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {
            str(k): properties for k in range(channels)
        },
    }


def write_nnunet(folder: Path, channels: int = 1, seed: int = 0, *, one_hot: bool = False) -> Any:
    """Result folder of a training; gives its network."""
    torch = pytest.importorskip("torch")
    build = pytest.importorskip("nnunetv2.utilities.get_network_from_plans")
    changes: dict[str, object] = {"previous_stage": "3d_lowres"} if one_hot else {}
    made, labels = plans(channels, **changes), {"background": 0, "a": 1, "b": 2, "c": 3}
    names = {str(k): name for k, name in enumerate(["MRI", "noNorm"][:channels])}
    dataset = {"channel_names": names, "labels": labels, "numTraining": 1, "file_ending": ".nii"}
    (folder / "fold_0").mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(made))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    torch.manual_seed(seed)
    parts = architecture()
    network = build.get_network_from_plans(
        parts["network_class_name"],
        parts["arch_kwargs"],
        parts["_kw_requires_import"],
        channels + (3 if one_hot else 0),
        len(labels),
        deep_supervision=False,
    ).eval()
    checkpoint = {
        "network_weights": network.state_dict(),
        "optimizer_state": {},
        "logging": {"ema_fg_dice": [np.float64(0.1)], "lrs": [0.01]},
        "_best_ema": np.float64(0.5),
        "init_args": {"configuration": "3d_fullres", "device": torch.device("cpu")},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(checkpoint, folder / CHECKPOINT)
    return network


def nnunet_stage(folder: str, **changes: object) -> Mapping[str, object]:
    stage = {"folder": folder, "checkpoints": [CHECKPOINT], "configuration": "3d_fullres"}
    return stage | {"orientation": "SAR"} | changes


def write_manifest(folder: Path, *stages: Mapping[str, object], library: str = "nnunet") -> None:
    manifest = {"name": "tiny", "library": library, "labels": "labels.tsv", "stages": list(stages)}
    (folder / "model.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    (folder / "labels.tsv").write_text(TABLE, encoding="utf-8")
