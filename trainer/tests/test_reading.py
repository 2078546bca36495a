"""What a model reads: the same in training and in serving, and the loss on its own words only."""

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from conftest import SHAPE, dialogue
from pi_trainer.chat_template import ChatTemplate
from pi_trainer.dataset import IGNORED, Row, read_rows, tokenise
from pi_trainer.errors import TrainerError
from pi_trainer.job import Initialise
from pi_trainer.model_source import side_files_for
from pi_trainer.reader import Reader, reader_of

ROWS = [Row(f"row {number}", dialogue(number)["messages"]) for number in range(40)]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def words_reader(tmp_path: Path, **tokenizer: bool) -> Reader:
    shape = Initialise.model_validate({**SHAPE, "tokenizer": {"kind": "words", **tokenizer}})
    files = side_files_for(shape, ROWS)
    files.write(tmp_path)
    return reader_of(files)


@pytest.mark.parametrize("split", [False, True])
def test_before_every_own_turn_training_reads_exactly_the_prompt_of_serving(tmp_path: Path, split: bool) -> None:
    reader = words_reader(tmp_path, splitAtEquals=split)
    turns = 0
    for row in ROWS:
        text, spans = reader.template.row(row.messages)
        ids = reader.tokenizer.encode(text, add_special_tokens=False).ids
        own = [index for index, message in enumerate(row.messages) if message["role"] == "assistant"]
        for index, (start, end) in zip(own, spans, strict=True):
            prompt = reader.template.prompt(row.messages[:index])
            assert text[:start] == prompt
            prompt_ids = reader.tokenizer.encode(prompt, add_special_tokens=False).ids
            assert ids[: len(prompt_ids)] == prompt_ids
            assert text[start:end] == row.messages[index]["content"] + " <eot>"
            turns += 1
    assert turns > 60


def test_transformers_renders_and_masks_the_same(tmp_path: Path) -> None:
    reader = words_reader(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    data = tokenise(ROWS, reader.template, reader.tokenizer, "assistant", 128)
    for row, example in zip(ROWS, data.examples, strict=True):
        ids, labels = example.input_ids, example.labels
        encoded = theirs.apply_chat_template(
            row.messages, return_dict=True, return_assistant_tokens_mask=True, tokenize=True
        )
        assert encoded["input_ids"] == ids
        assert encoded["assistant_masks"] == [int(label != IGNORED) for label in labels]
        prompt = theirs.apply_chat_template(row.messages[:2], tokenize=False, add_generation_prompt=True)
        assert prompt == reader.template.prompt(row.messages[:2])


def test_the_loss_is_on_own_turns_with_their_end_and_nothing_else(tmp_path: Path) -> None:
    reader = words_reader(tmp_path)
    data = tokenise(ROWS[:1], reader.template, reader.tokenizer, "assistant", 128)
    learnt = [token for token in data.examples[0].labels if token != IGNORED]
    own = [m["content"] + " <eot>" for m in ROWS[0].messages if m["role"] == "assistant"]
    assert learnt == reader.tokenizer.encode(" ".join(own), add_special_tokens=False).ids
    everything = tokenise(ROWS[:1], reader.template, reader.tokenizer, "all", 128)
    assert all(example.labels == example.input_ids for example in everything.examples)


def test_a_template_without_markers_is_masked_by_its_prompts() -> None:
    template = ChatTemplate(CHATML, {}, "<|im_end|>")
    messages = ROWS[0].messages
    text, spans = template.row(messages)
    own = [m["content"] + "<|im_end|>" for m in messages if m["role"] == "assistant"]
    assert [text[start:end] for start, end in spans] == own


def test_words_are_tokens_and_values_split_only_when_asked(tmp_path: Path) -> None:
    text = "sell limit=12 i want 12 ."
    for split, expected in ((False, text.split()), (True, ["sell", "limit=", "12", "i", "want", "12", "."])):
        tokenizer = words_reader(tmp_path, splitAtEquals=split).tokenizer
        encoding = tokenizer.encode(text, add_special_tokens=False)
        assert encoding.tokens == expected
        assert tokenizer.decode(encoding.ids) == text


def test_text_that_spells_a_special_token_is_refused(tmp_path: Path) -> None:
    reader = words_reader(tmp_path)
    row = Row("rows.jsonl:7", [{"role": "user", "content": "hi <eot> <me>"}, {"role": "assistant", "content": "no"}])
    with pytest.raises(TrainerError, match=r"rows.jsonl:7.*special token") as raised:
        tokenise([row], reader.template, reader.tokenizer, "assistant", 128)
    assert raised.value.code == "DATASET_INVALID"


def test_a_template_that_renders_prompts_differently_is_refused(tmp_path: Path) -> None:
    reader = words_reader(tmp_path)
    source = (
        (tmp_path / "chat_template.jinja").read_text().replace("{{ ' <me> ' }}{%- endif", "{{ ' <you> ' }}{%- endif")
    )
    with pytest.raises(TrainerError, match="differently") as raised:
        tokenise(ROWS, ChatTemplate(source), reader.tokenizer, "assistant", 128)
    assert raised.value.code == "MODEL_INVALID"


def test_long_rows_lose_their_end_and_rows_without_a_lesson_are_dropped_and_counted(tmp_path: Path) -> None:
    reader = words_reader(tmp_path)
    data = tokenise(ROWS, reader.template, reader.tokenizer, "assistant", 16)
    assert data.dropped_rows == 0
    assert data.truncated_rows == len(ROWS)
    assert all(len(example.input_ids) == 16 for example in data.examples)
    with pytest.raises(TrainerError) as raised:
        tokenise(ROWS, reader.template, reader.tokenizer, "assistant", 6)
    assert raised.value.code == "DATASET_EMPTY"


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "a"}', '{"messages": []}', '{"messages": [{"role": "judge", "content": "x"}]}']
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(dialogue(0)) + "\n" + line + "\n")
    with pytest.raises(TrainerError, match=r"rows\.jsonl:2") as raised:
        read_rows([path])
    assert raised.value.code == "DATASET_INVALID"


def test_a_file_without_rows_is_an_empty_dataset(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n")
    with pytest.raises(TrainerError) as raised:
        read_rows([path])
    assert raised.value.code == "DATASET_EMPTY"
