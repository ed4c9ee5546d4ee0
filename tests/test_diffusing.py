"""The base classes of diffusers come without the models of others, and nothing of those is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Each is run in a process of its own: what is imported once stays.
CLAIMS = {
    "nothing of the others is loaded": """
import emogen.pipelines.speech.pipeline
others = ("torch._dynamo", "scipy.stats", "transformers.modeling_utils", "diffusers.loaders", "diffusers.models.unets")
found = [name for name in others if name in sys.modules]
assert not found, found
""",
    "the others can be used after it": """
from emogen.diffusing import DiffusionPipeline
import diffusers, torch, transformers
from diffusers.pipelines import pipeline_loading_utils, pipeline_utils
vae = diffusers.AutoencoderKL(block_out_channels=(32,), norm_num_groups=32)
assert type(vae).__module__.startswith("diffusers.models") and isinstance(vae, pipeline_utils.AutoencoderKL)
assert not isinstance(torch.nn.Linear(1, 1), pipeline_utils.AutoencoderKL)
assert issubclass(transformers.BertModel, pipeline_loading_utils.PreTrainedModel)
assert not issubclass(torch.nn.Linear, pipeline_loading_utils.PreTrainedModel)
assert transformers.PreTrainedModel is transformers.modeling_utils.PreTrainedModel
""",
    "torch's compiler works after it": """
from emogen.diffusing import DiffusionPipeline
import torch
assert torch.equal(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2)), torch.full((2,), 2.0))
class Empty(DiffusionPipeline):
    pass
assert list(Empty().progress_bar(range(2))) == [0, 1]
""",
    "the scheduler draws its steps from a beta distribution": """
from emogen.diffusing import FlowMatchEulerDiscreteScheduler
scheduler = FlowMatchEulerDiscreteScheduler(use_beta_sigmas=True)
scheduler.set_timesteps(4)
assert len(scheduler.sigmas) == 5 and bool((scheduler.sigmas.diff() < 0).all())
""",
    "who imported diffusers before has it all": """
import diffusers
from diffusers import AutoencoderKL, DiffusionPipeline as Before
from emogen.diffusing import DiffusionPipeline
from diffusers.pipelines import pipeline_utils
assert DiffusionPipeline is Before and pipeline_utils.AutoencoderKL is AutoencoderKL
""",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_diffusers_is_whole(claim: str) -> None:
    ran = subprocess.run([sys.executable, "-c", f"import sys\n{CLAIMS[claim]}"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
