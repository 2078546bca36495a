"""A GGUF file becomes a model that says the same and can be trained; what would not be the same is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoModelForCausalLM

from conftest import LORA, MakeJob, Start, Trained
from pi_trainer.digest import directory_digest
from pi_trainer.errors import TrainerError
from pi_trainer.import_gguf import import_gguf
from pi_trainer.serving.policy import load_policy

HIDDEN, HEADS, KV_HEADS, FEED_FORWARD = 64, 4, 2, 96
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
TEMPLATE += "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TOKENS = [*CONTROL, *sorted(ByteLevel.alphabet()), "an", "Ġan"]
QUANTISED = gguf.GGMLQuantizationType.Q4_1

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a tiny SmolLM-like GGUF file; keyword arguments change single fields, None leaves one out."""

    def write(name: str = "tiny", **changes: object) -> Path:
        fields = {"architecture": "llama", "model": "gpt2", "pre": "smollm", "template": TEMPLATE, **changes}
        path = tmp_path / f"{name}.gguf"
        writer = gguf.GGUFWriter(path, fields["architecture"])
        writer.add_license("apache-2.0")
        writer.add_context_length(256)
        writer.add_embedding_length(HIDDEN)
        writer.add_block_count(2)
        writer.add_feed_forward_length(FEED_FORWARD)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
        writer.add_tokenizer_model(fields["model"])
        writer.add_tokenizer_pre(fields["pre"])
        writer.add_token_list(TOKENS)
        writer.add_token_types([3 if token in CONTROL else 1 for token in TOKENS])
        writer.add_token_merges(["a n", "Ġ an"])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_pad_token_id(2)
        if fields["template"]:
            writer.add_chat_template(fields["template"])
        _add_tensors(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write


def _add_tensors(writer: gguf.GGUFWriter) -> None:
    random = np.random.default_rng(1)
    kv = KV_HEADS * HIDDEN // HEADS
    shapes = {"attn_q": (HIDDEN, HIDDEN), "attn_k": (kv, HIDDEN), "attn_v": (kv, HIDDEN)}
    shapes |= {"attn_output": (HIDDEN, HIDDEN), "ffn_gate": (FEED_FORWARD, HIDDEN)}
    shapes |= {"ffn_up": (FEED_FORWARD, HIDDEN), "ffn_down": (HIDDEN, FEED_FORWARD)}
    matrices = {f"blk.{n}.{kind}": shape for n in range(2) for kind, shape in shapes.items()}
    for name, shape in {"token_embd": (len(TOKENS), HIDDEN), **matrices}.items():
        weights = random.normal(0, 0.3, shape).astype(np.float32)
        writer.add_tensor(f"{name}.weight", gguf.quantize(weights, QUANTISED), raw_dtype=QUANTISED)
    for name in ["output_norm", *(f"blk.{n}.{kind}" for n in range(2) for kind in ("attn_norm", "ffn_norm"))]:
        writer.add_tensor(f"{name}.weight", random.uniform(0.5, 1.5, HIDDEN).astype(np.float32))


def test_model_computes_what_transformers_reads_from_the_same_file(make: Make, tmp_path: Path) -> None:
    source = make()
    digest = import_gguf(source, tmp_path / "model")
    assert digest == directory_digest(tmp_path / "model")
    ids = torch.arange(3, 40)[None]
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=source.name, dtype=torch.float32)
    assert torch.equal(ours(ids).logits, theirs(ids).logits)


def test_text_comes_back_and_each_digit_is_a_token(make: Make, tmp_path: Path) -> None:
    import_gguf(make(), tmp_path / "model")
    tokenizer = Tokenizer.from_file(str(tmp_path / "model/tokenizer.json"))
    text = "Take an apple, or 1234 ü!"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text
    assert tokenizer.encode("an 12<|im_end|>").tokens == ["an", "Ġ", "1", "2", "<|im_end|>"]


def test_same_file_gives_the_same_bytes_and_the_card_says_what_they_are(make: Make, tmp_path: Path) -> None:
    source = make()
    assert import_gguf(source, tmp_path / "one") == import_gguf(source, tmp_path / "other")
    assert "not the same" in (tmp_path / "one/README.md").read_text()


def test_shorter_context_is_kept(make: Make, tmp_path: Path) -> None:
    for asked, kept in ((64, 64), (1000, 256), (None, 256)):
        import_gguf(make(), tmp_path / str(asked), asked)
        assert json.loads((tmp_path / str(asked) / "config.json").read_text())["max_position_embeddings"] == kept


def test_adapter_is_trained_on_it_and_loads(
    make: Make, make_job: MakeJob, train_here: Callable[[Path], Trained], tmp_path: Path
) -> None:
    base = tmp_path / "model"
    import_gguf(make(), base)
    job = make_job(method="lora", model={"directory": str(base)}, recipe={"lora": LORA, "steps": 4})
    trained = train_here(job)
    assert trained.done
    assert load_policy(Path(trained.last("done")["directory"]), base).tensors.keys()


@pytest.mark.parametrize(
    "changes", [{"architecture": "phi3"}, {"model": "llama"}, {"pre": "tekken"}, {"template": None}]
)
def test_what_would_be_another_model_is_refused(make: Make, tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(TrainerError) as refused:
        import_gguf(make(**changes), tmp_path / "model")
    assert refused.value.code == "MODEL_INVALID"
    assert not (tmp_path / "model").exists()


def test_command_refuses_what_is_no_gguf_file_and_leaves_what_is_there(start: Start, tmp_path: Path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("no model at all, only words that go on for a while")
    for target, code in ((tmp_path / "model", "MODEL_INVALID"), (tmp_path, "INVALID_JOB")):
        process = start("import-gguf", text, target)
        assert process.wait() == 1
        assert process.events[-1]["code"] == code
    assert text.exists()
