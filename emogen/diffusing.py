"""What emogen builds on diffusers with: its base classes and one scheduler, imported without the models of others.

Importing `DiffusionPipeline` as it stands also loads the networks of some sixty other models, the compiler of torch, the
base of all models of transformers and the statistics of scipy: two thirds of the time in which a command starts. Nothing
here needs them unless somebody asks for them by name, and then they are loaded as ever. The shortcuts hold while this
module is imported, where diffusers was not imported before; a version of diffusers that is made otherwise is imported in full.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


class _Later(type):
    """The class of a stand-in for a class of a module that is not loaded, of which there can be no object yet."""

    where: tuple[str, str]

    def __instancecheck__(cls, instance: Any) -> bool:
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, subclass: type) -> bool:
        module, name = cls.where
        return module in sys.modules and issubclass(subclass, getattr(sys.modules[module], name))


@contextmanager
def _stand_in(package: str, module: str, name: str) -> Iterator[None]:
    """Whoever imports `name` from `package` meanwhile gets a stand-in, for `isinstance` and `issubclass`."""
    names = vars(importlib.import_module(package))
    if name in names or module in sys.modules:
        yield
        return
    names[name] = _Later(name, (), {"where": (module, name)})
    try:
        yield
    finally:
        del names[name]


def _import_utilities() -> None:
    """Imports the package itself, which goes on without torch's compiler where it only marks functions for it."""
    if "torch._dynamo" in sys.modules:
        return
    sys.modules["torch._dynamo"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("diffusers")
    finally:
        del sys.modules["torch._dynamo"]


def _import_pipelines() -> None:
    """Imports the base of pipelines and the hooks of networks, which hide some functions from the compiler.

    Whether a network is compiled they ask in a way that loads the compiler; where it is not loaded none can be.
    """
    utilities: Any = importlib.import_module("diffusers.utils.torch_utils")
    compiled = utilities.is_compiled_module
    utilities.is_compiled_module = lambda module: "torch._dynamo" in sys.modules and compiled(module)
    disable = torch.compiler.disable
    torch.compiler.disable = _hidden  # type: ignore[assignment]
    try:
        with (
            _stand_in("diffusers.models", "diffusers.models.autoencoders.autoencoder_kl", "AutoencoderKL"),
            _stand_in("transformers", "transformers.modeling_utils", "PreTrainedModel"),
        ):
            importlib.import_module("diffusers.pipelines.pipeline_utils")
        importlib.import_module("diffusers.hooks")
    finally:
        torch.compiler.disable = disable


def _hidden(function: Callable[..., Any] | None = None, recursive: bool = True, **how: Any) -> Any:
    """`torch.compiler.disable`, without loading the compiler in order to be hidden from it."""
    if function is None:
        return functools.partial(_hidden, recursive=recursive, **how)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if "torch._dynamo" not in sys.modules:
            return function(*args, **kwargs)
        return torch.compiler.disable(function, recursive, **how)(*args, **kwargs)

    return call


def _import_scheduler() -> None:
    """Imports the scheduler; scipy's statistics, of which it uses one function for one option, come when it is called."""
    import diffusers.utils
    import scipy  # it loads its parts when they are first used

    there = diffusers.utils.is_scipy_available
    diffusers.utils.is_scipy_available = lambda: False
    try:
        module: Any = importlib.import_module("diffusers.schedulers.scheduling_flow_match_euler_discrete")
    finally:
        diffusers.utils.is_scipy_available = there
    module.is_scipy_available, module.scipy = there, scipy


if "diffusers" not in sys.modules:
    _import_utilities()
    _import_pipelines()
    _import_scheduler()

import diffusers  # noqa: E402
from diffusers import ConfigMixin, DiffusionPipeline, FlowMatchEulerDiscreteScheduler, ModelMixin  # noqa: E402
from diffusers.configuration_utils import register_to_config  # noqa: E402
from diffusers.models.attention import AttentionModuleMixin  # noqa: E402
from diffusers.models.attention_dispatch import dispatch_attention_fn  # noqa: E402
from diffusers.utils import BaseOutput, logging  # noqa: E402

__all__ = [
    "AttentionModuleMixin",
    "BaseOutput",
    "ConfigMixin",
    "DiffusionPipeline",
    "FlowMatchEulerDiscreteScheduler",
    "ModelMixin",
    "diffusers",
    "dispatch_attention_fn",
    "logging",
    "register_to_config",
]
